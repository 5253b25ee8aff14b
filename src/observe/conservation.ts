import type { BridgeEvent } from './events/event.ts'
import type { SetStanding } from './standing-gauges.ts'

/**
 * Promise 2 as a number: everything that was taken in is stored, dead-lettered, ignored or still pending.
 *
 * The totals are kept here, and not read back from the counters, because the difference is only meaningful when all
 * of its terms are read in one turn of the event loop.
 */
export class Conservation {
  #received = 0
  #stored = 0
  #ignored = 0
  readonly #pending: (() => number)[] = []

  constructor(setStanding: SetStanding) {
    setStanding('bridge_pending', () => [[{}, this.read().pending]])
    setStanding('bridge_conservation_difference', () => [[{}, this.read().difference]])
  }

  /** Adds a place where parts of inputs can be pending. */
  pendingFrom(source: () => number): void {
    this.#pending.push(source)
  }

  see(event: BridgeEvent): void {
    if (event.event === 'batch_stored') {
      this.#stored += event.records
    } else if (event.event === 'inputs_decided') {
      this.#received += event.received
      for (const count of event.ignored.values()) this.#ignored += count
    }
  }

  read(): { readonly pending: number; readonly difference: number } {
    const pending = this.#pending.reduce((sum, source) => sum + source(), 0)
    return { pending, difference: this.#received - this.#stored - this.#ignored - pending }
  }
}
