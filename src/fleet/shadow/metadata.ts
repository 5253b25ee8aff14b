import { type Deep, runDeep } from '../json/deep.ts'
import { isArray, isMap, type Json, type JsonMap } from '../json/json.ts'

/** The shape of a value with this time at every leaf; a null counts as a leaf (fleets 3.1, 3.2). */
export function metadataOf(value: Json, seconds: number): Json {
  return runDeep(shapeOf(value, seconds))
}

/** Metadata of a section after a merge: the leaves that the patch names get the time, the others keep theirs. */
export function mergeMetadata(merged: JsonMap, before: Json, patch: JsonMap, seconds: number): Json {
  return runDeep(mergedShape(merged, before, patch, seconds))
}

/** The part of desired's metadata that belongs to a delta (fleets 3.1). */
export function deltaMetadata(delta: JsonMap, metadata: Json): Json {
  return runDeep(matchingShape(delta, metadata))
}

function* shapeOf(value: Json, seconds: number): Deep<Json> {
  if (isArray(value)) {
    const items: Json[] = []
    for (const item of value) items.push(yield shapeOf(item, seconds))
    return items
  }
  if (!isMap(value)) return new Map([['timestamp', seconds]])
  const shape = new Map<string, Json>()
  for (const [name, member] of value) shape.set(name, yield shapeOf(member, seconds))
  return shape
}

function* mergedShape(merged: JsonMap, before: Json | undefined, patch: JsonMap, seconds: number): Deep<Json> {
  const shape = new Map<string, Json>()
  for (const [name, value] of merged) {
    const sent = patch.get(name)
    // Where the patch names nothing there was an object before, so its metadata has this name's.
    const old = isMap(before) ? before.get(name) : undefined
    if (isMap(sent) && isMap(value)) shape.set(name, yield mergedShape(value, old, sent, seconds))
    else if (sent === undefined && old !== undefined) shape.set(name, old)
    else shape.set(name, yield shapeOf(value, seconds))
  }
  return shape
}

function* matchingShape(delta: JsonMap, metadata: Json | undefined): Deep<Json> {
  const shape = new Map<string, Json>()
  for (const [name, value] of delta) {
    const matching = isMap(metadata) ? metadata.get(name) : undefined
    if (isMap(value)) shape.set(name, yield matchingShape(value, matching))
    else if (matching !== undefined) shape.set(name, matching)
  }
  return shape
}
