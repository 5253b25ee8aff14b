/**
 * A JSON value of things and their operators: numbers are IEEE doubles, objects keep the order of the text for every
 * key (`1` and `__proto__` too), of a repeated member the last value stands at the place of the first (fleets 2.3).
 */
export type Json = string | number | boolean | null | readonly Json[] | JsonMap

export type JsonMap = ReadonlyMap<string, Json>

export const emptyMap: JsonMap = new Map()

export function isMap(value: Json | undefined): value is JsonMap {
  return value instanceof Map
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** An object with these members; one that is undefined is left out. */
export function mapOf(members: Readonly<Record<string, Json | undefined>>): JsonMap {
  const map = new Map<string, Json>()
  for (const [name, value] of Object.entries(members)) if (value !== undefined) map.set(name, value)
  return map
}

/** The member, where null counts as absent (fleets 2.3). */
export function optional(map: JsonMap, name: string): Exclude<Json, null> | undefined {
  return map.get(name) ?? undefined
}
