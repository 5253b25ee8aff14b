import type { MqttMessage } from '../records/mqtt-message.ts'
import { refuseLarge } from './decide-device-message.ts'
import { type Decision, Draft } from './draft.ts'
import { inboxRecord } from './inbox.ts'
import { parsePresenceTopic, refusePresence } from './presence.ts'
import type { FleetRegistry } from './registry.ts'
import type { FleetSettings } from './settings.ts'
import { filterMatches, parseDeviceTopic } from './topics.ts'

/**
 * What ingest writes for a message of the broker: its inbox record, one for each thing of the client of a connect or
 * disconnect event, or a dead letter (fleets 1, 2.3, 8). Null when no filter of things matches the topic.
 */
export function ingestMessage(message: MqttMessage, settings: FleetSettings, registry: FleetRegistry): Decision | null {
  const parsed = parseDeviceTopic(message.topic, settings)
  if (parsed !== null) {
    const draft = new Draft(message.receivedAt)
    if (refuseLarge(draft, { ...message, parsed }, settings.maxMessageBytes)) return draft
    writeInbox(draft, message, parsed.thingName, 'DEVICE_MESSAGE')
    return draft
  }
  const ours = settings.presence.filters.some((filter) => filterMatches(filter, message.topic))
  return ours ? ingestPresence(message, settings, registry) : null
}

function ingestPresence(message: MqttMessage, settings: FleetSettings, registry: FleetRegistry): Decision {
  const draft = new Draft(message.receivedAt)
  const parsed = parsePresenceTopic(message.topic)
  if (parsed === null) {
    draft.ignore('unmatched_topic')
    return draft
  }
  if (refusePresence(draft, { ...message, ...parsed }, settings.maxMessageBytes)) return draft
  const things = registry.thingsOf(parsed.clientId)
  if (things.length === 0) draft.ignore('unknown_client')
  for (const thingName of things) writeInbox(draft, message, thingName, 'PRESENCE')
  return draft
}

function writeInbox(
  draft: Draft,
  { dup, payload, receivedAt, retain, topic, traceparent }: MqttMessage,
  thingName: string,
  kind: 'DEVICE_MESSAGE' | 'PRESENCE',
): void {
  const record = inboxRecord({
    thingName,
    kind,
    receivedAt,
    topic,
    payload: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    retain,
    dup,
    userProperties: traceparent === null ? {} : { traceparent },
  })
  draft.write('thingInbox', thingName, record)
}
