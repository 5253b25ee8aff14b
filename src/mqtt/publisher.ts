import type { IClientPublishOptions, Packet } from 'mqtt'
import type { OutgoingMessage } from '../flow/outgoing-message.ts'
import { Backoff } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import { Connection, type ConnectionOptions, type Link } from './connection.ts'
import { PublishCounts } from './publish-counts.ts'

export interface PublisherOptions {
  readonly connection: ConnectionOptions
  /** Most messages in flight; the broker's Receive Maximum may be lower and then counts. */
  readonly maxInFlight: number
  /** A PUBACK that takes longer means that the connection is dead. */
  readonly pubackTimeoutMs: number
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number }
}

export interface PublisherDeps {
  readonly clock: Clock
  readonly emit: Emit
  readonly random: () => number
  /** Called when the connection comes up or goes down. */
  readonly changed: (up: boolean) => void
}

/** Unspecified, implementation specific, quota exceeded: the next try may pass. All other refusals are final. */
const temporary: ReadonlySet<number> = new Set([0x80, 0x83, 0x97])
const retryAfterMs = [1000, 2000, 4000] as const

interface Entry {
  readonly message: OutgoingMessage
  refusals: number
  /** It has been written at least once, so the broker may have it. */
  wasSent: boolean
  /** When it was written to the connection that stands now; 0 when it is not in flight. */
  sentAt: number
  /** Somebody else will publish it: its answer only frees its place in the broker's window. */
  isForgotten: boolean
}

/**
 * Publishes in order per key and in parallel over keys, never more than the broker's window allows. What is not
 * answered when a connection ends is published again on the next one.
 */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #deps: PublisherDeps
  readonly #connection: Connection
  /** Messages by order key; the first one of each is the only one that may be in flight. */
  readonly #queues = new Map<string, Entry[]>()
  /** Keys whose first message may be sent now, in order of arrival. */
  readonly #sendable = new Set<string>()
  readonly #inFlight = new Set<Entry>()
  readonly #pauses = new Set<NodeJS.Timeout>()
  readonly #watch: NodeJS.Timeout
  readonly #counts: PublishCounts
  #link: Link | null = null
  /** Reason codes of PUBACKs that have come and not been handed over, by packet id. */
  readonly #codes = new Map<number, number>()
  #window = 0
  #size = 0

  constructor(options: PublisherOptions, deps: PublisherDeps) {
    this.#options = options
    this.#deps = deps
    const { clock, emit, random } = deps
    this.#counts = new PublishCounts(emit)
    this.#connection = new Connection(
      options.connection,
      {
        dialing: () => undefined,
        connected: (link, receiveMaximum) => this.#up(link, receiveMaximum),
        lost: (link) => this.#down(link),
      },
      { clock, emit, random, backoff: new Backoff({ ...options.reconnect, random }) },
    )
    this.#watch = setInterval(() => this.#tick(), 1000)
  }

  /** Messages that are not answered yet. */
  get size(): number {
    return this.#size
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  get isUp(): boolean {
    return this.#link !== null
  }

  open(): void {
    this.#connection.open()
  }

  send(message: OutgoingMessage): void {
    const entry: Entry = { message, refusals: 0, wasSent: false, sentAt: 0, isForgotten: false }
    this.#size += 1
    const queue = this.#queues.get(message.orderKey)
    if (queue === undefined) {
      this.#queues.set(message.orderKey, [entry])
      this.#sendable.add(message.orderKey)
      this.#pump()
    } else {
      queue.push(entry)
    }
  }

  /** Drops messages that somebody else will publish; their callbacks are not called. */
  forget(isGone: (orderKey: string) => boolean): void {
    for (const [key, queue] of this.#queues) {
      if (!isGone(key)) continue
      this.#queues.delete(key)
      this.#sendable.delete(key)
      this.#size -= queue.length
      for (const entry of queue) entry.isForgotten = true
    }
    this.#pump()
  }

  async close(graceMs: number): Promise<void> {
    clearInterval(this.#watch)
    for (const pause of this.#pauses) clearTimeout(pause)
    await this.#connection.close(graceMs)
    this.#tellCounts()
  }

  #up(link: Link, receiveMaximum: number): void {
    this.#link = link
    this.#codes.clear()
    // For a PUBACK below 0x80 MQTT.js hands the callback our own PUBLISH: 0x10 is seen only here, just before.
    link.client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback' && packet.messageId !== undefined) {
        this.#codes.set(packet.messageId, packet.reasonCode ?? 0)
      }
    })
    this.#window = Math.min(this.#options.maxInFlight, receiveMaximum)
    this.#deps.changed(true)
    this.#pump()
  }

  #down(link: Link): number {
    if (this.#link !== link) return 0
    this.#link = null
    for (const entry of this.#inFlight) {
      entry.sentAt = 0
      if (!entry.isForgotten) this.#sendable.add(entry.message.orderKey)
    }
    this.#inFlight.clear()
    this.#deps.changed(false)
    return 0
  }

  #pump(): void {
    const link = this.#link
    if (link === null) return
    for (const key of this.#sendable) {
      if (this.#inFlight.size >= this.#window) return
      this.#sendable.delete(key)
      const entry = this.#queues.get(key)?.[0]
      if (entry !== undefined) this.#write(link, entry)
    }
  }

  #write(link: Link, entry: Entry): void {
    const { message } = entry
    const now = this.#deps.clock.now()
    if (message.expiresAt !== null && now >= message.expiresAt) {
      this.#counts.ended('expired')
      this.#done(entry)
      message.expired(entry.wasSent)
      return
    }
    entry.sentAt = now
    if (!entry.wasSent && message.requestedAt !== null) this.#counts.sent(now - message.requestedAt)
    entry.wasSent = true
    this.#inFlight.add(entry)
    link.client.publish(message.topic, message.payload, optionsOf(message, now), (error, packet) => {
      // An answer of a connection that is over says nothing: the message has been queued again.
      if (this.#link !== link || !this.#inFlight.has(entry)) return
      const code = this.#takeCode(packet)
      // An error without a refusal is the end of the connection, which is told on its own.
      if (!error || code >= 0x80) this.#answered(entry, code)
    })
  }

  #takeCode(packet: Packet | undefined): number {
    const id = packet?.messageId
    if (id === undefined) return 0
    const code = this.#codes.get(id) ?? 0
    this.#codes.delete(id)
    return code
  }

  #answered(entry: Entry, code: number): void {
    this.#inFlight.delete(entry)
    if (entry.isForgotten) {
      this.#pump()
      return
    }
    const delayMs = temporary.has(code) ? retryAfterMs[entry.refusals] : undefined
    if (delayMs !== undefined) {
      entry.refusals += 1
      entry.sentAt = 0
      const pause = setTimeout(() => {
        this.#pauses.delete(pause)
        if (this.#queues.get(entry.message.orderKey)?.[0] !== entry) return
        this.#sendable.add(entry.message.orderKey)
        this.#pump()
      }, delayMs)
      this.#pauses.add(pause)
    } else {
      this.#counts.ended(code === 0x10 ? 'no_subscriber' : code >= 0x80 ? 'refused' : 'accepted')
      this.#done(entry)
      entry.message.answered(code)
    }
    this.#pump()
  }

  /** The first message of its key is over: the next one may go. */
  #done(entry: Entry): void {
    const { orderKey } = entry.message
    const queue = this.#queues.get(orderKey)
    if (queue === undefined) return
    queue.shift()
    this.#size -= 1
    if (queue.length === 0) this.#queues.delete(orderKey)
    else this.#sendable.add(orderKey)
  }

  #tick(): void {
    this.#tellCounts()
    this.#expire()
    const oldest = this.#inFlight.values().next().value
    if (oldest === undefined || this.#link === null) return
    if (this.#deps.clock.now() - oldest.sentAt > this.#options.pubackTimeoutMs) this.#link.tap.destroy()
  }

  /** What waits behind a broker that is away, a full window or an earlier message expires here, not when its turn comes. */
  #expire(): void {
    const now = this.#deps.clock.now()
    const due: Entry[] = []
    for (const [key, queue] of this.#queues) {
      const left = queue.filter((entry) => {
        const isDue = !this.#inFlight.has(entry) && entry.message.expiresAt !== null && now >= entry.message.expiresAt
        if (isDue) due.push(entry)
        return !isDue
      })
      if (left.length === queue.length) continue
      this.#size -= queue.length - left.length
      const [first] = left
      if (first === undefined) {
        this.#queues.delete(key)
        this.#sendable.delete(key)
      } else {
        this.#queues.set(key, left)
        // The one it stood behind is gone. What is in flight or refused for now has its own next step.
        if (first !== queue[0]) this.#sendable.add(key)
      }
    }
    for (const { message, wasSent } of due) {
      this.#counts.ended('expired')
      message.expired(wasSent)
    }
    if (due.length > 0) this.#pump()
  }

  #tellCounts(): void {
    this.#counts.tell(this.#inFlight.size, this.#link === null ? 0 : this.#window)
  }
}

const longestExpirySeconds = 4_294_967_295

function optionsOf(message: OutgoingMessage, now: number): IClientPublishOptions {
  const { expiresAt, roundExpiry, contentType, correlationData, userProperties } = message
  const left = expiresAt === null ? null : (expiresAt - now) / 1000
  const seconds = left === null ? null : roundExpiry === 'up' ? Math.ceil(left) : Math.floor(left)
  return {
    qos: 1,
    retain: false,
    properties: {
      contentType,
      payloadFormatIndicator: true,
      userProperties: { ...userProperties },
      ...(correlationData === null ? {} : { correlationData }),
      ...(seconds === null ? {} : { messageExpiryInterval: Math.min(longestExpirySeconds, Math.max(1, seconds)) }),
    },
  }
}
