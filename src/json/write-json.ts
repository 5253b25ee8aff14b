import { JsonArray, JsonNumber, JsonObject, type JsonValue } from './json-value.ts'

/**
 * The value as compact JSON text: members in the order sent, repeats kept, numbers with their source digits, texts
 * escaped as `JSON.stringify` does (attendance 7 and 10.3). Recursion is bounded by the depth the value was read with.
 */
export function writeJson(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.source
  if (value instanceof JsonArray) return `[${value.items.map(writeJson).join(',')}]`
  if (value instanceof JsonObject) {
    return `{${value.names.map((name, at) => `${JSON.stringify(name)}:${writeJson(value.values[at] ?? null)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/**
 * The value without every member, at every depth, whose name `isListed` says to cut, whatever the member's value.
 * The very same value when nothing was cut.
 */
export function cutMembers(value: JsonValue, isListed: (name: string) => boolean): JsonValue {
  if (value instanceof JsonArray) {
    let changed = false
    const items = value.items.map((item) => {
      const cut = cutMembers(item, isListed)
      if (cut !== item) changed = true
      return cut
    })
    return changed ? new JsonArray(items) : value
  }
  if (!(value instanceof JsonObject)) return value
  let changed = false
  const names: string[] = []
  const values: JsonValue[] = []
  value.names.forEach((name, at) => {
    const member = value.values[at] ?? null
    if (isListed(name)) {
      changed = true
      return
    }
    const cut = cutMembers(member, isListed)
    if (cut !== member) changed = true
    names.push(name)
    values.push(cut)
  })
  return changed ? new JsonObject(names, values) : value
}
