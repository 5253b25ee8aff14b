import { type ErrorWithReasonCode, type IConnackPacket, type IDisconnectPacket, MqttClient } from 'mqtt'
import type { Backoff } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { type EndpointOptions, readEndpoint } from './endpoint.ts'
import { policyOf, type StayAway } from './reason-codes.ts'
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
}

export interface ConnectionHooks {
  /** A socket is being opened: whoever listens to the tap gets every PUBLISH from CONNACK on. */
  dialing(tap: Tap): void
  /** CONNACK came. `receiveMaximum` is what the broker lets us have in flight towards it. */
  connected(link: Link, receiveMaximum: number, sessionPresent: boolean): void
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

/** A connection that stood this long is taken for healthy: the next failure starts the back-off anew. */
const healthyAfterMs = 10_000
const slowMs = 15_000
const stepBackMs = 30_000
const soonMs = 2_000
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
  /** Reason code of a CONNACK or DISCONNECT that has announced the end of the current link. */
  #announced: number | null = null
  #reason = 'connection_closed'
  #resubscribe: NodeJS.Timeout | undefined

  constructor(options: ConnectionOptions, hooks: ConnectionHooks, deps: ConnectionDeps) {
    this.#options = options
    this.#hooks = hooks
    this.#deps = deps
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

  open(): void {
    this.#connect()
  }

  /**
   * Ends politely: DISCONNECT 0x00 with the session's expiry as it is, then reads on until the broker has closed, so
   * that no reset can overtake the acknowledgements on their way. Resolves when closed, at the latest after `graceMs`.
   */
  async close(graceMs: number): Promise<void> {
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
      link.client.end(!link.client.connected)
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
    this.#announced = null
    this.#reason = 'connection_closed'
    readEndpoint(this.#options).then(
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
        const link: Link = { client, tap }
        this.#to({ name: 'connecting', link })
        client.on('connect', (connack) => this.#connected(link, connack))
        client.on('disconnect', (packet: IDisconnectPacket) => {
          this.#announced = packet.reasonCode ?? 0
        })
        client.on('error', (error) => this.#failed(error))
        tap.once('close', () => this.#closed(link))
      },
      (error: unknown) => {
        if (this.#state.name !== 'connecting') return
        this.#deps.emit({ event: 'mqtt_credentials_unreadable', connection: this.clientId, error: messageOf(error) })
        this.#goAway('slow')
      },
    )
  }

  #connected(link: Link, connack: IConnackPacket): void {
    if (this.#state.name !== 'connecting') return
    this.#to({ name: 'connected', link, since: this.#deps.clock.now() })
    const receiveMaximum = connack.properties?.receiveMaximum ?? 65_535
    this.#deps.emit({
      event: 'mqtt_connected',
      connection: this.clientId,
      sessionPresent: connack.sessionPresent,
      receiveMaximum,
    })
    this.#hooks.connected(link, receiveMaximum, connack.sessionPresent)
    this.#subscribe(link)
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
    const deadline = setTimeout(() => {
      this.#reason = 'suback_timeout'
      link.tap.destroy()
    }, this.#options.connectTimeoutMs)
    // Not "retain as published": the retain flag must mean a stored message, not a live one that is also stored.
    link.client.subscribe([...filters], { qos: 1, rap: false }, (_error, _granted, suback) => {
      clearTimeout(deadline)
      if (this.link !== link) return
      const codes = suback?.granted.map(Number) ?? []
      const refused = codes.find((code) => code !== 1)
      if (codes.length === filters.length && refused === undefined) {
        this.#ready(link)
        return
      }
      this.#deps.emit({ event: 'mqtt_subscription_refused', connection: this.clientId, reasonCode: refused ?? 0x80 })
      this.#resubscribe = setTimeout(() => {
        if (this.link === link) this.#subscribe(link)
      }, slowMs)
    })
  }

  #ready(link: Link): void {
    this.#to({ name: 'ready', link, since: this.#deps.clock.now() })
    this.#deps.emit({ event: 'mqtt_subscribed', connection: this.clientId, filters: this.#options.filters.length })
  }

  #failed(error: Error | ErrorWithReasonCode): void {
    const code: unknown = 'code' in error ? error.code : undefined
    if (typeof code === 'number') this.#announced = code
    else this.#reason = reasonOf(error.message, code)
  }

  #closed(link: Link): void {
    if (this.#state.name === 'stopping' || this.#state.name === 'stopped') return
    clearTimeout(this.#resubscribe)
    const since = this.#state.name === 'connected' || this.#state.name === 'ready' ? this.#state.since : null
    if (since !== null && this.#deps.clock.now() - since >= healthyAfterMs) this.#deps.backoff.reset()
    const policy = this.#announced === null ? null : policyOf(this.#announced)
    if (since !== null) this.#hooks.lost(link)
    const reason = policy?.name ?? this.#reason
    const delayMs = this.#goAway(policy?.stayAway ?? 'backoff')
    this.#deps.emit({
      event: 'mqtt_disconnected',
      connection: this.clientId,
      reason,
      wasConnected: since !== null,
      sessionGone: policy?.sessionGone ?? false,
      retryInMs: delayMs,
    })
  }

  #goAway(stayAway: StayAway): number {
    const delayMs = this.#delay(stayAway)
    this.#to({ name: 'away', timer: setTimeout(() => this.#connect(), delayMs) })
    return delayMs
  }

  #delay(stayAway: StayAway): number {
    switch (stayAway) {
      case 'soon':
        return Math.round(this.#deps.random() * soonMs)
      case 'step_back':
        return stepBackMs + Math.round(this.#deps.random() * stepBackMs)
      case 'slow':
        return slowMs + Math.round(this.#deps.random() * slowMs)
      case 'backoff':
        return this.#deps.backoff.next()
    }
  }
}

/** A closed set of reasons for connections that ended without a reason code. */
function reasonOf(message: string, code: unknown): string {
  if (message === 'connack timeout') return 'connack_timeout'
  if (message === 'Keepalive timeout') return 'keepalive_timeout'
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ECONNRESET' || code === 'ETIMEDOUT') {
    return code.toLowerCase()
  }
  if (typeof code === 'string' && (code.startsWith('ERR_TLS') || code.includes('CERT'))) return 'tls'
  return 'connection_error'
}
