/**
 * A JSON text as it was sent: numbers keep their source digits, objects keep order and repeats. Texts, booleans and
 * null are the JavaScript values themselves, so `typeof` and `instanceof` tell all six types apart.
 */
export type JsonValue = string | boolean | null | JsonNumber | JsonArray | JsonObject

export class JsonNumber {
  /** The characters exactly as sent, such as `1.50` or `9007199254740993`. */
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

export class JsonArray {
  readonly items: readonly JsonValue[]
  /** Start and end (exclusive) of item i in the text are at 2i and 2i + 1, in UTF-16 code units. */
  readonly ranges: readonly number[]
  /** Offset of the first member below here that repeats a name with another value, or -1. */
  readonly conflictAt: number

  constructor(items: readonly JsonValue[], ranges: readonly number[] = [], conflictAt = -1) {
    this.items = items
    this.ranges = ranges
    this.conflictAt = conflictAt
  }
}

/** Parallel lists, not a dictionary: `__proto__` is a name like any other, and repeats stay visible. */
export class JsonObject {
  readonly names: readonly string[]
  readonly values: readonly JsonValue[]
  /** Offset of the first member of this very object that repeats a name with another value, or -1. */
  readonly ownConflictAt: number
  /** The same for this object and everything below it. */
  readonly conflictAt: number

  constructor(names: readonly string[], values: readonly JsonValue[], ownConflictAt = -1, conflictAt = -1) {
    this.names = names
    this.values = values
    this.ownConflictAt = ownConflictAt
    this.conflictAt = conflictAt
  }

  /** The member of this name (the first one when it repeats), a sent null as null; undefined when there is none. */
  get(name: string): JsonValue | undefined {
    const at = this.names.indexOf(name)
    return at < 0 ? undefined : this.values[at]
  }

  /** Like `get`, where null counts as absent (attendance 1). */
  present(name: string): Exclude<JsonValue, null> | undefined {
    return this.get(name) ?? undefined
  }
}

/** Why a text is not JSON within the limits. `offset` is in UTF-16 code units of the text that was read. */
export class JsonFault {
  readonly code: 'JSON_INVALID' | 'JSON_TOO_DEEP'
  readonly offset: number

  constructor(code: 'JSON_INVALID' | 'JSON_TOO_DEEP', offset: number) {
    this.code = code
    this.offset = offset
  }
}

/** Offset of the first member with a repeated name and another value anywhere in the value, or -1 (attendance 3). */
export function conflictOf(value: JsonValue): number {
  return value instanceof JsonObject || value instanceof JsonArray ? value.conflictAt : -1
}

/**
 * The value as plain JavaScript, for code that needs no digits: numbers become doubles, of repeated members the first
 * counts, objects have no prototype (`__proto__` is an own member).
 */
export function toPlain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.source)
  if (value instanceof JsonArray) return value.items.map(toPlain)
  if (!(value instanceof JsonObject)) return value
  const plain = Object.create(null) as Record<string, unknown>
  value.names.forEach((name, at) => {
    if (!(name in plain)) plain[name] = toPlain(value.values[at] ?? null)
  })
  return plain
}
