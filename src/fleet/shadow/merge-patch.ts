import { type Deep, runDeep } from '../json/deep.ts'
import { isMap, type Json, type JsonMap } from '../json/json.ts'

/**
 * Applies a JSON merge patch (RFC 7396) to a section. Objects that end up empty are removed from the inside out, not
 * those inside arrays (fleets 3.1).
 */
export function mergePatch(target: JsonMap, patch: JsonMap): JsonMap {
  return runDeep(merge(target, patch))
}

function* merge(target: Json | undefined, patch: JsonMap): Deep<JsonMap> {
  const merged = new Map<string, Json>(isMap(target) ? target : [])
  for (const [name, value] of patch) {
    const after: Json = isMap(value) ? yield merge(merged.get(name), value) : value
    if (after === null || (isMap(after) && after.size === 0)) merged.delete(name)
    else merged.set(name, after)
  }
  return merged
}
