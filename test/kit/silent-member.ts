import { connect, type Socket } from 'node:net'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'

/** A subscriber that acknowledges nothing, which MQTT.js cannot be: shows a broker's window and redistribution. */
export class SilentMember {
  /** What arrived, in order. */
  readonly packets: IPublishPacket[] = []
  readonly #socket: Socket
  readonly #look = new Set<() => void>()

  /** Clean start, no session expiry. Resolves at SUBACK. */
  static async connect(port: number, filter: string, receiveMaximum: number): Promise<SilentMember> {
    const socket = connect({ port, host: '127.0.0.1' })
    const member = new SilentMember(socket)
    const version = { protocolVersion: 5 }
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('closed before SUBACK')))
      const packets = parser(version)
      packets.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connack') {
          const subscriptions = [{ topic: filter, qos: 1 as const }]
          socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions }, version))
        }
        if (packet.cmd === 'suback') resolve()
        if (packet.cmd === 'publish') member.#take(packet)
      })
      packets.on('error', reject)
      socket.on('data', (bytes) => packets.parse(bytes))
      const properties = { receiveMaximum }
      const name = { clientId: `silent-${port}-${Date.now()}`, clean: true, keepalive: 0 }
      socket.write(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, ...name, properties }, version))
    })
    return member
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
  }

  /** Resolves when at least `count` messages have arrived. */
  async received(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.packets.length < count) return
        this.#look.delete(look)
        resolve()
      }
      this.#look.add(look)
      look()
    })
  }

  drop(): void {
    this.#socket.destroy()
  }

  #take(packet: IPublishPacket): void {
    this.packets.push(packet)
    for (const look of this.#look) look()
  }
}
