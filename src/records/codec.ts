import avsc, { type Type } from 'avsc'
import { Failure } from '../kernel/failure.ts'
import { type Data, type SchemaName, schemaTexts } from './generated/schemas.ts'

/** Turns values of one schema into Avro bytes and back. Without the wire header, see wire.ts. */
export interface Codec<T> {
  readonly name: SchemaName
  /** The schema as JSON text, to be registered. */
  readonly schema: string
  /** Avro bytes of a value in a buffer of its own. Throws a malformed `ENCODE_FAILED` that names the path. */
  encode(value: T): Buffer
  /**
   * Writes a value at `at` and returns the position after it, or, when the buffer is too short, minus the number of
   * missing bytes (the buffer's rest is then undefined). Bytes after the value may be overwritten too, so write in
   * ascending order. Throws a malformed `ENCODE_FAILED` that names the path.
   */
  encodeInto(buffer: Buffer, at: number, value: T): number
  /** The value of exactly these bytes, written with this very schema. Throws a malformed `DECODE_FAILED`. */
  decode(bytes: Uint8Array): T
  /**
   * A reader for bytes written with another version of the schema. Throws a malformed `SCHEMA_INCOMPATIBLE` when
   * they cannot be read with this one.
   */
  readerOf(writerSchema: string): (bytes: Uint8Array) => T
  isValid(value: unknown): value is T
}

/**
 * Operators write these, and a long of theirs may be beyond 2^53, where avsc refuses to read. It is read as the
 * nearest number: such values are only compared.
 */
const wideLongs: ReadonlySet<SchemaName> = new Set<SchemaName>(['CommandRequest', 'FleetRequest'])

function wideLong(): Type {
  return avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => Number(bytes.readBigInt64LE()),
    toBuffer: (value: number) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(Math.min(value, MAX_WIDE))))
      return bytes
    },
    fromJSON: Number,
    toJSON: Number,
    isValid: (value: unknown) => Number.isInteger(value) && Math.abs(value as number) <= 2 ** 63,
    compare: (a: number, b: number) => Math.sign(a - b),
  })
}

/** The largest number below 2^63. */
const MAX_WIDE = 2 ** 63 - 1024

/** The avsc type of a schema, unions as plain values, logical types left alone. */
export function avroType(schema: string, wide = false): Type {
  const parsed = JSON.parse(schema)
  if (!wide) return avsc.Type.forSchema(parsed, { wrapUnions: false })
  const long = wideLong()
  const isLong = (each: unknown): boolean =>
    each === 'long' || (typeof each === 'object' && each !== null && 'type' in each && each.type === 'long')
  // A hook and not the registry of names: the registry does not see a long that carries a logical type.
  return avsc.Type.forSchema(parsed, { wrapUnions: false, typeHook: (each) => (isLong(each) ? long : undefined) })
}

/** Where a value does not fit: member path and the type that was expected there. Never the value itself. */
function misfit(type: Type, value: unknown): string {
  let place = 'value'
  type.isValid(value, {
    errorHook: (path, _value, expected) => {
      place = `${path.join('.') || 'value'} is no ${expected.name ?? expected.typeName}`
    },
  })
  return place
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function createCodec<T>(name: SchemaName): Codec<T> {
  const schema = schemaTexts[name]
  const wide = wideLongs.has(name)
  const type = avroType(schema, wide)
  // avsc puts the offending value into its message, and values may be personal: its error is not passed on.
  const refused = (value: unknown): Failure =>
    new Failure('malformed', 'ENCODE_FAILED', `${name}: ${misfit(type, value)}`)
  const unreadable = (error: unknown): Failure =>
    new Failure('malformed', 'DECODE_FAILED', `${name}: ${error instanceof Error ? error.constructor.name : 'error'}`)

  return {
    name,
    schema,
    encode(value) {
      try {
        return type.toBuffer(value)
      } catch {
        throw refused(value)
      }
    },
    encodeInto(buffer, at, value) {
      try {
        return type.encode(value, buffer, at)
      } catch {
        throw refused(value)
      }
    },
    decode(bytes) {
      try {
        return type.fromBuffer(asBuffer(bytes)) as T
      } catch (error) {
        throw unreadable(error)
      }
    },
    readerOf(writerSchema) {
      if (writerSchema === schema) return (bytes) => this.decode(bytes)
      try {
        const writer = avroType(writerSchema, wide)
        const resolver = type.createResolver(writer, { ignoreNamespaces: true })
        return (bytes) => {
          try {
            return type.fromBuffer(asBuffer(bytes), resolver) as T
          } catch (error) {
            throw unreadable(error)
          }
        }
      } catch (error) {
        throw new Failure('malformed', 'SCHEMA_INCOMPATIBLE', `${name} cannot read the writer's schema`, {
          cause: error,
        })
      }
    },
    isValid(value): value is T {
      return type.isValid(value)
    },
  }
}

/** Built when first asked for: a role needs few of them. */
const codecs = new Map<SchemaName, Codec<never>>()

/** The codec of a schema of the catalogue. */
export function codecOf<N extends SchemaName>(name: N): Codec<Data[N]> {
  let codec = codecs.get(name)
  if (codec === undefined) {
    codec = createCodec<never>(name)
    codecs.set(name, codec)
  }
  return codec
}
