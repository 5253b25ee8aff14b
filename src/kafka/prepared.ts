import type { Message } from 'kafkajs'
import type { PartitionRecords } from './partition-records.ts'

/**
 * Stands where kafkajs 2.2.4 expects the array of messages of one topic, and hands it records that are encoded already.
 *
 * kafkajs touches `messages` of `producer.send` in five ways only: `find` (validation), `reduce` (grouping by
 * partition), and on each group `length`, `map` with one argument (timestamps) and `map` with two (records). What the
 * second `map` gives is used through `Array.isArray`, `length`, `every`, `some` and `forEach`. So its public `send`
 * takes bytes of ours and still does metadata, leaders, retries, sequence numbers, compression, checksums and framing,
 * at a fifth of the CPU. kafkajs is pinned, and `test/system/prepared.test.ts` holds all of this against a real Kafka;
 * if kafkajs did anything else with the object it would throw, not corrupt.
 *
 * @param now epoch milliseconds. Kafka refuses records from the future (`message.timestamp.after.max.ms`, one hour).
 *   Those that were taken in before the clock was set back would be refused until that time has come, so they get an
 *   earlier timestamp; what they say themselves stays.
 */
export function preparedMessages(partitions: ReadonlyMap<number, PartitionRecords>, now: number): Message[] {
  const groups: Record<number, PreparedGroup> = {}
  for (const [partition, records] of partitions) {
    const aheadMs = records.maxTimestamp - now
    groups[partition] = new PreparedGroup(records, aheadMs > bearableMs ? aheadMs : 0)
  }
  const stand: Pick<Message[], 'find'> & { reduce: () => unknown } = {
    find: () => undefined,
    reduce: () => groups,
  }
  return stand as unknown as Message[]
}

/** Clocks are set right by this much all the time, and Kafka bears more. */
const bearableMs = 60_000

class PreparedGroup {
  readonly #records: PartitionRecords
  readonly #aheadMs: number

  /** `aheadMs`: by how much all timestamps shall be earlier. They count from the first one, so they move together. */
  constructor(records: PartitionRecords, aheadMs: number) {
    this.#records = records
    this.#aheadMs = aheadMs
  }

  get length(): number {
    return this.#records.count
  }

  /** kafkajs asks for timestamps with a function of one parameter and for records with one of two. */
  map(ask: (...parameters: never[]) => unknown): unknown {
    if (ask.length === 2) return preparedArray(this.#records)
    const baseTimestamp = this.#records.baseTimestamp - this.#aheadMs
    const maxTimestamp = this.#records.maxTimestamp - this.#aheadMs
    // kafkajs sorts these as text, which is wrong for numbers of different length (a clock near 1970 or 2001).
    return String(baseTimestamp).length === String(maxTimestamp).length
      ? [baseTimestamp, maxTimestamp]
      : [baseTimestamp]
  }
}

/** An array as long as there are records, which yields one encoder: all of their bytes. */
function preparedArray(records: PartitionRecords): unknown {
  const bytes = records.encoded()
  const encoder = { buf: bytes, buffer: bytes }
  return Object.assign(Array.from({ length: records.count }), {
    // Uncompressed batches: true would make kafkajs look at the first entry, which is not there, and write nothing.
    every: () => false,
    some: () => false,
    forEach: (take: (value: unknown) => void) => take(encoder),
  })
}
