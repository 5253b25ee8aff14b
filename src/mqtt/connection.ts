import { type IConnackPacket, type IDisconnectPacket, MqttClient } from 'mqtt'
import type { Backoff } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { Absence, type Ending, endingOf } from './absence.ts'
import { type Endpoint, type EndpointOptions, readEndpoint } from './endpoint.ts'
import { Pings } from './pings.ts'
import { Tap } from './tap.ts'

export interface ConnectionOptions extends EndpointOptions {
  readonly clientId: string
  /** False keeps the session at the broker between connections. */
  readonly cleanStart: boolean
  readonly sessionExpirySeconds: number
  readonly receiveMaximum: number
  readonly keepaliveSeconds: number
  /** How long CONNACK and SUBACK may take. */
  readonly connectTimeoutMs: number
  /** Filters to subscribe at QoS 1 on every connect, whether the session is present or not. */
  readonly filters: readonly string[]
}

/** One network connection: it ends for good, and everything that belongs to it ends with it. */
export interface Link {
  readonly client: MqttClient
  readonly tap: Tap
  readonly pings: Pings
}

/** What the broker takes from a publisher on this connection. */
export interface PublishLimits {
  /** QoS 1 messages without an answer. */
  readonly receiveMaximum: number
  /** Null: as many bytes as MQTT allows. */
  readonly maximumPacketBytes: number | null
}

export interface ConnectionHooks {
  /** A socket is being opened: whoever listens to the tap gets every PUBLISH from CONNACK on. */
  dialing(tap: Tap): void
  /** CONNACK came. */
  connected(link: Link, limits: PublishLimits, sessionPresent: boolean): void
  /** The link is over. Nothing may be written to it any more. Returns how many messages the broker will repeat. */
  lost(link: Link): number
}

export interface ConnectionDeps {
  readonly clock: Clock
  readonly emit: Emit
  readonly backoff: Backoff
  readonly random: () => number
}

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly link: Link | null }
  | { readonly name: 'connected'; readonly link: Link; readonly since: number }
  | { readonly name: 'ready'; readonly link: Link; readonly since: number }
  | { readonly name: 'away'; readonly timer: NodeJS.Timeout }
  | { readonly name: 'stopping'; readonly link: Link | null }
  | { readonly name: 'stopped' }

/** The legal ways through life. Anything else is a bug and throws. */
const next: Readonly<Record<State['name'], readonly State['name'][]>> = {
  idle: ['connecting', 'stopped'],
  connecting: ['connecting', 'connected', 'away', 'stopping'],
  connected: ['ready', 'away', 'stopping'],
  ready: ['away', 'stopping'],
  away: ['connecting', 'stopping'],
  stopping: ['stopped'],
  stopped: [],
}

/** A refused subscription needs somebody to change an ACL. */
const resubscribeMs = 15_000
/** A broker that does not hang up after DISCONNECT is hung up on. */
const partingMs = 1000
const lookMs = 20
const silent = (): void => undefined

/**
 * One MQTT client id, connected as long as the process lives.
 *
 * Each connect builds a new MqttClient on a new socket: nothing that MQTT.js queues while it is offline can reach
 * the next connection. Reconnecting is ours, by reason code (`reason-codes.ts`).
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #hooks: ConnectionHooks
  readonly #deps: ConnectionDeps
  #state: State = { name: 'idle' }
  readonly #absence: Absence
  /** What is known of the end of the current link. */
  #ending: Ending = { code: null, reason: 'connection_closed' }
  #resubscribe: NodeJS.Timeout | undefined
  #epoch = 0
  /** Why the last link ended, or could not be made; null while one stands. */
  #away: string | null = null
  /** False once this client id shall get nothing new any more. */
  #consumes: boolean
  #unsubscribed: { readonly link: Link; readonly at: number } | null = null
  /** What the last files that could be used say. */
  #endpoint: Endpoint | null = null
  /** The link that is ended to make another one at once. */
  #renewing: Link | null = null

  /** `consumes` false: connects only to read the session empty that is there, and subscribes to nothing. */
  constructor(options: ConnectionOptions, hooks: ConnectionHooks, deps: ConnectionDeps, consumes = true) {
    this.#options = options
    this.#hooks = hooks
    this.#deps = deps
    this.#consumes = consumes
    this.#absence = new Absence(deps.backoff, deps.random)
  }

  get clientId(): string {
    return this.#options.clientId
  }

  /** Connected, and every filter granted at QoS 1. */
  get ready(): boolean {
    return this.#state.name === 'ready'
  }

  get link(): Link | null {
    return this.#state.name === 'connected' || this.#state.name === 'ready' ? this.#state.link : null
  }

  /** How many links there have been. */
  get epoch(): number {
    return this.#epoch
  }

  /** It subscribes when it connects. */
  get consumes(): boolean {
    return this.#consumes
  }

  /** Why there is no link, from the closed set of reasons; null while one stands or the first is being made. */
  get away(): string | null {
    return this.#away
  }

  /** The link that stands and whose subscriptions are gone, and since when (`performance.now()`); null before. */
  get unsubscribed(): { readonly link: Link; readonly at: number } | null {
    return this.#unsubscribed !== null && this.#unsubscribed.link === this.link ? this.#unsubscribed : null
  }

  open(): void {
    this.#connect()
  }

  /**
   * Ends the link politely and makes another one at once, which logs in with the files of now; one that is away does
   * not wait any longer. Resolves when it stands; rejects with a `transient` Failure when it could not be made, and it
   * then goes on trying.
   */
  async renew(): Promise<void> {
    const old = this.link
    const { epoch } = this
    if (old !== null && this.#renewing === null) {
      this.#renewing = old
      const cut = setTimeout(() => old.tap.destroy(), partingMs)
      old.tap.once('close', () => clearTimeout(cut))
      old.client.end(false, { reasonCode: 0 })
    } else if (this.#state.name === 'away') {
      clearTimeout(this.#state.timer)
      this.#connect()
    }
    const until = performance.now() + partingMs + 2 * this.#options.connectTimeoutMs
    const stands = (): boolean => this.link !== null && this.link !== old && (this.ready || !this.#consumes)
    while (!stands() && this.#state.name !== 'stopping' && this.#state.name !== 'stopped') {
      const failed = this.#state.name === 'away' && this.epoch > epoch
      if (failed || performance.now() > until) {
        throw new Failure('transient', 'connection', `${this.clientId}: ${this.#away ?? 'no connection in time'}`)
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
  }

  /** Gives up the subscriptions, on this link and on every one to come. What waits in the session still arrives. */
  stopConsuming(): void {
    if (!this.#consumes) return
    this.#consumes = false
    clearTimeout(this.#resubscribe)
    if (this.link !== null) this.#unsubscribe(this.link)
  }

  /**
   * Ends politely: DISCONNECT 0x00, then reads on until the broker has closed, so that no reset can overtake the
   * acknowledgements on their way. The session stays at the broker for as long as it was asked to; `end` throws it away
   * with all that is in it, so it must be empty. Resolves when closed, at the latest after `graceMs`.
   */
  async close(graceMs: number, session: 'keep' | 'end' = 'keep'): Promise<void> {
    const standing = this.link
    const link = standing ?? (this.#state.name === 'connecting' ? this.#state.link : null)
    if (this.#state.name === 'away') clearTimeout(this.#state.timer)
    if (this.#state.name === 'stopping' || this.#state.name === 'stopped') return
    clearTimeout(this.#resubscribe)
    if (this.#state.name === 'idle') {
      this.#to({ name: 'stopped' })
      return
    }
    this.#to({ name: 'stopping', link })
    if (link !== null) {
      const closed = new Promise<void>((resolve) => link.tap.once('close', resolve))
      const cut = setTimeout(() => link.tap.destroy(), graceMs)
      const last = { reasonCode: 0, properties: { sessionExpiryInterval: 0 } }
      link.client.end(!link.client.connected, session === 'end' ? last : {})
      await closed
      clearTimeout(cut)
      const unacknowledged = this.#hooks.lost(link)
      this.#deps.emit({
        event: 'mqtt_closed',
        connection: this.clientId,
        wasConnected: standing !== null,
        unacknowledged,
      })
    }
    this.#to({ name: 'stopped' })
  }

  #to(state: State): void {
    if (!next[this.#state.name].includes(state.name)) {
      throw new Error(`connection ${this.clientId}: ${this.#state.name} -> ${state.name} is not a legal transition`)
    }
    this.#state = state
  }

  #connect(): void {
    this.#to({ name: 'connecting', link: null })
    this.#epoch += 1
    this.#ending = { code: null, reason: 'connection_closed' }
    this.#readEndpoint().then(
      (endpoint) => {
        if (this.#state.name !== 'connecting') return
        const tap = new Tap(endpoint.dial())
        this.#hooks.dialing(tap)
        const client = new MqttClient(() => tap, {
          protocol: 'mqtt',
          protocolVersion: 5,
          clientId: this.#options.clientId,
          clean: this.#options.cleanStart,
          ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
          ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
          keepalive: this.#options.keepaliveSeconds,
          connectTimeout: this.#options.connectTimeoutMs,
          reconnectPeriod: 0,
          resubscribe: false,
          queueQoSZero: false,
          log: silent,
          properties: {
            sessionExpiryInterval: this.#options.sessionExpirySeconds,
            receiveMaximum: this.#options.receiveMaximum,
          },
        })
        const link: Link = { client, tap, pings: new Pings(client) }
        this.#to({ name: 'connecting', link })
        client.on('connect', (connack) => this.#connected(link, connack))
        client.on('disconnect', (packet: IDisconnectPacket) => {
          this.#ending = { ...this.#ending, code: packet.reasonCode ?? 0 }
        })
        client.on('error', (error) => {
          this.#ending = endingOf(error, this.#ending)
        })
        tap.once('close', () => this.#closed(link))
      },
      (error: unknown) => {
        if (this.#state.name !== 'connecting') return
        this.#saysUnreadable(error)
        this.#away = 'connection_error'
        this.#goAway(this.#absence.slow())
      },
    )
  }

  /** Files that cannot be used now leave what was read before: a connection must not be lost to a file being written. */
  async #readEndpoint(): Promise<Endpoint> {
    const reading = withDeadline(readEndpoint(this.#options), this.#options.connectTimeoutMs, 'reading the credentials')
    try {
      this.#endpoint = await reading
    } catch (error) {
      if (this.#endpoint === null) throw error
      this.#saysUnreadable(error)
    }
    return this.#endpoint
  }

  #saysUnreadable(error: unknown): void {
    this.#deps.emit({ event: 'mqtt_credentials_unreadable', connection: this.clientId, error: messageOf(error) })
  }

  #connected(link: Link, connack: IConnackPacket): void {
    if (this.#state.name !== 'connecting') return
    this.#to({ name: 'connected', link, since: this.#deps.clock.now() })
    this.#away = null
    const receiveMaximum = connack.properties?.receiveMaximum ?? 65_535
    this.#deps.emit({
      event: 'mqtt_connected',
      connection: this.clientId,
      sessionPresent: connack.sessionPresent,
      receiveMaximum,
    })
    const maximumPacketBytes = connack.properties?.maximumPacketSize ?? null
    this.#hooks.connected(link, { receiveMaximum, maximumPacketBytes }, connack.sessionPresent)
    if (this.#consumes) this.#subscribe(link)
    else this.#unsubscribe(link)
  }

  /**
   * SUBSCRIBE on every connect: a broker may have kept the session and lost its shared subscriptions. A refusal does
   * not end the connection, because what waits in the session can still be taken; it is asked again, slowly.
   */
  #subscribe(link: Link): void {
    const { filters } = this.#options
    if (filters.length === 0) {
      this.#ready(link)
      return
    }
    const deadline = this.#answerIsDue(link, 'suback_timeout')
    // Not "retain as published": the retain flag must mean a stored message, not a live one that is also stored.
    link.client.subscribe([...filters], { qos: 1, rap: false }, (_error, _granted, suback) => {
      clearTimeout(deadline)
      if (this.link !== link || !this.#consumes) return
      const codes = suback?.granted.map(Number) ?? []
      const refused = codes.find((code) => code !== 1)
      if (codes.length === filters.length && refused === undefined) {
        this.#ready(link)
        return
      }
      this.#deps.emit({ event: 'mqtt_subscription_refused', connection: this.clientId, reasonCode: refused ?? 0x80 })
      this.#resubscribe = setTimeout(() => {
        if (this.link === link) this.#subscribe(link)
      }, resubscribeMs)
    })
  }

  /** A refusal leaves the subscription as it is, and so the session; that there was none is as good as any answer. */
  #unsubscribe(link: Link): void {
    const deadline = this.#answerIsDue(link, 'unsuback_timeout')
    link.client.unsubscribe([...this.#options.filters], (error, packet) => {
      clearTimeout(deadline)
      const codes = packet?.cmd === 'unsuback' ? [packet.granted ?? []].flat() : []
      if (this.link !== link || error || codes.some((code) => code >= 0x80)) return
      this.#unsubscribed = { link, at: performance.now() }
    })
  }

  #answerIsDue(link: Link, reason: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.#ending = { code: null, reason }
      link.tap.destroy()
    }, this.#options.connectTimeoutMs)
  }

  #ready(link: Link): void {
    this.#to({ name: 'ready', link, since: this.#deps.clock.now() })
    this.#deps.emit({ event: 'mqtt_subscribed', connection: this.clientId, filters: this.#options.filters.length })
  }

  #closed(link: Link): void {
    if (this.#state.name === 'stopping' || this.#state.name === 'stopped') return
    clearTimeout(this.#resubscribe)
    if (this.#renewing === link) {
      this.#renewing = null
      const unacknowledged = this.#hooks.lost(link)
      this.#deps.emit({ event: 'mqtt_closed', connection: this.clientId, wasConnected: true, unacknowledged })
      this.#goAway(0)
      return
    }
    const since = this.#state.name === 'connected' || this.#state.name === 'ready' ? this.#state.since : null
    const stoodMs = since === null ? 0 : this.#deps.clock.now() - since
    const { reason, isTakenOver, sessionGone, delayMs } = this.#absence.after(this.#ending, stoodMs)
    this.#away = reason
    if (since !== null) this.#hooks.lost(link)
    this.#goAway(delayMs)
    if (isTakenOver) this.#deps.emit({ event: 'mqtt_taken_over', connection: this.clientId, retryInMs: delayMs })
    this.#deps.emit({
      event: 'mqtt_disconnected',
      connection: this.clientId,
      reason,
      wasConnected: since !== null,
      sessionGone,
      retryInMs: delayMs,
    })
  }

  #goAway(delayMs: number): void {
    this.#to({ name: 'away', timer: setTimeout(() => this.#connect(), delayMs) })
  }
}
