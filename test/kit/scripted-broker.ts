import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import mqttPacket, {
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
} from 'mqtt-packet'
import { Latch, patienceMs } from './latch.ts'

/** What the broker answers. Everything has a default: grant all, keep the session after the first connect. */
export interface Script {
  /** Members of the CONNACK that differ from the default. `nth` counts the connects of this client id from 0. */
  readonly connack?: (connect: IConnectPacket, nth: number) => Partial<IConnackPacket>
  /** Reason codes of the SUBACK; null sends none for now. */
  readonly suback?: (subscribe: ISubscribePacket, link: ScriptedLink) => readonly number[] | null
  /** Reason code of every UNSUBACK; 0 by default. */
  readonly unsuback?: number
  /** Written in the same breath as the CONNACK, so that it arrives before any SUBSCRIBE was sent. */
  readonly afterConnack?: (link: ScriptedLink) => void
  /** What happens when the client publishes; nothing is answered by itself. */
  readonly publish?: (publish: IPublishPacket, link: ScriptedLink) => void
  /** What happens before the PINGRESP, in the same breath. */
  readonly beforePingresp?: (link: ScriptedLink) => void
}

export interface Seen {
  readonly packet: Packet
  /** `performance.now()` */
  readonly at: number
}

/** One connection of a client, seen from the broker. */
export class ScriptedLink {
  readonly connect: IConnectPacket
  /** Which connect of this client id it is, from 0. */
  readonly nth: number
  /** All packets of the client after CONNECT, in order. */
  readonly seen: Seen[] = []
  /** How the client ended it; null while it is open. `fin` after a DISCONNECT or without; `reset` by a RST. */
  end: 'fin' | 'reset' | null = null
  readonly #socket: Socket
  readonly #latch = new Latch()

  constructor(socket: Socket, connect: IConnectPacket, nth: number) {
    this.#socket = socket
    this.connect = connect
    this.nth = nth
    socket.on('end', () => this.#ended('fin'))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') this.#ended('reset')
    })
  }

  /** Packet ids in the order of their PUBACKs. */
  get pubacks(): number[] {
    return this.seen.flatMap(({ packet }) => (packet.cmd === 'puback' ? [packet.messageId ?? 0] : []))
  }

  get filters(): string[] {
    return this.seen.flatMap(({ packet }) =>
      packet.cmd === 'subscribe' ? packet.subscriptions.map((subscription) => subscription.topic) : [],
    )
  }

  take(packet: Packet): void {
    this.seen.push({ packet, at: performance.now() })
    this.#latch.look()
  }

  send(...packets: Packet[]): void {
    this.#socket.write(Buffer.concat(packets.map((packet) => mqttPacket.generate(packet, { protocolVersion: 5 }))))
  }

  /** QoS 1. */
  publish(messageId: number, topic: string, payload: string | Buffer, dup = false): void {
    this.send({ cmd: 'publish', qos: 1, messageId, topic, payload, dup, retain: false })
  }

  /** Resolves when `holds`; it is asked after everything that happens on this link. */
  async until(what: string, holds: (link: ScriptedLink) => boolean, timeoutMs = patienceMs): Promise<void> {
    await this.#latch.until(`${this.connect.clientId} #${this.nth}: ${what}`, () => holds(this), timeoutMs)
  }

  /** DISCONNECT with a reason, and closes as a broker does. */
  disconnect(reasonCode: number): void {
    this.#socket.end(mqttPacket.generate({ cmd: 'disconnect', reasonCode }, { protocolVersion: 5 }))
  }

  /** Drops the connection without a word. */
  cut(): void {
    this.#socket.destroy()
  }

  /** Ends our side, as a broker does after the client's DISCONNECT. */
  finish(): void {
    this.#socket.end()
  }

  #ended(how: 'fin' | 'reset'): void {
    this.end ??= how
    this.#latch.look()
  }
}

/** An MQTT 5 broker that does exactly what a test tells it, and nothing else but CONNACK, SUBACK, UNSUBACK and PINGRESP. */
export class ScriptedBroker {
  readonly links: ScriptedLink[] = []
  readonly #script: Script
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #latch = new Latch()

  static async start(script: Script = {}): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(script)
    broker.#server.listen(0, '127.0.0.1')
    await once(broker.#server, 'listening')
    return broker
  }

  private constructor(script: Script) {
    this.#script = script
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#serve(socket))
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The `nth` link (from 0) of the client whose id has `part` in it, once it has sent SUBSCRIBE. */
  async subscribed(part: string, nth = 0, timeoutMs = patienceMs): Promise<ScriptedLink> {
    const link = await this.linked(part, nth, timeoutMs)
    await link.until('SUBSCRIBE', ({ filters }) => filters.length > 0)
    return link
  }

  /** The same, once it has sent CONNECT. */
  async linked(part: string, nth = 0, timeoutMs = patienceMs): Promise<ScriptedLink> {
    const find = () => this.links.find((link) => link.connect.clientId.includes(part) && link.nth === nth)
    await this.#latch.until(`CONNECT ${nth} of ${part}`, () => find() !== undefined, timeoutMs)
    return find() as ScriptedLink
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    const parser = mqttPacket.parser({ protocolVersion: 5 })
    let link: ScriptedLink | null = null
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') link = this.#connect(socket, packet)
      else if (link !== null) this.#take(link, packet)
    })
    socket.on('data', (bytes) => parser.parse(bytes))
  }

  #connect(socket: Socket, connect: IConnectPacket): ScriptedLink {
    const nth = this.links.filter((link) => link.connect.clientId === connect.clientId).length
    const link = new ScriptedLink(socket, connect, nth)
    this.links.push(link)
    socket.cork()
    const connack = { cmd: 'connack', reasonCode: 0, sessionPresent: nth > 0, ...this.#script.connack?.(connect, nth) }
    link.send(connack as IConnackPacket)
    if (connack.reasonCode !== 0) socket.end()
    else this.#script.afterConnack?.(link)
    socket.uncork()
    this.#latch.look()
    return link
  }

  #take(link: ScriptedLink, packet: Packet): void {
    if (packet.cmd === 'pingreq') {
      this.#script.beforePingresp?.(link)
      link.send({ cmd: 'pingresp' })
    }
    if (packet.cmd === 'subscribe') {
      const codes = this.#script.suback?.(packet, link)
      const granted = codes === undefined ? packet.subscriptions.map(() => 1) : codes
      if (granted !== null) link.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [...granted] })
    }
    if (packet.cmd === 'unsubscribe') {
      const granted = packet.unsubscriptions.map(() => this.#script.unsuback ?? 0)
      link.send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted })
    }
    link.take(packet)
    if (packet.cmd === 'publish') this.#script.publish?.(packet, link)
  }
}
