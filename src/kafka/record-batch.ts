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
  } | null
}

/** The channels that a role writes to. */
export type Encodings = ReadonlyMap<ChannelName, ChannelEncoding>

export interface BatchLimits {
  readonly maxRecords: number
  readonly maxBytesPerPartition: number
}

/** The bytes of keys and their partitions, remembered: a fleet sends from the same devices all day. */
export class KeyCache {
  readonly #entries = new Map<string, { readonly bytes: Buffer; readonly partitions: Map<string, number> }>()
  readonly #limit: number

  constructor(limit = 100_000) {
    this.#limit = limit
  }

  bytesOf(key: string): Buffer {
    return this.#entry(key).bytes
  }

  partitionOf(channel: ChannelName, topic: string, key: string, partitions: number): number {
    const known = this.#entry(key).partitions
    const place = `${topic}/${partitions}`
    let partition = known.get(place)
    if (partition === undefined) {
      partition = partitionFor(channel, key, partitions)
      known.set(place, partition)
    }
    return partition
  }

  #entry(key: string) {
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      // Random serials must not fill the memory; starting over costs a hash per key.
      if (this.#entries.size >= this.#limit) this.#entries.clear()
      entry = { bytes: Buffer.from(key, 'utf8'), partitions: new Map() }
      this.#entries.set(key, entry)
    }
    return entry
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
  readonly #keys: KeyCache
  readonly #scratch: Scratch
  readonly #limits: BatchLimits
  #records = 0
  #bytes = 0

  constructor(encodings: Encodings, keys: KeyCache, scratch: Scratch, limits: BatchLimits) {
    this.#encodings = encodings
    this.#keys = keys
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
    // A dead letter without a key may go anywhere; this spreads them.
    const partition =
      record.key === null
        ? (record.timestamp + this.#records) % encoding.partitions
        : this.#keys.partitionOf(record.channel, encoding.topic, record.key, encoding.partitions)
    const key = record.key === null ? null : this.#keys.bytesOf(record.key)
    const [value, length] = this.#encode(encoding, record)
    const records = this.#partition(encoding.topic, partition)
    if (records.count > 0 && records.bytes + length > this.#limits.maxBytesPerPartition) return false
    const before = records.bytes
    records.append(record, key, value, length, ticket, item)
    this.#bytes += records.bytes - before
    this.#records += 1
    const code = deadLetterCode(record)
    if (code !== null) this.deadLetters.set(code, (this.deadLetters.get(code) ?? 0) + 1)
    return true
  }

  settle(): void {
    for (const partitions of this.topics.values()) {
      for (const { tickets } of partitions.values()) for (const ticket of tickets) ticket.stored()
    }
  }

  /** Some of the records of one partition, encoded anew: offsets and timestamps count from the first one. */
  slice(records: PartitionRecords, from: number, to: number): PartitionRecords {
    const part = new PartitionRecords()
    for (let i = from; i < to; i += 1) {
      const [record, ticket, item] = [records.records[i], records.tickets[i], records.items[i]]
      if (record === undefined || ticket === undefined || item === undefined) throw new RangeError(`no record ${i}`)
      const [value, length] = this.#encode(this.#encodingOf(record.channel), record)
      part.append(record, record.key === null ? null : this.#keys.bytesOf(record.key), value, length, ticket, item)
    }
    return part
  }

  #encodingOf(channel: ChannelName): ChannelEncoding {
    const encoding = this.#encodings.get(channel)
    if (encoding === undefined) throw new Failure('malformed', 'ENCODE_FAILED', `this role does not write ${channel}`)
    return encoding
  }

  #partition(topic: string, partition: number): PartitionRecords {
    let partitions = this.topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.topics.set(topic, partitions)
    }
    let records = partitions.get(partition)
    if (records === undefined) {
      records = new PartitionRecords()
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
