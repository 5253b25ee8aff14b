import type { IPublishPacket, UserProperties } from 'mqtt-packet'
import type { ModelLink } from './model-link.ts'

/** A message on its way to one session. */
export interface Held {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1
  readonly retain: boolean
  readonly userProperties: UserProperties | undefined
  /** The shared subscription by which it came, as it was written; null for an ordinary one. */
  readonly shared: string | null
}

export interface SessionLimits {
  /** EMQX: `max_inflight` of the zone. */
  readonly maxInflight: number
  /** EMQX: `max_mqueue_len` of the zone. */
  readonly maxQueue: number
}

/** What EMQX keeps for one client id, connected or not. A regular session lives in the memory of the broker. */
export class ModelSession {
  readonly clientId: string
  /** Subscriptions as they were written. */
  readonly subscriptions = new Set<string>()
  /** In seconds; 0 ends the session with its connection. */
  expirySeconds = 0
  link: ModelLink | null = null
  expiry: NodeJS.Timeout | undefined
  lateWill: NodeJS.Timeout | undefined
  /** `mqueue_dropped` */
  dropped = 0
  /** `send_msg` */
  sent = 0
  /** PUBACKs for packet ids that are not in flight: EMQX takes them without a word, so the model counts them. */
  strayAcks = 0
  readonly #limits: SessionLimits
  readonly #inFlight = new Map<number, Held>()
  #queue: Held[] = []
  #lastId = 0

  constructor(clientId: string, limits: SessionLimits) {
    this.clientId = clientId
    this.#limits = limits
  }

  /** EMQX: the window is the lesser of the client's Receive Maximum and `max_inflight`. */
  get window(): number {
    return Math.min(this.link?.receiveMaximum ?? 65_535, this.#limits.maxInflight)
  }

  get queued(): number {
    return this.#queue.length
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  holds(shared: string): boolean {
    return this.subscriptions.has(shared)
  }

  deliver(message: Held): void {
    if (message.qos === 0 && this.link !== null) {
      this.#send(message, 0, false)
      return
    }
    this.#queue.push(message)
    this.#pump()
    if (this.#queue.length <= this.#limits.maxQueue) return
    // EMQX: a full queue drops its oldest message; neither the publisher nor the client is told.
    this.#queue.shift()
    this.dropped += 1
  }

  /** EMQX: any PUBACK takes the message out of the window, also one with an error code, in any order. */
  acknowledge(packetId: number): void {
    if (!this.#inFlight.delete(packetId)) this.strayAcks += 1
    this.#pump()
  }

  /** EMQX: what is in flight is sent again with DUP under the same packet ids, before what waits in the queue. */
  resume(link: ModelLink): void {
    clearTimeout(this.expiry)
    clearTimeout(this.lateWill)
    this.link = link
    this.sent = 0
    for (const [packetId, message] of this.#inFlight) this.#send(message, packetId, true)
    this.#pump()
  }

  /** Ends it. What the group should have instead: QoS 1 in flight and in the queue; QoS 0 is never given on. */
  end(): readonly Held[] {
    clearTimeout(this.expiry)
    const left = [...this.#inFlight.values(), ...this.#queue]
    this.#inFlight.clear()
    this.#queue = []
    return left.filter(({ qos, shared }) => qos > 0 && shared !== null)
  }

  #pump(): void {
    while (this.link !== null && this.#queue.length > 0 && this.#inFlight.size < this.window) {
      const message = this.#queue.shift()
      if (message === undefined) return
      if (message.qos === 0) {
        this.#send(message, 0, false)
        continue
      }
      const packetId = this.#nextId()
      this.#inFlight.set(packetId, message)
      this.#send(message, packetId, false)
    }
  }

  /** EMQX: a new session counts from 1, so packet ids of the session before come again for other messages. */
  #nextId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#inFlight.has(this.#lastId))
    return this.#lastId
  }

  #send({ topic, payload, qos, retain, userProperties }: Held, packetId: number, dup: boolean): void {
    this.sent += 1
    const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos, retain, dup }
    if (qos > 0) packet.messageId = packetId
    if (userProperties !== undefined) packet.properties = { userProperties }
    this.link?.send(packet)
  }
}
