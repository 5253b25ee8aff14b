import { type Deep, runDeep } from '../json/deep.ts'
import { equalJson } from '../json/equal.ts'
import { isMap, type Json, type JsonMap } from '../json/json.ts'

/** What is desired and not reported so: keys that are only in `reported` never appear (fleets 3.1). */
export function deltaOf(desired: JsonMap, reported: JsonMap): JsonMap {
  return runDeep(delta(desired, reported))
}

function* delta(desired: JsonMap, reported: JsonMap): Deep<JsonMap> {
  const differing = new Map<string, Json>()
  for (const [name, wanted] of desired) {
    const actual = reported.get(name)
    if (isMap(wanted) && isMap(actual)) {
      const inner = yield delta(wanted, actual)
      if (inner.size > 0) differing.set(name, inner)
    } else if (actual === undefined || !equalJson(wanted, actual)) {
      differing.set(name, wanted)
    }
  }
  return differing
}
