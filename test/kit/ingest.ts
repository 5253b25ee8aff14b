import { parseSettings } from '../../src/config/parse.ts'
import { DeviceRegistry } from '../../src/device/device-registry.ts'
import type { BridgeRecord, Outcome } from '../../src/records/bridge-record.ts'
import type { AttendanceEvent } from '../../src/records/generated/attendance-event.ts'
import type { DeadLetter } from '../../src/records/generated/dead-letter.ts'
import type { PresenceEvent } from '../../src/records/generated/presence-event.ts'
import type { MqttMessage } from '../../src/records/mqtt-message.ts'
import { compileIngest, decideIngest, type IngestRules } from '../../src/routes/ingest.ts'

export const SN = 'SN7A2300583'
export const NOW = Date.UTC(2026, 5, 21, 4, 0, 5)
const DEVICES = [{ deviceSn: SN, timeZone: 'Asia/Kolkata' }]

export interface Ingest {
  readonly rules: IngestRules
  readonly registry: DeviceRegistry
  decide(topic: string, payload: string | Uint8Array, more?: Partial<MqttMessage>): readonly Outcome[]
  /** The punch of one object, or the code of its dead letter. */
  punch(members: string | object): AttendanceEvent | string
  /** The presence record of a payload, or the code of its dead letter. */
  presence(payload: string, more?: Partial<MqttMessage>): PresenceEvent | string
}

export function messageOf(topic: string, payload: string | Uint8Array, more: Partial<MqttMessage> = {}): MqttMessage {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload
  return { topic, payload: bytes, qos: 1, retain: false, dup: false, traceparent: null, receivedAt: NOW, ...more }
}

export function ingestWith(settings: object = {}): Ingest {
  const parsed = parseSettings({ devices: DEVICES, ...settings })
  const rules = compileIngest(parsed, 'test')
  const registry = new DeviceRegistry(parsed)
  const decide: Ingest['decide'] = (topic, payload, more) =>
    decideIngest(messageOf(topic, payload, more), rules, registry, () => '00000000-0000-4000-8000-000000000000')
  const only = (outcomes: readonly Outcome[]): unknown => {
    const [outcome] = outcomes
    if (outcomes.length !== 1 || outcome === undefined) throw new Error(`${outcomes.length} outcomes`)
    return outcome.kind === 'produced'
      ? outcome.record.value
      : outcome.kind === 'ignored'
        ? outcome.reason
        : outcome.code
  }
  return {
    rules,
    registry,
    decide,
    punch: (members) =>
      only(
        decide(`api/mqtt/v1/${SN}/evt`, typeof members === 'string' ? members : JSON.stringify(members)),
      ) as AttendanceEvent,
    presence: (payload, more) => only(decide(`api/mqtt/v1/${SN}/st`, payload, more)) as PresenceEvent,
  }
}

export function deadLetterOf(outcome: Outcome | undefined): DeadLetter {
  if (outcome?.kind !== 'deadLettered') throw new Error(`no dead letter but ${outcome?.kind}`)
  return outcome.record.value as DeadLetter
}

export function recordOf(outcome: Outcome | undefined): BridgeRecord {
  if (outcome === undefined || outcome.kind === 'ignored') throw new Error('no record')
  return outcome.record
}
