import type { Ticket } from '../flow/ticket.ts'
import type { Failure } from '../kernel/failure.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'

/** Who consumed the inputs; `T` says which one it was. */
export interface InputOwner<T> {
  /** Everything that the input caused is stored. */
  settled(input: T): void
  /** One record of the input is stored. */
  stored(): void
  /** The dead letter to write in the place of a record of the input; null when there is none. */
  deadLetterOf(input: T, record: BridgeRecord): BridgeRecord | null
}

/**
 * One consumed record on its way: it is settled when everything that it caused, directly or by way of a publication,
 * is stored. Until then its offset is not committed, so whoever comes after reads it again.
 */
export class InputTicket<T> implements Ticket {
  readonly #owner: InputOwner<T>
  readonly #input: T
  #holds = 1

  /** Starts held once: `release()` when decided. */
  constructor(owner: InputOwner<T>, input: T) {
    this.#owner = owner
    this.#input = input
  }

  hold(): void {
    this.#holds += 1
  }

  release(): void {
    this.#holds -= 1
    if (this.#holds === 0) this.#owner.settled(this.#input)
  }

  stored(): void {
    this.#owner.stored()
    this.release()
  }

  refused(record: BridgeRecord, _item: number, _failure: Failure): BridgeRecord | null {
    return this.#owner.deadLetterOf(this.#input, record)
  }
}
