import { rm } from 'node:fs/promises'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { ClassicLevel } from 'classic-level'
import { Failure, messageOf } from '../kernel/failure.ts'

/** LevelDB keeps what was last written in memory, twice this at most, and this much of what was read. */
const bufferBytes = 1024 * 1024

interface Held<V> {
  /** Null: removed. */
  readonly value: V | null
  /** The folder has it otherwise. */
  isChanged: boolean
}

/**
 * Values by key: those used last in memory, all of them in a folder. Reading is synchronous. Changes are held in memory
 * until {@link settle}, which whoever uses it awaits after each piece of work; so memory holds `limit` values and those
 * of one piece.
 *
 * Nothing is kept on purpose when the process ends: the folder is a larger memory, not a record.
 */
export class DiskValues<V extends object> {
  readonly #folder: string
  readonly #level: ClassicLevel<string, Buffer>
  readonly #limit: () => number
  readonly #closed: () => void
  /** Least recently used first. */
  readonly #held = new Map<string, Held<V>>()
  /** Keys that the folder has. LevelDB does not look at its checksums when it reads, so damage could be "not found". */
  readonly #stored = new Set<string>()

  /** `folder` exists and is empty. `limit`: how many values may stay in memory, asked again each time. */
  constructor(folder: string, limit: () => number, closed: () => void) {
    this.#folder = folder
    this.#limit = limit
    this.#closed = closed
    this.#level = new ClassicLevel(folder, {
      valueEncoding: 'buffer',
      writeBufferSize: bufferBytes,
      cacheSize: bufferBytes,
    })
  }

  /** How many values are in memory. */
  get inMemory(): number {
    return this.#held.size
  }

  async open(): Promise<void> {
    await this.#level.open().catch((error: unknown) => this.#fail(error))
  }

  get(key: string): V | undefined {
    const held = this.#held.get(key)
    if (held !== undefined) {
      this.#hold(key, held)
      return held.value ?? undefined
    }
    const value = this.#read(key)
    if (value !== undefined) this.#hold(key, { value, isChanged: false })
    return value
  }

  set(key: string, value: V): void {
    this.#hold(key, { value, isChanged: true })
  }

  delete(key: string): void {
    this.#hold(key, { value: null, isChanged: true })
  }

  /** Makes the least recently used leave, until memory holds no more than the limit. One call at a time. */
  async settle(): Promise<void> {
    const excess = this.#held.size - this.#limit()
    if (excess <= 0) return
    const leaving = [...firstOf(this.#held, excess)]
    const changed = leaving.filter(([, { isChanged }]) => isChanged)
    const writes = changed.map(([key, { value }]) =>
      value === null ? ({ type: 'del', key } as const) : ({ type: 'put', key, value: bytesOf(value) } as const),
    )
    if (writes.length > 0) await this.#level.batch(writes).catch((error: unknown) => this.#fail(error))
    for (const { key, type } of writes) {
      if (type === 'put') this.#stored.add(key)
      else this.#stored.delete(key)
    }
    for (const [key, held] of leaving) {
      // What was changed while the others were written stays.
      if (this.#held.get(key) === held) this.#held.delete(key)
    }
  }

  /** Removes the folder. Never rejects: what is left behind is removed by the next start. */
  async close(): Promise<void> {
    this.#held.clear()
    await this.#level.close().catch(() => undefined)
    await rm(this.#folder, { recursive: true, force: true }).catch(() => undefined)
    this.#closed()
  }

  #hold(key: string, held: Held<V>): void {
    this.#held.delete(key)
    this.#held.set(key, held)
  }

  #read(key: string): V | undefined {
    if (!this.#stored.has(key)) return undefined
    try {
      const bytes = this.#level.getSync(key)
      if (bytes === undefined) throw new Error('a value is missing')
      return valueOf<V>(bytes)
    } catch (error) {
      return this.#fail(error)
    }
  }

  #fail(error: unknown): never {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new Failure(
      'transient',
      'store_failed',
      `the local store in ${this.#folder} cannot be used: ${messageOf(cause)}; it is thrown away and rebuilt from Kafka. If this repeats, look at that disk (fleet.store.folder)`,
      { cause: error },
    )
  }
}

/** The value behind a checksum of its own. */
function bytesOf(value: object): Buffer {
  const data = serialize(value)
  const head = Buffer.allocUnsafe(4)
  head.writeUInt32LE(crc32(data))
  return Buffer.concat([head, data])
}

function valueOf<V>(bytes: Buffer): V {
  const data = bytes.subarray(4)
  if (bytes.readUInt32LE() !== crc32(data)) throw new Error('a value is damaged')
  return deserialize(data) as V
}

function* firstOf<K, V>(map: ReadonlyMap<K, V>, count: number): Generator<[K, V]> {
  let left = count
  for (const entry of map) {
    if (left === 0) return
    left -= 1
    yield entry
  }
}
