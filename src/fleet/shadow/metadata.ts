import { isArray, isMap, type Json, type JsonMap } from '../json/json.ts'

/** The shape of a value with this time at every leaf; a null counts as a leaf (fleets 3.1, 3.2). */
export function metadataOf(value: Json, seconds: number): Json {
  if (isArray(value)) return value.map((item) => metadataOf(item, seconds))
  if (!isMap(value)) return new Map([['timestamp', seconds]])
  const shape = new Map<string, Json>()
  for (const [name, member] of value) shape.set(name, metadataOf(member, seconds))
  return shape
}

/** A section before a write. What was a leaf in `state` is one in `metadata`. */
interface Before {
  readonly state: Json | undefined
  readonly metadata: Json | undefined
}

/** Metadata of a section after a merge: the leaves that the patch names get the time, the others keep theirs. */
export function mergeMetadata(merged: JsonMap, before: Before, patch: JsonMap, seconds: number): JsonMap {
  const state = isMap(before.state) ? before.state : null
  const metadata = state !== null && isMap(before.metadata) ? before.metadata : null
  const shape = new Map<string, Json>()
  for (const [name, value] of merged) {
    const sent = patch.get(name)
    const old = metadata?.get(name)
    if (isMap(sent) && isMap(value)) {
      shape.set(name, mergeMetadata(value, { state: state?.get(name), metadata: old }, sent, seconds))
    } else {
      shape.set(name, sent === undefined && old !== undefined ? old : metadataOf(value, seconds))
    }
  }
  return shape
}

/** The part of desired's metadata that belongs to a delta (fleets 3.1). */
export function deltaMetadata(delta: JsonMap, metadata: Json | undefined): JsonMap {
  const shape = new Map<string, Json>()
  for (const [name, value] of delta) {
    const matching = isMap(metadata) ? metadata.get(name) : undefined
    if (isMap(value)) shape.set(name, deltaMetadata(value, matching))
    else if (matching !== undefined) shape.set(name, matching)
  }
  return shape
}
