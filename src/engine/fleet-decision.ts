import type { FleetDecider } from '../fleet/decider.ts'
import type { Decision } from '../fleet/draft.ts'
import type { FleetRequest } from '../records/generated/fleet-request.ts'
import type { InboxRecord } from '../records/generated/inbox-record.ts'
import type { JobInboxRecord } from '../records/generated/job-inbox-record.ts'
import type { ThingRecord } from '../records/generated/thing-record.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import type { FleetInput } from './fleet-ports.ts'

/** An input with its value read: undefined when it cannot be read, null for a tombstone. */
export interface ReadInput {
  readonly input: FleetInput
  readonly message: KafkaMessage
  readonly value: object | null | undefined
}

/** What the decider says of an input. Null: an input that the bridge cannot have written. */
export function decideInput(decider: FleetDecider, { input, message, value }: ReadInput, now: number): Decision | null {
  const key = message.key === null ? null : Buffer.from(message.key).toString('utf8')
  const raw = { topic: message.topic, key, value: message.value }
  switch (input) {
    case 'thingRegistry':
      return decider.registryRecord(raw, value as ThingRecord | null | undefined, now)
    case 'shadowRequests':
      return decider.shadowRequest({ ...raw, request: asRequest(value) }, now)
    case 'commandRequests':
      return decider.commandRequest({ ...raw, request: asRequest(value) }, now)
    case 'jobRequests':
      return decider.jobRequest({ ...raw, request: asRequest(value) }, now)
    case 'thingInbox': {
      const record = value as InboxRecord | null | undefined
      return record?.thingName === key && record !== null && record !== undefined
        ? decider.thingInput(record, now)
        : null
    }
    case 'jobInbox': {
      const record = value as JobInboxRecord | null | undefined
      return record?.jobId === key && record !== null && record !== undefined ? decider.jobInput(record, now) : null
    }
  }
}

/** What becomes of an input when Kafka refuses for good what it leads to: whoever asked is told, and nothing changes. */
export function refuseInput(
  decider: FleetDecider,
  { input, message, value }: ReadInput,
  now: number,
  why: string,
): Decision {
  const key = message.key === null ? null : Buffer.from(message.key).toString('utf8')
  const raw = { topic: message.topic, key, value: message.value }
  switch (input) {
    case 'shadowRequests':
    case 'commandRequests':
    case 'jobRequests':
      return decider.refusedRequest({ ...raw, request: asRequest(value) }, now, why)
    case 'thingInbox':
      return decider.refusedThingInput(raw, (value ?? null) as InboxRecord | null, now, why)
    case 'thingRegistry':
    case 'jobInbox':
      return decider.refusedThingInput(raw, null, now, why)
  }
}

function asRequest(value: object | null | undefined): FleetRequest | null {
  return (value ?? null) as FleetRequest | null
}
