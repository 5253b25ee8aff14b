import type { OutgoingMessage } from '../flow/outgoing-message.ts'
import { Backoff } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import { Connection, type ConnectionOptions, type Link, type PublishLimits } from './connection.ts'
import { OutgoingFrames } from './outgoing-frame.ts'
import { PublishCounts } from './publish-counts.ts'
import type { Tap } from './tap.ts'

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
  /** Called after each run of answers, when the messages have been told. */
  readonly told: () => void
}

/** Unspecified, implementation specific, quota exceeded: the next try may pass. All other refusals are final. */
const temporary: ReadonlySet<number> = new Set([0x80, 0x83, 0x97])
const retryAfterMs = [1000, 2000, 4000] as const
/** The reason code of a packet that is larger than the broker's Maximum Packet Size. */
const packetTooLarge = 0x95
/** How long answers may keep a renewal waiting; what has none is published again. */
const settleMs = 5000
const lookMs = 5
const largestPacketId = 65_535
/** Bytes that are not held back until the turn is over: their expiry has been looked at already. */
const mostUnwritten = 32 * 1024

interface Entry {
  readonly message: OutgoingMessage
  refusals: number
  /** It has been written at least once, so the broker may have it. */
  wasSent: boolean
  /** When it was written to the connection that stands now. */
  sentAt: number
  /** On the connection that stands now; 0 when it is not in flight. */
  packetId: number
  /** Somebody else will publish it: its answer only frees its place in the broker's window. */
  isForgotten: boolean
}

/**
 * Publishes in order per key and in parallel over keys, never more than the broker's window allows. What is not
 * answered when a connection ends is published again on the next one.
 *
 * PUBLISH and PUBACK pass MQTT.js by, as they do for deliveries (see Tap): it would keep, copy and time each of them, and
 * it hides reason codes below 0x80. Packet ids are ours, because such a connection subscribes to nothing.
 */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #deps: PublisherDeps
  readonly #connection: Connection
  /** Messages by order key; the first one of each is the only one that may be in flight. */
  readonly #queues = new Map<string, Entry[]>()
  /** Keys whose first message may be sent now, in order of arrival. */
  readonly #sendable = new Set<string>()
  /** By packet id, the oldest first. */
  readonly #inFlight = new Map<number, Entry>()
  readonly #frames = new OutgoingFrames()
  readonly #pauses = new Set<NodeJS.Timeout>()
  readonly #watch: NodeJS.Timeout
  readonly #counts: PublishCounts
  #link: Link | null = null
  #lastPacketId = 0
  #window = 0
  #maximumPacketBytes: number | null = null
  #flushes = false
  /** Messages have been told of their end since `told` was called. */
  #hasTold = false
  #size = 0

  constructor(options: PublisherOptions, deps: PublisherDeps) {
    this.#options = options
    this.#deps = deps
    const { clock, emit, random } = deps
    this.#counts = new PublishCounts(emit)
    this.#connection = new Connection(
      options.connection,
      {
        dialing: (tap) => this.#dialing(tap),
        connected: (link, limits) => this.#up(link, limits),
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
    const entry: Entry = { message, refusals: 0, wasSent: false, sentAt: 0, packetId: 0, isForgotten: false }
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

  /**
   * Publishes nothing more until what is in flight is answered, and connects anew with the files of now. Rejects with a
   * `transient` Failure when the new connection does not stand.
   */
  async renew(): Promise<void> {
    this.#window = 0
    const link = this.#link
    const until = this.#deps.clock.now() + settleMs
    while (this.#inFlight.size > 0 && this.#link === link && this.#deps.clock.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
    await this.#connection.renew()
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

  #dialing(tap: Tap): void {
    tap.listen({
      publish: () => undefined,
      puback: (packetId, reasonCode) => {
        // An answer of a connection that is over says nothing: the message has been queued again.
        if (this.#link?.tap !== tap) return
        const entry = this.#inFlight.get(packetId)
        if (entry !== undefined) this.#answered(entry, reasonCode)
      },
      endOfRead: () => {
        this.#pump()
        this.#flush()
      },
    })
  }

  #up(link: Link, { receiveMaximum, maximumPacketBytes }: PublishLimits): void {
    this.#link = link
    this.#maximumPacketBytes = maximumPacketBytes
    this.#window = Math.min(this.#options.maxInFlight, receiveMaximum)
    this.#deps.changed(true)
    this.#pump()
  }

  #down(link: Link): number {
    if (this.#link !== link) return 0
    this.#link = null
    this.#frames.take()
    for (const entry of this.#inFlight.values()) {
      entry.packetId = 0
      if (!entry.isForgotten) this.#sendable.add(entry.message.orderKey)
    }
    this.#inFlight.clear()
    this.#deps.changed(false)
    return 0
  }

  #pump(): void {
    if (this.#link !== null) {
      for (const key of this.#sendable) {
        if (this.#inFlight.size >= this.#window) break
        this.#sendable.delete(key)
        const entry = this.#queues.get(key)?.[0]
        if (entry !== undefined) this.#write(entry)
      }
    }
    if (!this.#hasTold) return
    this.#hasTold = false
    this.#deps.told()
  }

  #write(entry: Entry): void {
    const { message } = entry
    const now = this.#deps.clock.now()
    if (message.expiresAt !== null && now >= message.expiresAt) {
      this.#counts.ended('expired')
      this.#done(entry)
      message.expired(entry.wasSent)
      return
    }
    const packetId = this.#nextPacketId()
    if (!this.#frames.append(message, packetId, now, this.#maximumPacketBytes)) {
      // The broker would end the connection (MQTT 5, 3.2.2.3.6), and again each time it is sent.
      this.#counts.ended('refused')
      this.#done(entry)
      message.answered(packetTooLarge)
      return
    }
    entry.packetId = packetId
    entry.sentAt = now
    if (!entry.wasSent && message.requestedAt !== null) this.#counts.sent(now - message.requestedAt)
    entry.wasSent = true
    this.#inFlight.set(packetId, entry)
    if (this.#frames.size >= mostUnwritten) this.#flush()
    else this.#flushSoon()
  }

  /** What is published in one turn goes out in one write, when the turn is over. */
  #flushSoon(): void {
    if (this.#flushes) return
    this.#flushes = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#flushes = false
    if (this.#frames.size > 0) this.#link?.tap.writePackets(this.#frames.take())
  }

  /** One that is not in flight: the window is smaller than the number of ids. */
  #nextPacketId(): number {
    do this.#lastPacketId = (this.#lastPacketId % largestPacketId) + 1
    while (this.#inFlight.has(this.#lastPacketId))
    return this.#lastPacketId
  }

  /** Its place in the window is free; whoever calls this pumps. */
  #answered(entry: Entry, code: number): void {
    this.#inFlight.delete(entry.packetId)
    entry.packetId = 0
    if (entry.isForgotten) return
    const delayMs = temporary.has(code) ? retryAfterMs[entry.refusals] : undefined
    if (delayMs !== undefined) {
      entry.refusals += 1
      this.#again(entry, delayMs)
      return
    }
    this.#counts.ended(code === 0x10 ? 'no_subscriber' : code >= 0x80 ? 'refused' : 'accepted')
    this.#done(entry)
    entry.message.answered(code)
  }

  #again(entry: Entry, delayMs: number): void {
    const pause = setTimeout(() => {
      this.#pauses.delete(pause)
      if (this.#queues.get(entry.message.orderKey)?.[0] !== entry) return
      this.#sendable.add(entry.message.orderKey)
      this.#pump()
    }, delayMs)
    this.#pauses.add(pause)
  }

  /** The first message of its key is over: the next one may go. */
  #done(entry: Entry): void {
    const { orderKey } = entry.message
    const queue = this.#queues.get(orderKey)
    if (queue === undefined) return
    queue.shift()
    this.#size -= 1
    this.#hasTold = true
    if (queue.length === 0) this.#queues.delete(orderKey)
    else this.#sendable.add(orderKey)
  }

  #tick(): void {
    this.#tellCounts()
    this.#expire()
    const [oldest] = this.#inFlight.values()
    if (oldest === undefined || this.#link === null) return
    if (this.#deps.clock.now() - oldest.sentAt > this.#options.pubackTimeoutMs) this.#link.tap.destroy()
  }

  /** What waits behind a broker that is away, a full window or an earlier message expires here, not when its turn comes. */
  #expire(): void {
    const now = this.#deps.clock.now()
    const due: Entry[] = []
    for (const [key, queue] of this.#queues) {
      const left = queue.filter((entry) => {
        const isDue = entry.packetId === 0 && entry.message.expiresAt !== null && now >= entry.message.expiresAt
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
      this.#hasTold = true
      message.expired(wasSent)
    }
    if (due.length > 0) this.#pump()
  }

  #tellCounts(): void {
    this.#counts.tell(this.#inFlight.size, this.#link === null ? 0 : this.#window)
  }
}
