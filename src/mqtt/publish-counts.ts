import type { Emit } from '../observe/events/event.ts'

/** What became of publications, and how many are in flight: counted as it happens, told from time to time. */
export class PublishCounts {
  readonly #emit: Emit
  #results = new Map<string, number>()
  #agesMs: number[] = []
  #told = { inFlight: 0, window: 0 }

  constructor(emit: Emit) {
    this.#emit = emit
  }

  /** @param result one of `publishResults` */
  ended(result: string): void {
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1)
  }

  /** A request of this age was sent for the first time. Clocks differ, so a negative age is none. */
  sent(ageMs: number): void {
    this.#agesMs.push(Math.max(0, ageMs))
  }

  /** Tells everything since the last call; nothing when there is nothing new. */
  tell(inFlight: number, window: number): void {
    if (this.#results.size > 0) {
      this.#emit({ event: 'mqtt_published', results: this.#results })
      this.#results = new Map()
    }
    if (this.#agesMs.length > 0) {
      this.#emit({ event: 'mqtt_commands_sent', agesMs: this.#agesMs })
      this.#agesMs = []
    }
    // A process may have two publishers: the gauges are of both.
    const change = { inFlight: inFlight - this.#told.inFlight, window: window - this.#told.window }
    if (change.inFlight !== 0 || change.window !== 0) this.#emit({ event: 'mqtt_publications_counted', ...change })
    this.#told = { inFlight, window }
  }
}
