import type { Ticket } from '../flow/ticket.ts'
import type { Failure } from '../kernel/failure.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'

/**
 * Requests that wait no longer while Kafka does not have their last status yet. Their offsets were committed long ago,
 * and what ended the wait may be a timer, which nobody repeats: whoever comes after has to read such a request again.
 */
export class HeldRequests {
  readonly #offsets = new Set<bigint>()

  /** The ticket of a record that ends the request at `offset`: it is held until the record, or its dead letter, is stored. */
  until(ticket: Ticket, offset: string): Ticket {
    const held = BigInt(offset)
    this.#offsets.add(held)
    return {
      stored: () => {
        this.#offsets.delete(held)
        ticket.stored()
      },
      refused: (record: BridgeRecord, item: number, failure: Failure) => ticket.refused(record, item, failure),
    }
  }

  /** The lowest of them, or `waiting` if that is lower; null when there is none. */
  lowest(waiting: bigint | null): bigint | null {
    let lowest = waiting
    for (const offset of this.#offsets) if (lowest === null || offset < lowest) lowest = offset
    return lowest
  }
}
