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
  readonly #oneStored: () => void
  #holds = 1

  /** Starts held once: `release()` when decided. `oneStored` is told of each record. */
  constructor(
    settled: () => void,
    deadLetterOf: (record: BridgeRecord, failure: Failure) => BridgeRecord | null,
    oneStored: () => void = () => undefined,
  ) {
    this.#settled = settled
    this.#deadLetterOf = deadLetterOf
    this.#oneStored = oneStored
  }

  hold(): void {
    this.#holds += 1
  }

  release(): void {
    this.#holds -= 1
    if (this.#holds === 0) this.#settled()
  }

  stored(): void {
    this.#oneStored()
    this.release()
  }

  refused(record: BridgeRecord, _item: number, failure: Failure): BridgeRecord | null {
    return this.#deadLetterOf(record, failure)
  }
}
