import type { FleetRequest } from '../../records/generated/fleet-request.ts'
import { type Draft, secondsOf } from '../draft.ts'
import { emptyMap, isMap, type JsonMap, mapOf } from '../json/json.ts'
import { readJson } from '../json/read.ts'
import { jsonBytes, writeJson } from '../json/write.ts'
import { type Answer, accepted, rejected } from '../requests/answer.ts'
import type { ThingContext } from '../thing.ts'
import { shadowUpdateTopic } from '../topics.ts'
import { publishDelta } from './publish-delta.ts'
import { sectionFault } from './section-check.ts'
import { mergeSection, type Shadow, shadowOf, shadowState, writeSection } from './shadow.ts'

/** An operator writes the desired section (fleets 3.3 and 9.3, `SET_DESIRED`). */
export function setDesired(context: ThingContext, draft: Draft, request: FleetRequest, requestId: string): Answer {
  if (!context.registered) return rejected('THING_NOT_FOUND', 'the thing is not registered')
  const { settings, now } = context
  const patch = request.desiredJson === null ? undefined : readJson(request.desiredJson)
  if (patch !== null && !isMap(patch)) return rejected('INVALID_REQUEST', 'desiredJson is no JSON object and not null')
  const expected = request.version ?? 0
  if (expected < 0) return rejected('INVALID_REQUEST', 'version is negative')
  const fault = sectionFault(patch ?? emptyMap, settings.shadow.maxDepth)
  if (fault !== null) return rejected('INVALID_REQUEST', `desiredJson holds a node that is ${fault}`)
  const shadow = shadowOf(context.thing.shadow)
  if (expected !== 0 && expected !== shadow.version) {
    return rejected('VERSION_CONFLICT', 'the shadow has another version', { shadowVersion: shadow.version })
  }
  const merged = mergeSection(shadow, 'desired', patch)
  if (jsonBytes(merged) + jsonBytes(shadow.reported) > settings.shadow.maxBytes) {
    return rejected('PAYLOAD_TOO_LARGE', 'the shadow document would be too large')
  }
  const written = writeSection(shadow, 'desired', patch, merged, secondsOf(now))
  publishDesired(context, draft, written, patch, requestId)
  writeRecords(context, draft, written, patch, requestId)
  return accepted({ shadowVersion: written.version })
}

function publishDesired(
  context: ThingContext,
  draft: Draft,
  written: Shadow,
  patch: JsonMap | null,
  requestId: string,
): void {
  const desired = context.settings.shadow.desiredPublication === 'patch' ? patch : written.desired
  const payload = mapOf({ state: mapOf({ desired }), clientToken: requestId, version: written.version })
  draft.publish(context.thingName, shadowUpdateTopic(context.thingName), payload)
  // Always, even if equal to the last one: the operator asked again.
  if (written.delta.size > 0) publishDelta(context, draft, written)
}

function writeRecords(
  { thingName, now }: ThingContext,
  draft: Draft,
  written: Shadow,
  patch: JsonMap | null,
  requestId: string,
): void {
  const state = shadowState(thingName, { ...written, lastPublishedDelta: written.delta }, now)
  draft.write('shadowState', thingName, state)
  draft.write('shadowChanges', thingName, {
    thingName,
    version: written.version,
    section: 'DESIRED',
    patchJson: writeJson(patch),
    deltaJson: state.deltaJson,
    clientToken: requestId,
    occurredAt: now,
  })
}
