/** Fields of Kafka's protocol in the forms before "flexible versions", in the order in which they are written. */
export class FieldWriter {
  readonly #parts: Buffer[] = []

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  int8(value: number): this {
    return this.#add(1, (buffer) => buffer.writeInt8(value))
  }

  int16(value: number): this {
    return this.#add(2, (buffer) => buffer.writeInt16BE(value))
  }

  int32(value: number): this {
    return this.#add(4, (buffer) => buffer.writeInt32BE(value))
  }

  int64(value: bigint): this {
    return this.#add(8, (buffer) => buffer.writeBigInt64BE(value))
  }

  flag(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8')
    this.int16(bytes.length)
    this.#parts.push(bytes)
    return this
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  #add(size: number, write: (buffer: Buffer) => void): this {
    const buffer = Buffer.alloc(size)
    write(buffer)
    this.#parts.push(buffer)
    return this
  }
}

/** Reads what `FieldWriter` writes. Throws a RangeError when the answer is shorter than it should be. */
export class FieldReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  int8(): number {
    return this.#buffer.readInt8(this.#skip(1))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#skip(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#skip(4))
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#skip(8))
  }

  flag(): boolean {
    return this.int8() !== 0
  }

  text(): string {
    return this.nullableText() ?? ''
  }

  nullableText(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const start = this.#skip(length)
    return this.#buffer.toString('utf8', start, start + length)
  }

  list<T>(read: () => T): readonly T[] {
    const count = this.int32()
    const items: T[] = []
    for (let i = 0; i < count; i += 1) items.push(read())
    return items
  }

  /** Bytes with a length of 32 bits in front, not looked at. */
  skipBytes(): void {
    const length = this.int32()
    if (length > 0) this.#skip(length)
  }

  #skip(size: number): number {
    const start = this.#at
    this.#at += size
    return start
  }
}
