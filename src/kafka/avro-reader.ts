import { Failure } from '../kernel/failure.ts'
import type { Codec } from '../records/codec.ts'
import { WIRE_HEADER_BYTES, wireSchemaId } from '../records/wire.ts'
import type { Registry } from './registry.ts'

/** Reads values in the Confluent wire format, whichever version of the schema they were written with. */
export class AvroReader<T> {
  readonly #codec: Codec<T>
  readonly #registry: Registry
  readonly #readers = new Map<number, (bytes: Uint8Array) => T>()

  constructor(codec: Codec<T>, registry: Registry) {
    this.#codec = codec
    this.#registry = registry
  }

  /**
   * The value. Rejects with a `malformed` Failure when these bytes can never be read (no wire header, no such schema,
   * wrong schema, broken Avro), with a `transient` one when the registry does not answer.
   */
  async read(value: Uint8Array): Promise<T> {
    const id = idOf(value)
    const reader = this.#readers.get(id) ?? this.#codec.readerOf(await this.#schemaOf(id))
    this.#readers.set(id, reader)
    return reader(value.subarray(WIRE_HEADER_BYTES))
  }

  /** The value, at once; undefined when the registry has to be asked: then `read` it. Throws as `read` rejects. */
  readAtOnce(value: Uint8Array): T | undefined {
    return this.#readers.get(idOf(value))?.(value.subarray(WIRE_HEADER_BYTES))
  }

  async #schemaOf(id: number): Promise<string> {
    try {
      return await this.#registry.schemaOf(id)
    } catch (error) {
      if (error instanceof Failure && error.kind === 'fatal') {
        throw new Failure('malformed', 'DECODE_FAILED', `the registry has no Avro schema ${id}`, { cause: error })
      }
      throw error
    }
  }
}

function idOf(value: Uint8Array): number {
  const id = wireSchemaId(value)
  if (id === null) throw new Failure('malformed', 'DECODE_FAILED', 'the value is not in the Confluent wire format')
  return id
}
