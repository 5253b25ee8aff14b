import type { DeviceRegistry } from '../device/device-registry.ts'
import { Draft } from '../fleet/draft.ts'
import { ingestMessage } from '../fleet/ingest.ts'
import type { FleetRegistry } from '../fleet/registry.ts'
import type { FleetSettings } from '../fleet/settings.ts'
import type { Decider } from '../flow/pump.ts'
import type { Failure } from '../kernel/failure.ts'
import { type BridgeRecord, deadLetterCode, type Outcome } from '../records/bridge-record.ts'
import type { DeadLetter } from '../records/generated/dead-letter.ts'
import type { FleetDeadLetter } from '../records/generated/fleet-dead-letter.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import { decideIngest, type IngestRules } from '../routes/ingest.ts'
import { refuseOutcome } from '../routes/refuse-outcome.ts'

/** What ingest needs to know of things; null when they are not served. */
export interface ThingsOfIngest {
  readonly settings: FleetSettings
  readonly registry: FleetRegistry
}

/** The pure core of ingest behind the pump's port. */
export function ingestDecider(
  rules: IngestRules,
  devices: DeviceRegistry,
  things: ThingsOfIngest | null,
  randomUuid: () => string,
): Decider {
  return {
    decide: (message) => {
      const ofThings =
        things === null || message.topic === rules.brokerEventTopic ? null : decideThings(message, things)
      return ofThings ?? decideIngest(message, rules, devices, randomUuid)
    },
    deadLetterOf: (message, item, record, failure) => {
      if (record.channel === 'deadLetter' || record.channel === 'fleetDeadLetter') return smaller(record)
      if (record.channel === 'thingInbox') return refusedInbox(message, record)
      const outcome = refuseOutcome(message, item, { code: codeOf(failure), detail: failure.message }, rules)
      return outcome.kind === 'ignored' ? null : outcome.record
    },
  }
}

function codeOf({ code }: Failure): 'ENCODE_FAILED' | 'PRODUCE_REJECTED' {
  return code === 'ENCODE_FAILED' ? code : 'PRODUCE_REJECTED'
}

/** Null: the message is none of a thing. */
function decideThings(message: MqttMessage, { settings, registry }: ThingsOfIngest): readonly Outcome[] | null {
  const decision = ingestMessage(message, settings, registry)
  if (decision === null) return null
  const outcomes = decision.records.map((record): Outcome => {
    const code = deadLetterCode(record)
    return code === null ? { kind: 'produced', record } : { kind: 'deadLettered', code, record }
  })
  return decision.ignored === null ? outcomes : [...outcomes, { kind: 'ignored', reason: decision.ignored }]
}

/** An inbox record that Kafka refuses for good was larger than its topic allows. */
function refusedInbox(message: MqttMessage, { key, timestamp }: BridgeRecord): BridgeRecord {
  const draft = new Draft(timestamp)
  draft.deadLetter(key, message.topic, 'PayloadTooLarge', 'Kafka refused the inbox record', message.payload)
  return draft.records[0] as BridgeRecord
}

/** A dead letter that Kafka refused, without its payload; null when it had none. */
function smaller(record: BridgeRecord): BridgeRecord | null {
  if (record.channel === 'fleetDeadLetter') {
    const value = record.value as FleetDeadLetter
    return value.payload.length === 0 ? null : { ...record, value: { ...value, payload: Buffer.alloc(0) } }
  }
  const value = record.value as DeadLetter
  return value.payload === null ? null : { ...record, value: { ...value, payload: null, payloadRedacted: true } }
}
