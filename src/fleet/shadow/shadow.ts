import type { ShadowState } from '../../records/generated/shadow-state.ts'
import { emptyMap, isMap, type Json, type JsonMap, mapOf } from '../json/json.ts'
import { readObject } from '../json/read.ts'
import { writeJson } from '../json/write.ts'
import { deltaOf } from './delta.ts'
import { mergePatch } from './merge-patch.ts'
import { mergeMetadata } from './metadata.ts'

export type Section = 'reported' | 'desired'

/** A shadow as values instead of texts. */
export interface Shadow {
  /** 0 when nothing was ever written. */
  readonly version: number
  readonly reported: JsonMap
  readonly desired: JsonMap
  readonly delta: JsonMap
  readonly metadata: { readonly reported: Json; readonly desired: Json }
  readonly lastPublishedDelta: JsonMap
}

const noShadow: Shadow = {
  version: 0,
  reported: emptyMap,
  desired: emptyMap,
  delta: emptyMap,
  metadata: { reported: emptyMap, desired: emptyMap },
  lastPublishedDelta: emptyMap,
}

/** The shadow of a state record; the empty one of version 0 when there is none. */
export function shadowOf(state: ShadowState | null): Shadow {
  if (state === null) return noShadow
  const metadata = readObject(state.metadataJson)
  const part = (name: string): JsonMap => {
    const value = metadata?.get(name)
    return isMap(value) ? value : emptyMap
  }
  return {
    version: state.version,
    reported: readObject(state.reportedJson) ?? emptyMap,
    desired: readObject(state.desiredJson) ?? emptyMap,
    delta: readObject(state.deltaJson) ?? emptyMap,
    metadata: { reported: part('reported'), desired: part('desired') },
    lastPublishedDelta: readObject(state.lastPublishedDeltaJson) ?? emptyMap,
  }
}

export function shadowState(thingName: string, shadow: Shadow, now: number): ShadowState {
  const { reported, desired } = shadow.metadata
  return {
    thingName,
    version: shadow.version,
    reportedJson: writeJson(shadow.reported),
    desiredJson: writeJson(shadow.desired),
    deltaJson: writeJson(shadow.delta),
    metadataJson: writeJson(mapOf({ reported, desired })),
    lastPublishedDeltaJson: writeJson(shadow.lastPublishedDelta),
    updatedAt: now,
  }
}

/** Both sections after a write, null emptying one; metadata and delta are left for {@link writeSection}. */
export function mergeSection(shadow: Shadow, section: Section, patch: JsonMap | null): JsonMap {
  return patch === null ? emptyMap : mergePatch(shadow[section], patch)
}

/** The shadow after an accepted write. `merged` is the section after it. */
export function writeSection(
  shadow: Shadow,
  section: Section,
  patch: JsonMap | null,
  merged: JsonMap,
  seconds: number,
): Shadow {
  const metadata = patch === null ? emptyMap : mergeMetadata(merged, shadow.metadata[section], patch, seconds)
  const after = { ...shadow, [section]: merged }
  return {
    ...after,
    version: shadow.version + 1,
    delta: deltaOf(after.desired, after.reported),
    metadata: { ...shadow.metadata, [section]: metadata },
  }
}
