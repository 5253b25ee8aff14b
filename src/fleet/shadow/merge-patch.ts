import { isMap, type Json, type JsonMap } from '../json/json.ts'

/**
 * Applies a JSON merge patch (RFC 7396) to a section. Objects that end up empty are removed from the inside out, not
 * those inside arrays (fleets 3.1).
 */
export function mergePatch(target: Json | undefined, patch: JsonMap): JsonMap {
  const merged = new Map<string, Json>(isMap(target) ? target : [])
  for (const [name, value] of patch) {
    const after = isMap(value) ? mergePatch(merged.get(name), value) : value
    if (after === null || (isMap(after) && after.size === 0)) merged.delete(name)
    else merged.set(name, after)
  }
  return merged
}
