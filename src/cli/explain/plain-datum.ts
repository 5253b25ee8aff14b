import { JsonArray, JsonNumber, JsonObject, type JsonValue } from '../../json/json-value.ts'
import { Failure } from '../../kernel/failure.ts'
import type { Data, SchemaName } from '../../records/generated/schemas.ts'
import { fromPlain } from '../../records/plain.ts'

/** The datum of a line's plain JSON; null when there is none or the schema cannot hold it. */
export function datumOf<N extends SchemaName>(schema: N, plain: JsonValue | undefined): Data[N] | null {
  if (plain === undefined) return null
  try {
    return fromPlain(schema, plainOf(plain))
  } catch (error) {
    if (error instanceof Failure && error.kind === 'malformed') return null
    throw error
  }
}

/** Like `JSON.parse`, but whole numbers too long for a double keep their digits as bigint. */
function plainOf(value: JsonValue): unknown {
  if (value instanceof JsonNumber)
    return /^-?\d{16,20}$/.test(value.source) ? BigInt(value.source) : Number(value.source)
  if (value instanceof JsonArray) return value.items.map(plainOf)
  if (!(value instanceof JsonObject)) return value
  return Object.fromEntries(value.names.map((name, at) => [name, plainOf(value.values[at] ?? null)]))
}
