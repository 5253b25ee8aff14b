import type { Socket } from 'node:net'
import mqttPacket, { type IConnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet'

/** One network connection of a client, as the broker has it. */
export class ModelLink {
  readonly connect: IConnectPacket
  /** EMQX: round robin is counted by the publisher's connection, for each group from its own place. */
  readonly turns = new Map<string, number>()
  /** The broker has ended it, or the client has said goodbye: what comes after that is not looked at. */
  over = false
  readonly #socket: Socket

  constructor(socket: Socket, connect: IConnectPacket) {
    this.#socket = socket
    this.connect = connect
  }

  get receiveMaximum(): number {
    return this.connect.properties?.receiveMaximum ?? 65_535
  }

  /** The will; null when there is none or the client has said goodbye without it. */
  get will(): IPublishPacket | null {
    const { will } = this.connect
    if (will === undefined) return null
    const { topic, payload, qos, retain } = will
    return { cmd: 'publish', topic, payload: Buffer.from(payload), qos: qos ?? 0, retain: retain ?? false, dup: false }
  }

  get willDelaySeconds(): number {
    return this.connect.will?.properties?.willDelayInterval ?? 0
  }

  send(packet: Packet): void {
    if (!this.#socket.destroyed) this.#socket.write(mqttPacket.generate(packet, { protocolVersion: 5 }))
  }

  /** DISCONNECT with a reason, then FIN. */
  disconnect(reasonCode: number): void {
    this.over = true
    this.#socket.end(mqttPacket.generate({ cmd: 'disconnect', reasonCode }, { protocolVersion: 5 }))
  }

  close(): void {
    this.over = true
    this.#socket.end()
  }
}
