import type { Clock } from '../kernel/clock.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { type ClientLook, listClients } from './client-list.ts'
import { type Forecast, forecastOf, numbersOf, type QueueLook, type QueueNumbers } from './queue-forecast.ts'
import { RestClient, type RestOptions } from './rest-client.ts'

export interface QueueWatchOptions extends RestOptions {
  readonly pollMs: number
  /** First part of our client ids. */
  readonly clientIdBase: string
}

/** The sessions of one kind: all that read punches, for one. */
export interface WatchedQueues {
  readonly sessions: string
  readonly numbers: QueueNumbers
  /** Null until there have been two looks. */
  readonly forecast: Forecast | null
}

/** Rates are taken over this many looks, because EMQX refreshes its numbers only every 15 seconds or so. */
const looksKept = 5

/**
 * Looks at the queues that EMQX keeps for our sessions, those of workers that are away included: what waits there can
 * be lost, and only EMQX knows. Whatever its REST API does, nothing else of the bridge waits for it.
 */
export class QueueWatch {
  readonly #options: QueueWatchOptions
  readonly #rest: RestClient
  readonly #clock: Clock
  readonly #emit: Emit
  readonly #stop = new AbortController()
  readonly #dropping = new Set<string>()
  #looks: readonly QueueLook[] = []
  #timer: NodeJS.Timeout | undefined
  #answers = false

  constructor(options: QueueWatchOptions, clock: Clock, emit: Emit) {
    this.#options = options
    this.#rest = new RestClient(options)
    this.#clock = clock
    this.#emit = emit
  }

  open(): void {
    void this.#look()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#stop.abort()
  }

  /** What is known now, by kind of session; nothing while EMQX does not answer. */
  read(): readonly WatchedQueues[] {
    const last = this.#looks.at(-1)
    if (last === undefined) return []
    const kinds = new Map<string, ClientLook[]>()
    for (const client of last.clients.values()) {
      const kind = this.#kindOf(client.clientId) ?? ''
      kinds.set(kind, [...(kinds.get(kind) ?? []), client])
    }
    return [...kinds].map(([sessions, clients]) => ({
      sessions,
      numbers: numbersOf(clients),
      forecast: forecastOf(clients, this.#looks),
    }))
  }

  async #look(): Promise<void> {
    try {
      const found = await listClients(this.#rest, `${this.#options.clientIdBase}-`, this.#stop.signal)
      const ours = found.filter((client) => this.#kindOf(client.clientId) !== null)
      this.#took({ at: this.#clock.now(), clients: new Map(ours.map((client) => [client.clientId, client])) })
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#looks = []
      this.#answers = false
      const code = error instanceof Failure ? error.code : 'other'
      this.#emit({ event: 'broker_api_failed', code, error: messageOf(error) })
    }
    this.#timer = setTimeout(() => void this.#look(), this.#options.pollMs)
  }

  #took(look: QueueLook): void {
    if (!this.#answers) {
      this.#answers = true
      this.#emit({ event: 'broker_api_answers', url: this.#options.url, sessions: look.clients.size })
    }
    const before = this.#looks.at(-1)?.clients
    for (const [connection, { dropped }] of look.clients) {
      const lost = dropped - (before?.get(connection)?.dropped ?? dropped)
      if (lost > 0) {
        this.#dropping.add(connection)
        this.#emit({ event: 'broker_queue_dropped', connection, dropped: lost, total: dropped })
      } else if (this.#dropping.delete(connection)) {
        this.#emit({ event: 'broker_queue_kept', connection, total: dropped })
      }
    }
    // A clock that was set back would make rates of nothing.
    const sane = this.#looks.filter(({ at }) => at < look.at)
    this.#looks = [...sane, look].slice(-looksKept)
  }

  /** `evt`, `st` or `things` for the client ids that ingest makes; null for others. */
  #kindOf(clientId: string): string | null {
    const { clientIdBase } = this.#options
    if (!clientId.startsWith(`${clientIdBase}-`)) return null
    return /^(evt|st|things)-\d+$/.exec(clientId.slice(clientIdBase.length + 1))?.[1] ?? null
  }
}
