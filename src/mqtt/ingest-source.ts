import type { Emit } from '../observe/events/event.ts'
import type { ConnectionOptions } from './connection.ts'
import { Consumer, type ConsumerDeps, type SessionEnd } from './consumer.ts'

/** What one link has not acknowledged yet. */
export interface OpenWindow {
  readonly clientId: string
  /** Which link of this client id it is, from 1. */
  readonly epoch: number
  readonly pending: number
  readonly acknowledged: number
  readonly oldestMs: number
}

/** All consuming connections of one worker. Reads deliveries and settles them; what they mean is the pump's affair. */
export class IngestSource {
  readonly #deps: ConsumerDeps
  readonly #consumers: readonly Consumer[]
  /** Those that read a session empty which somebody else has left behind. */
  readonly #adopted = new Set<Consumer>()

  constructor(connections: readonly ConnectionOptions[], deps: ConsumerDeps) {
    this.#deps = deps
    this.#consumers = connections.map((options) => new Consumer(options, deps))
  }

  open(): void {
    for (const consumer of this.#consumers) consumer.connection.open()
  }

  /** Every connection stands and has all of its subscriptions. */
  get ready(): boolean {
    return this.#consumers.every((consumer) => consumer.connection.ready)
  }

  /** Client ids of connections that are not ready, and why where that is known. */
  get missing(): readonly string[] {
    return this.#consumers
      .filter(({ connection }) => !connection.ready)
      .map(({ connection }) => `${connection.clientId}${connection.away === null ? '' : ` (${connection.away})`}`)
  }

  /** Messages that are not acknowledged, over all connections. */
  get pending(): number {
    let pending = 0
    for (const consumer of this.#all()) pending += consumer.intake?.pending ?? 0
    return pending
  }

  /** Share that is taken of the fullest window. */
  get windowUsed(): number {
    return Math.max(0, ...this.#consumers.map(({ intake }) => intake?.used ?? 0))
  }

  /** What each link that stands has not acknowledged yet. */
  windows(): readonly OpenWindow[] {
    return this.#all().flatMap(({ connection, intake }) => {
      if (intake === null || connection.link === null) return []
      const { pending, acknowledged, oldestMs } = intake
      return [{ clientId: connection.clientId, epoch: connection.epoch, pending, acknowledged, oldestMs }]
    })
  }

  /** Each connection logs in with the files of now, one after the other. Rejects at the first one that cannot. */
  async renew(): Promise<void> {
    for (const consumer of this.#consumers) await consumer.renew()
  }

  /** Sends every acknowledgement that is due. To be called after each batch. */
  flush(): void {
    for (const consumer of this.#all()) consumer.intake?.flush()
  }

  /** First step of a drain: what still arrives is left to the broker. */
  stopAccepting(): void {
    for (const consumer of this.#all()) consumer.intake?.stopAccepting()
  }

  /** Gives the sessions up for good, until `signal` is aborted: how each was left, by client id. Then `close()`. */
  async leave(signal: AbortSignal): Promise<ReadonlyMap<string, SessionEnd>> {
    const ends = this.#consumers.map(async (consumer): Promise<[string, SessionEnd]> => {
      return [consumer.connection.clientId, await consumer.leave(signal)]
    })
    return new Map(await Promise.all(ends))
  }

  /**
   * Takes sessions that somebody else has left behind, one after the other, reads them empty and ends them, until
   * `signal` is aborted or somebody takes one over. Returns how those that were taken were left, by client id.
   */
  async adopt(sessions: readonly ConnectionOptions[], signal: AbortSignal): Promise<ReadonlyMap<string, SessionEnd>> {
    const ends = new Map<string, SessionEnd>()
    for (const options of sessions) {
      const end = await this.#adoptOne(options, signal)
      ends.set(options.clientId, end)
      if (end === 'taken_over') break
    }
    return ends
  }

  async #adoptOne(options: ConnectionOptions, signal: AbortSignal): Promise<SessionEnd> {
    const consumer = new Consumer(options, { ...this.#deps, emit: quiet(this.#deps.emit) }, false)
    this.#adopted.add(consumer)
    try {
      consumer.connection.open()
      const end = await consumer.leave(signal)
      await consumer.connection.close(1000)
      return end
    } finally {
      this.#adopted.delete(consumer)
    }
  }

  /** Last step: DISCONNECT that keeps the sessions, within `graceMs`. */
  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#all().map((consumer) => consumer.connection.close(graceMs)))
  }

  #all(): readonly Consumer[] {
    return this.#adopted.size === 0 ? this.#consumers : [...this.#consumers, ...this.#adopted]
  }
}

/** The comings and goings of a connection that is not ours say nothing about this worker. */
function quiet(emit: Emit): Emit {
  return (event) => {
    switch (event.event) {
      case 'mqtt_connected':
      case 'mqtt_disconnected':
      case 'mqtt_taken_over':
      case 'mqtt_closed':
        return
      default:
        emit(event)
    }
  }
}
