import { type Draft, secondsOf } from '../draft.ts'
import { mapOf } from '../json/json.ts'
import type { ThingContext } from '../thing.ts'
import { shadowUpdateTopic } from '../topics.ts'
import { deltaMetadata } from './metadata.ts'
import type { Shadow } from './shadow.ts'

/** Tells the device what is desired and not reported so (fleets 3.3). */
export function publishDelta(context: ThingContext, draft: Draft, shadow: Shadow): void {
  const payload = mapOf({
    version: shadow.version,
    timestamp: secondsOf(context.now),
    state: shadow.delta,
    metadata: deltaMetadata(shadow.delta, shadow.metadata.desired),
  })
  draft.publish(context.thingName, `${shadowUpdateTopic(context.thingName)}/delta`, payload)
}
