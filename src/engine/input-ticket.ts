import type { OffsetWindow } from '../flow/offset-window.ts'
import type { Ticket } from '../flow/ticket.ts'
import type { Failure } from '../kernel/failure.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'

/**
 * One consumed record on its way: it is settled when everything that it caused, directly or by way of a publication,
 * is stored. Until then its offset is not committed, so whoever comes after reads it again.
 */
export class InputTicket implements Ticket {
  readonly #window: OffsetWindow | null
  readonly #offset: bigint
  readonly #deadLetterOf: (record: BridgeRecord, failure: Failure) => BridgeRecord | null
  #holds = 1

  /** `window` null: an input that needs no settling, such as a timer. Starts held once: `release()` when decided. */
  constructor(
    window: OffsetWindow | null,
    offset: bigint,
    deadLetterOf: (record: BridgeRecord, failure: Failure) => BridgeRecord | null,
  ) {
    this.#window = window
    this.#offset = offset
    this.#deadLetterOf = deadLetterOf
  }

  hold(): void {
    this.#holds += 1
  }

  release(): void {
    this.#holds -= 1
    if (this.#holds === 0) this.#window?.settle(this.#offset)
  }

  stored(): void {
    this.release()
  }

  refused(record: BridgeRecord, _item: number, failure: Failure): BridgeRecord | null {
    return this.#deadLetterOf(record, failure)
  }
}
