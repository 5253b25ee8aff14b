import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import mqttPacket, {
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
  type UserProperties,
} from 'mqtt-packet'
import { Latch, patienceMs } from '../latch.ts'
import type { EmqxStage } from './stage.ts'

export interface MemberOptions {
  readonly clean?: boolean
  /** Seconds; 0 by default. */
  readonly expiry?: number
  readonly receiveMaximum?: number
  readonly will?: { readonly topic: string; readonly payload: string; readonly delaySeconds?: number }
}

/** An MQTT 5 client that acknowledges nothing by itself, to see packet by packet what a broker does. */
export class Member {
  readonly clientId: string
  readonly received: IPublishPacket[] = []
  /** Reason code of the DISCONNECT that the broker sent. */
  sentAway: number | null = null
  closed = false
  connack: IConnackPacket | null = null
  readonly #socket: Socket
  readonly #answers: Packet[] = []
  readonly #latch = new Latch()
  #lastId = 0

  /** Resolves with CONNACK, whatever it says. */
  static async connect(stage: EmqxStage, clientId: string, options: MemberOptions = {}): Promise<Member> {
    const { hostname, port } = new URL(stage.url)
    const socket = connectTcp(Number(port || 1883), hostname).setNoDelay(true)
    await once(socket, 'connect')
    const member = new Member(socket, clientId)
    const { clean = true, expiry = 0, receiveMaximum, will } = options
    const connect: IConnectPacket = {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clientId,
      clean,
      keepalive: 60,
      properties: { sessionExpiryInterval: expiry, ...(receiveMaximum === undefined ? {} : { receiveMaximum }) },
      ...(stage.username === undefined ? {} : { username: stage.username }),
      ...(stage.password === undefined ? {} : { password: Buffer.from(stage.password) }),
    }
    if (will !== undefined) {
      const { topic, payload, delaySeconds = 0 } = will
      const properties = { willDelayInterval: delaySeconds }
      connect.will = { topic, payload: Buffer.from(payload), qos: 1, retain: false, properties }
    }
    member.#write(connect)
    await member.until('CONNACK', () => member.connack !== null)
    return member
  }

  private constructor(socket: Socket, clientId: string) {
    this.#socket = socket
    this.clientId = clientId
    const parser = mqttPacket.parser({ protocolVersion: 5 })
    parser.on('packet', (packet: Packet) => this.#take(packet))
    socket.on('data', (bytes) => parser.parse(bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.closed = true
      this.#latch.look()
    })
  }

  /** Payloads that have come, in order. */
  get texts(): readonly string[] {
    return this.received.map(({ payload }) => payload.toString())
  }

  async until(what: string, holds: () => boolean, timeoutMs = patienceMs): Promise<void> {
    const seen = () => `${this.clientId}: ${what}; received ${this.texts.join(' ')}`
    await this.#latch.until(seen, holds, timeoutMs)
  }

  /** Resolves with the reason codes of the SUBACK. */
  async subscribe(filter: string, nl = false): Promise<readonly number[]> {
    const messageId = this.#nextId()
    this.#write({ cmd: 'subscribe', messageId, subscriptions: [{ topic: filter, qos: 1, nl, rap: false, rh: 0 }] })
    const answer = await this.#answer('suback', messageId)
    return answer.cmd === 'suback' ? answer.granted.map(Number) : []
  }

  async unsubscribe(filter: string): Promise<void> {
    const messageId = this.#nextId()
    this.#write({ cmd: 'unsubscribe', messageId, unsubscriptions: [filter] })
    await this.#answer('unsuback', messageId)
  }

  /** QoS 1. Resolves with the reason code of the PUBACK. */
  async publish(topic: string, payload: string, retain = false, userProperties?: UserProperties): Promise<number> {
    const messageId = this.#nextId()
    const properties = userProperties === undefined ? {} : { properties: { userProperties } }
    this.#write({ cmd: 'publish', qos: 1, messageId, topic, payload, dup: false, retain, ...properties })
    const answer = await this.#answer('puback', messageId)
    return answer.cmd === 'puback' ? (answer.reasonCode ?? 0) : 0x80
  }

  acknowledge(...packets: readonly IPublishPacket[]): void {
    for (const { messageId = 0 } of packets) this.#write({ cmd: 'puback', messageId, reasonCode: 0 })
  }

  /** The broker has dealt with everything sent so far: it takes a client's packets in order. */
  async ping(): Promise<void> {
    const before = this.#answers.length
    this.#write({ cmd: 'pingreq' })
    await this.until('PINGRESP', () => this.#answers.slice(before).some(({ cmd }) => cmd === 'pingresp'))
  }

  /** Says goodbye; with `expiry` it changes the session's. Resolves when the connection is closed. */
  async goodbye(expiry?: number): Promise<void> {
    const properties = expiry === undefined ? {} : { properties: { sessionExpiryInterval: expiry } }
    this.#write({ cmd: 'disconnect', reasonCode: 0, ...properties })
    this.#socket.end()
    await this.until('closed', () => this.closed)
  }

  /** Drops the connection without a word. */
  cut(): void {
    this.#socket.destroy()
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #write(packet: Packet): void {
    this.#socket.write(mqttPacket.generate(packet, { protocolVersion: 5 }))
  }

  #take(packet: Packet): void {
    if (packet.cmd === 'connack') this.connack = packet
    else if (packet.cmd === 'publish') this.received.push(packet)
    else if (packet.cmd === 'disconnect') this.sentAway = packet.reasonCode ?? 0
    else this.#answers.push(packet)
    this.#latch.look()
  }

  async #answer(cmd: string, messageId: number): Promise<Packet> {
    const find = () => this.#answers.find((packet) => packet.cmd === cmd && packet.messageId === messageId)
    await this.until(`${cmd} ${messageId}`, () => find() !== undefined)
    return find() as Packet
  }
}
