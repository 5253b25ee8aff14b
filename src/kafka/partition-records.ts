import type { Ticket } from '../flow/ticket.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'

/** What a partition gets whose last batch is not known. */
const firstBytes = 8 * 1024

/**
 * Records of one partition in Kafka's record format (message format v2, without the batch header), written as they
 * arrive. Record: length, attributes, timestamp delta, offset delta, key, value, headers; all lengths and deltas are
 * zigzag varints.
 *
 * The buffer belongs to one send and is never reused: kafkajs may encode from it again when it retries.
 */
export class PartitionRecords {
  readonly tickets: Ticket[] = []
  readonly items: number[] = []
  /** Where each record begins. What it said is read back when it is needed, which is next to never. */
  readonly #starts: number[] = []
  /** Timestamp of the first record, from which the others count, and the greatest; epoch milliseconds. */
  baseTimestamp = 0
  maxTimestamp = 0
  #buffer: Buffer
  #length = 0

  /** `expectedBytes`: what the last batch of this partition took, so that a steady load never grows a buffer. */
  constructor(expectedBytes = firstBytes) {
    this.#buffer = Buffer.allocUnsafeSlow(expectedBytes)
  }

  get count(): number {
    return this.tickets.length
  }

  get bytes(): number {
    return this.#length
  }

  /** The encoded records, without copying. */
  encoded(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** `value` null is a tombstone; `valueLength` says how many of its first bytes count. */
  append(
    { timestamp, headers }: Pick<BridgeRecord, 'timestamp' | 'headers'>,
    key: Buffer | null,
    value: Buffer | null,
    valueLength: number,
    ticket: Ticket,
    item: number,
  ): void {
    const count = this.count
    if (count === 0) {
      this.baseTimestamp = timestamp
      this.maxTimestamp = timestamp
    } else if (timestamp > this.maxTimestamp) {
      this.maxTimestamp = timestamp
    }
    const delta = timestamp - this.baseTimestamp
    const encodedHeaders = headers === null ? null : encodeHeaders(headers)
    const size =
      1 +
      sizeOfVarint(delta) +
      sizeOfVarint(count) +
      sizeOfBytes(key === null ? -1 : key.length) +
      sizeOfBytes(value === null ? -1 : valueLength) +
      (encodedHeaders === null ? 1 : encodedHeaders.length)
    this.#reserve(size + 5)
    this.#starts.push(this.#length)
    const buffer = this.#buffer
    let at = writeVarint(buffer, this.#length, size)
    buffer[at] = 0
    at = writeVarint(buffer, at + 1, delta)
    at = writeVarint(buffer, at, count)
    at = writeBytes(buffer, at, key, key === null ? -1 : key.length)
    at = writeBytes(buffer, at, value, value === null ? -1 : valueLength)
    if (encodedHeaders === null) {
      buffer[at] = 0
      at += 1
    } else {
      at += encodedHeaders.copy(buffer, at)
    }
    this.#length = at
    this.tickets.push(ticket)
    this.items.push(item)
  }

  /** A record as it was appended. Throws RangeError when there is none at this index. */
  read(index: number): StoredRecord {
    const start = this.#starts[index]
    if (start === undefined) throw new RangeError(`no record ${index}`)
    const reader = new VarintReader(this.#buffer, start)
    reader.varint()
    reader.skip(1)
    const timestamp = this.baseTimestamp + reader.varint()
    reader.varint()
    const key = reader.bytes()
    const value = reader.bytes()
    const headers: Record<string, string> = {}
    const count = reader.varint()
    for (let i = 0; i < count; i += 1) {
      const name = reader.bytes()?.toString('utf8') ?? ''
      headers[name] = reader.bytes()?.toString('utf8') ?? ''
    }
    return { timestamp, key, value, headers: count === 0 ? null : headers }
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#buffer.length) return
    const bigger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(bigger, 0, 0, this.#length)
    this.#buffer = bigger
  }
}

function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const names = Object.keys(headers)
  const parts: Buffer[] = [varint(names.length)]
  for (const name of names) {
    for (const text of [name, headers[name] ?? '']) {
      const bytes = Buffer.from(text, 'utf8')
      parts.push(varint(bytes.length), bytes)
    }
  }
  return Buffer.concat(parts)
}

function varint(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(10)
  return buffer.subarray(0, writeVarint(buffer, 0, value))
}

/** Writes a zigzag varint; values beyond 31 bits (timestamp deltas of weeks) go through arithmetic, not bit shifts. */
function writeVarint(buffer: Buffer, start: number, value: number): number {
  let at = start
  if (value >= -0x4000_0000 && value < 0x4000_0000) {
    let rest = (value << 1) ^ (value >> 31)
    while (rest > 0x7f) {
      buffer[at] = (rest & 0x7f) | 0x80
      at += 1
      rest >>>= 7
    }
    buffer[at] = rest
    return at + 1
  }
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest > 0x7f) {
    buffer[at] = (rest % 128) | 0x80
    at += 1
    rest = Math.floor(rest / 128)
  }
  buffer[at] = rest
  return at + 1
}

function sizeOfVarint(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  let size = 1
  while (rest > 0x7f) {
    size += 1
    rest = Math.floor(rest / 128)
  }
  return size
}

function sizeOfBytes(length: number): number {
  return sizeOfVarint(length) + Math.max(0, length)
}

function writeBytes(buffer: Buffer, start: number, bytes: Buffer | null, length: number): number {
  const at = writeVarint(buffer, start, length)
  return bytes === null ? at : at + bytes.copy(buffer, at, 0, length)
}

/** A record read back. Its bytes are views of the buffer that it stands in. */
export interface StoredRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>> | null
}

class VarintReader {
  readonly #buffer: Buffer
  #at: number

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer
    this.#at = at
  }

  skip(bytes: number): void {
    this.#at += bytes
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#buffer[this.#at] ?? 0
      this.#at += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }

  /** Null for the length -1. */
  bytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    this.#at += length
    return this.#buffer.subarray(this.#at - length, this.#at)
  }
}
