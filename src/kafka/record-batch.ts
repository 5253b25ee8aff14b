import type { Batch } from '../flow/sender.ts'
import type { Ticket } from '../flow/ticket.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import { type BridgeRecord, deadLetterCode } from '../records/bridge-record.ts'
import type { ChannelName } from '../records/catalogue.ts'
import { partitionFor } from '../records/topics.ts'
import { WIRE_HEADER_BYTES, writeWireHeader } from '../records/wire.ts'
import { PartitionRecords } from './partition-records.ts'

/** How one channel's records become bytes. */
export interface ChannelEncoding {
  readonly topic: string
  readonly partitions: number
  /** Null: the value is bytes already. */
  readonly avro: {
    readonly schemaId: number
    /** Writes the value at `at`; returns the position after it, or a negative number when the buffer is too small. */
    readonly encodeInto: (buffer: Buffer, at: number, value: object) => number
    /** The value of these bytes, which this very encoding wrote. */
    readonly decode: (bytes: Buffer) => object
  } | null
}

/** The channels that a role writes to. */
export type Encodings = ReadonlyMap<ChannelName, ChannelEncoding>

export interface BatchLimits {
  readonly maxRecords: number
  readonly maxBytesPerPartition: number
}

/** A key as bytes, and its partition on the topic it was last sent to. */
interface KnownKey {
  readonly bytes: Buffer
  encoding: ChannelEncoding | null
  partition: number
}

/** What one batch can learn from the ones before: a fleet sends from the same devices, at the same rate, all day. */
export class BatchMemory {
  readonly #keys = new Map<string, KnownKey>()
  readonly #sizes = new Map<ChannelEncoding, number[]>()
  readonly #keyLimit: number

  constructor(keyLimit = 100_000) {
    this.#keyLimit = keyLimit
  }

  key(channel: ChannelName, encoding: ChannelEncoding, key: string): KnownKey {
    let known = this.#keys.get(key)
    if (known === undefined) {
      // Random serials must not fill the memory; starting over costs a hash per key.
      if (this.#keys.size >= this.#keyLimit) this.#keys.clear()
      known = { bytes: Buffer.from(key, 'utf8'), encoding: null, partition: 0 }
      this.#keys.set(key, known)
    }
    if (known.encoding !== encoding) {
      known.partition = partitionFor(channel, key, encoding.partitions)
      known.encoding = encoding
    }
    return known
  }

  /** How many bytes the last batch of this partition took; undefined when none is known. */
  expectedBytes(encoding: ChannelEncoding, partition: number): number | undefined {
    return this.#sizes.get(encoding)?.[partition]
  }

  noteBytes(encoding: ChannelEncoding, partition: number, bytes: number): void {
    let sizes = this.#sizes.get(encoding)
    if (sizes === undefined) {
      sizes = []
      this.#sizes.set(encoding, sizes)
    }
    // A little room, and never so much that one burst keeps the memory.
    sizes[partition] = Math.min(64 * 1024, Math.max(1024, Math.ceil(bytes * 1.25)))
  }
}

/** Where values are encoded before they are copied into their partition's buffer. Grows, is shared, holds nothing. */
export class Scratch {
  buffer = Buffer.allocUnsafe(64 * 1024)

  grow(): void {
    this.buffer = Buffer.allocUnsafe(this.buffer.length * 2)
  }
}

const largestValueBytes = 64 * 1024 * 1024

/** The records of one flight, by topic and partition. */
export class RecordBatch implements Batch {
  readonly topics = new Map<string, Map<number, PartitionRecords>>()
  readonly deadLetters = new Map<string, number>()
  readonly #encodings: Encodings
  readonly #memory: BatchMemory
  readonly #scratch: Scratch
  readonly #limits: BatchLimits
  #records = 0
  #bytes = 0

  constructor(encodings: Encodings, memory: BatchMemory, scratch: Scratch, limits: BatchLimits) {
    this.#encodings = encodings
    this.#memory = memory
    this.#scratch = scratch
    this.#limits = limits
  }

  get records(): number {
    return this.#records
  }

  get bytes(): number {
    return this.#bytes
  }

  append(record: BridgeRecord, ticket: Ticket, item: number): boolean {
    if (this.#records >= this.#limits.maxRecords) return false
    const encoding = this.#encodingOf(record.channel)
    const key = record.key === null ? null : this.#memory.key(record.channel, encoding, record.key)
    // A dead letter without a key may go anywhere; this spreads them.
    const partition = key === null ? (record.timestamp + this.#records) % encoding.partitions : key.partition
    const [value, length] = this.#encode(encoding, record)
    const records = this.#partition(encoding, partition)
    if (records.count > 0 && records.bytes + length > this.#limits.maxBytesPerPartition) return false
    const before = records.bytes
    records.append(record, key === null ? null : key.bytes, value, length, ticket, item)
    this.#bytes += records.bytes - before
    this.#records += 1
    const code = deadLetterCode(record)
    if (code !== null) this.deadLetters.set(code, (this.deadLetters.get(code) ?? 0) + 1)
    return true
  }

  settle(): void {
    for (const encoding of this.#encodings.values()) {
      for (const [partition, records] of this.topics.get(encoding.topic) ?? []) {
        this.#memory.noteBytes(encoding, partition, records.bytes)
        for (const ticket of records.tickets) ticket.stored()
      }
    }
  }

  /** A record of this batch, read back from its bytes. For the few that Kafka refuses. */
  recordAt(topic: string, records: PartitionRecords, index: number): BridgeRecord {
    const [channel, encoding] = [...this.#encodings].find(([, known]) => known.topic === topic) ?? []
    if (channel === undefined || encoding === undefined) throw new RangeError(`no channel of ${topic}`)
    const { timestamp, key, value, headers } = records.read(index)
    const datum =
      encoding.avro === null || value === null ? value : encoding.avro.decode(value.subarray(WIRE_HEADER_BYTES))
    return { channel, key: key === null ? null : key.toString('utf8'), value: datum, headers, timestamp }
  }

  #encodingOf(channel: ChannelName): ChannelEncoding {
    const encoding = this.#encodings.get(channel)
    if (encoding === undefined) throw new Failure('malformed', 'ENCODE_FAILED', `this role does not write ${channel}`)
    return encoding
  }

  #partition(encoding: ChannelEncoding, partition: number): PartitionRecords {
    const { topic } = encoding
    let partitions = this.topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.topics.set(topic, partitions)
    }
    let records = partitions.get(partition)
    if (records === undefined) {
      records = new PartitionRecords(this.#memory.expectedBytes(encoding, partition))
      partitions.set(partition, records)
    }
    return records
  }

  #encode(encoding: ChannelEncoding, record: BridgeRecord): [Buffer | null, number] {
    const { value } = record
    if (value === null) return [null, 0]
    if (value instanceof Uint8Array) {
      return [Buffer.from(value.buffer, value.byteOffset, value.byteLength), value.byteLength]
    }
    if (encoding.avro === null) throw new Failure('malformed', 'ENCODE_FAILED', `${record.channel} takes bytes only`)
    try {
      for (;;) {
        const { buffer } = this.#scratch
        writeWireHeader(buffer, 0, encoding.avro.schemaId)
        const end = encoding.avro.encodeInto(buffer, WIRE_HEADER_BYTES, value)
        if (end >= 0) return [buffer, end]
        if (buffer.length >= largestValueBytes) throw new Error(`more than ${largestValueBytes} bytes`)
        this.#scratch.grow()
      }
    } catch (error) {
      throw new Failure('malformed', 'ENCODE_FAILED', messageOf(error), { cause: error })
    }
  }
}
