import type { Ticket } from '../flow/ticket.ts'
import type { Failure } from '../kernel/failure.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'

/**
 * One consumed record on its way: it is settled when everything that it caused, directly or by way of a publication,
 * is stored. Until then its offset is not committed, so whoever comes after reads it again.
 */
export class InputTicket implements Ticket {
  readonly #settled: () => void
  readonly #deadLetterOf: (record: BridgeRecord, failure: Failure) => BridgeRecord | null
  #holds = 1

  /** Starts held once: `release()` when decided. */
  constructor(settled: () => void, deadLetterOf: (record: BridgeRecord, failure: Failure) => BridgeRecord | null) {
    this.#settled = settled
    this.#deadLetterOf = deadLetterOf
  }

  hold(): void {
    this.#holds += 1
  }

  release(): void {
    this.#holds -= 1
    if (this.#holds === 0) this.#settled()
  }

  stored(): void {
    this.release()
  }

  refused(record: BridgeRecord, _item: number, failure: Failure): BridgeRecord | null {
    return this.#deadLetterOf(record, failure)
  }
}
