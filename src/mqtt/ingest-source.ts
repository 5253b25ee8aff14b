import type { Pump } from '../flow/pump.ts'
import { Backoff } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { Intake } from './intake.ts'

export interface IngestSourceDeps {
  readonly pump: Pump
  readonly clock: Clock
  readonly emit: Emit
  readonly random: () => number
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number }
}

/** One client id that consumes: its connection, and the intake of the link that stands now. */
class Consumer {
  readonly connection: Connection
  intake: Intake | null = null
  #hadSession = false

  constructor(options: ConnectionOptions, deps: IngestSourceDeps) {
    const { clientId: connection, receiveMaximum } = options
    const { pump, clock, emit, random } = deps
    this.connection = new Connection(
      options,
      {
        dialing: (tap) => {
          this.intake = new Intake(tap, { pump, clock, emit, connection, receiveMaximum })
          tap.listen(this.intake)
        },
        connected: (_link, _receiveMaximum, sessionPresent) => {
          if (!sessionPresent && this.#hadSession) emit({ event: 'mqtt_session_lost', connection })
          this.#hadSession = true
        },
        lost: () => {
          const repeated = this.intake?.close() ?? 0
          this.intake = null
          return repeated
        },
      },
      { clock, emit, random, backoff: new Backoff({ ...deps.reconnect, random }) },
    )
  }
}

/** All consuming connections of one worker. Reads deliveries and settles them; what they mean is the pump's affair. */
export class IngestSource {
  readonly #consumers: readonly Consumer[]

  constructor(connections: readonly ConnectionOptions[], deps: IngestSourceDeps) {
    this.#consumers = connections.map((options) => new Consumer(options, deps))
  }

  open(): void {
    for (const consumer of this.#consumers) consumer.connection.open()
  }

  /** Every connection stands and has all of its subscriptions. */
  get ready(): boolean {
    return this.#consumers.every((consumer) => consumer.connection.ready)
  }

  /** Client ids of connections that are not ready. */
  get missing(): readonly string[] {
    return this.#consumers.filter((c) => !c.connection.ready).map((c) => c.connection.clientId)
  }

  /** Messages that are not acknowledged, over all connections. */
  get pending(): number {
    let pending = 0
    for (const consumer of this.#consumers) pending += consumer.intake?.pending ?? 0
    return pending
  }

  /** Share that is taken of the fullest window. */
  get windowUsed(): number {
    return Math.max(0, ...this.#consumers.map(({ intake }) => intake?.used ?? 0))
  }

  /** Sends every acknowledgement that is due. To be called after each batch. */
  flush(): void {
    for (const consumer of this.#consumers) consumer.intake?.flush()
  }

  /** First step of a drain: what still arrives is left to the broker. */
  stopAccepting(): void {
    for (const consumer of this.#consumers) consumer.intake?.stopAccepting()
  }

  /** Last step: DISCONNECT that keeps the sessions, within `graceMs`. */
  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.connection.close(graceMs)))
  }
}
