import { Failure } from '../kernel/failure.ts'
import { type Data, type SchemaName, schemaTexts } from './generated/schemas.ts'

/** A schema as parsed from its JSON text. */
type Schema = string | readonly Schema[] | SchemaObject
interface SchemaObject {
  readonly type: Schema
  readonly name?: string
  readonly fields?: readonly { readonly name: string; readonly type: Schema; readonly default?: unknown }[]
  readonly symbols?: readonly string[]
  readonly default?: string
  readonly items?: Schema
  readonly values?: Schema
}

/** A schema together with the named types met so far, which later parts of it may refer to by name. */
interface Reading {
  readonly named: Map<string, SchemaObject>
}

const INT_MAX = 2 ** 31 - 1
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

function no(path: string, expected: string): Failure {
  return new Failure('malformed', 'PLAIN_MISFIT', `${path === '' ? 'value' : path} is no ${expected}`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A map whose names are never those of Object.prototype's setters: `__proto__` is a name like any other. */
function mapOf<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries)
}

function primitiveFromPlain(type: string, value: unknown, path: string): unknown {
  switch (type) {
    case 'null':
      if (value === null) return null
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'int':
      if (Number.isInteger(value) && (value as number) >= -INT_MAX - 1 && (value as number) <= INT_MAX) return value
      break
    case 'long':
      if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return Number(value)
      if (Number.isInteger(value) && Math.abs(value as number) < 2 ** 63) return value
      break
    case 'float':
    case 'double':
      if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
      break
    case 'string':
      // Any Avro producer writes UTF-8, which has no lone surrogates.
      if (typeof value === 'string') return value.replace(LONE_SURROGATE, '\ufffd')
      break
    case 'bytes':
      if (typeof value === 'string' && BASE64.test(value)) return Buffer.from(value, 'base64')
      break
  }
  throw no(path, type)
}

function fromUnion(reading: Reading, branches: readonly Schema[], value: unknown, path: string): unknown {
  if (value === null && branches.includes('null')) return null
  let failure: unknown = no(path, 'branch of the union')
  for (const branch of branches) {
    if (branch === 'null') continue
    try {
      return fromSchema(reading, branch, value, path)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function fromSchema(reading: Reading, schema: Schema, value: unknown, path: string): unknown {
  if (typeof schema === 'string') {
    const named = reading.named.get(schema)
    return named === undefined ? primitiveFromPlain(schema, value, path) : fromSchema(reading, named, value, path)
  }
  if (isUnion(schema)) return fromUnion(reading, schema, value, path)
  if (schema.name !== undefined) reading.named.set(schema.name, schema)
  switch (schema.type) {
    case 'record': {
      if (!isObject(value)) throw no(path, schema.name ?? 'record')
      return recordFromPlain(reading, schema, value, path)
    }
    case 'enum':
      if (typeof value !== 'string') throw no(path, schema.name ?? 'enum')
      if (schema.symbols?.includes(value) === true) return value
      if (schema.default === undefined) throw no(path, schema.name ?? 'enum')
      return schema.default
    case 'array':
      if (!Array.isArray(value)) throw no(path, 'array')
      return value.map((item, index) => fromSchema(reading, schema.items ?? 'null', item, `${path}[${index}]`))
    case 'map':
      if (!isObject(value)) throw no(path, 'map')
      // No member name in the path: it is the sender's, and may be personal.
      return mapOf(mapFromPlain(reading, schema.values ?? 'null', value, path))
    default:
      return fromSchema(reading, schema.type, value, path)
  }
}

/** An entry that is null is none where the schema takes no null, like any member (attendance.md 1). */
function mapFromPlain(
  reading: Reading,
  values: Schema,
  given: Readonly<Record<string, unknown>>,
  path: string,
): (readonly [string, unknown])[] {
  return Object.entries(given).flatMap(([name, item]) =>
    item === null && !takesNull(values) ? [] : [[name, fromSchema(reading, values, item, path)] as const],
  )
}

function recordFromPlain(
  reading: Reading,
  schema: SchemaObject,
  value: Readonly<Record<string, unknown>>,
  path: string,
): Record<string, unknown> {
  const datum: Record<string, unknown> = {}
  for (const field of schema.fields ?? []) {
    const at = path === '' ? field.name : `${path}.${field.name}`
    const own = Object.hasOwn(value, field.name) ? value[field.name] : undefined
    // null counts as absent everywhere (attendance.md 1), so where the schema takes no null the default stands for it.
    const given = own === null && !takesNull(field.type) ? undefined : own
    if (given === undefined && field.default === undefined) {
      throw new Failure('malformed', 'PLAIN_MISFIT', `${at} is missing`)
    }
    datum[field.name] = fromSchema(reading, field.type, given === undefined ? field.default : given, at)
  }
  return datum
}

function toSchema(reading: Reading, schema: Schema, value: unknown): unknown {
  if (typeof schema === 'string') {
    const named = reading.named.get(schema)
    if (named !== undefined) return toSchema(reading, named, value)
    return schema === 'bytes' ? Buffer.from(value as Uint8Array).toString('base64') : value
  }
  if (isUnion(schema)) {
    // Every union of ours is null and one other type.
    const other = schema.find((branch) => branch !== 'null') ?? 'null'
    if (value !== null) return toSchema(reading, other, value)
    // Only to meet the named types inside.
    if (typeof other !== 'string') remember(reading, other)
    return null
  }
  remember(reading, schema)
  switch (schema.type) {
    case 'record': {
      const given = value as Readonly<Record<string, unknown>>
      const plain: Record<string, unknown> = {}
      for (const field of schema.fields ?? []) {
        const member = given[field.name] === undefined ? field.default : given[field.name]
        plain[field.name] = toSchema(reading, field.type, member)
      }
      return plain
    }
    case 'enum':
      return value
    case 'array':
      return (value as readonly unknown[]).map((item) => toSchema(reading, schema.items ?? 'null', item))
    case 'map':
      return mapOf(
        Object.entries(value as Readonly<Record<string, unknown>>).map(([name, item]) => [
          name,
          toSchema(reading, schema.values ?? 'null', item),
        ]),
      )
    default:
      return toSchema(reading, schema.type, value)
  }
}

function takesNull(schema: Schema): boolean {
  return schema === 'null' || (isUnion(schema) && schema.includes('null'))
}

function remember(reading: Reading, schema: Schema): void {
  if (typeof schema !== 'string' && !isUnion(schema) && schema.name !== undefined)
    reading.named.set(schema.name, schema)
}

function isUnion(schema: Schema): schema is readonly Schema[] {
  return Array.isArray(schema)
}

/**
 * Datum of a schema from the plain JSON of the scenarios (as JSON.parse gives it; whole numbers beyond 2^53 better as
 * bigint): absent members take the schema's default, an unknown enum symbol the enum's, unknown members are ignored, unions have no wrapper, bytes are Base64.
 * Throws a malformed `PLAIN_MISFIT` naming the path when the schema cannot hold the value.
 */
export function fromPlain<N extends SchemaName>(name: N, plain: unknown): Data[N] {
  const schema = JSON.parse(schemaTexts[name]) as SchemaObject
  return fromSchema({ named: new Map() }, schema, plain, '') as Data[N]
}

/** Plain JSON of a datum: every field in the schema's order, bytes as Base64. The reverse of {@link fromPlain}. */
export function toPlain<N extends SchemaName>(name: N, datum: Data[N]): Record<string, unknown> {
  const schema = JSON.parse(schemaTexts[name]) as SchemaObject
  return toSchema({ named: new Map() }, schema, datum) as Record<string, unknown>
}
