import { isArray, isMap, type Json } from './json.ts'

/**
 * Whether two values are the same: numbers by value, arrays in order, objects by members in any order (fleets 3.1).
 * Values of any depth: no recursion.
 */
export function equalJson(one: Json, other: Json): boolean {
  const left: Json[] = [one]
  const right: Json[] = [other]
  while (left.length > 0) {
    const a = left.pop() as Json
    const b = right.pop() as Json
    if (a === b) continue
    if (isMap(a)) {
      if (!isMap(b) || a.size !== b.size) return false
      for (const [name, value] of a) {
        const match = b.get(name)
        if (match === undefined) return false
        left.push(value)
        right.push(match)
      }
    } else if (isArray(a)) {
      if (!isArray(b) || a.length !== b.length) return false
      a.forEach((item, at) => {
        left.push(item)
        right.push(b[at] as Json)
      })
    } else {
      return false
    }
  }
  return true
}
