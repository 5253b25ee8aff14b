import type { Failure } from '../kernel/failure.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'

/**
 * Whoever waits for a record. The sender tells it exactly one of two things, once per record:
 * Kafka has it, or Kafka will never take it.
 */
export interface Ticket {
  /** Kafka has acknowledged the record (`acks=all`). */
  stored(): void
  /**
   * Kafka, or the encoder, refused the record for good. Returns the dead letter to send in its place, which then
   * counts for this ticket, or null when there is none smaller.
   * `item` is the position that was given when the record was appended.
   */
  refused(record: BridgeRecord, item: number, failure: Failure): BridgeRecord | null
}
