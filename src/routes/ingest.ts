import { type AttendanceRules, type AttendanceSettings, compileAttendance } from '../attendance/attendance-rules.ts'
import { decideBatch, decidePunch, type PunchMessage } from '../attendance/decide-punches.ts'
import { batchOf, type PunchBatch } from '../attendance/punch-batch.ts'
import { handOnReply, isCommandReply } from '../device/command-reply.ts'
import {
  type DeadLetterCode,
  type DeadLetterRules,
  internalError,
  type Refusal,
  refuseMessage,
  type Stage,
} from '../device/device-dead-letter.ts'
import type { DeviceRegistry, RegistrySettings } from '../device/device-registry.ts'
import { offsetDetail } from '../device/json-offset.ts'
import { compileKeepRules, type KeepSettings } from '../device/kept-payload.ts'
import { decodePayload, type PayloadText } from '../device/payload-text.ts'
import { type FlagSet, flagBits } from '../device/quality-flags.ts'
import { type Leaf, readTopic } from '../device/serial-topic.ts'
import { conflictOf, JsonFault, JsonObject, type JsonValue } from '../json/json-value.ts'
import { readJson } from '../json/read-json.ts'
import { decideBrokerEvent } from '../presence/broker-event.ts'
import { decidePlainPresence, decidePresence } from '../presence/decide-presence.ts'
import { readPlainStatus } from '../presence/plain-status.ts'
import { compilePresence, type PresenceRules, type PresenceSettings } from '../presence/presence-rules.ts'
import type { ReportPlace } from '../presence/read-presence.ts'
import type { Outcome } from '../records/bridge-record.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'

/** The settings that ingest reads. `Settings` of the configuration satisfies it. */
export type IngestSettings = AttendanceSettings &
  PresenceSettings &
  KeepSettings &
  RegistrySettings & {
    readonly presence: { readonly brokerEventTopic: string | null }
    readonly commands: { readonly replyLeaves: readonly string[] }
  }

/** The settings made ready for every message. */
export interface IngestRules {
  readonly attendance: AttendanceRules
  readonly presence: PresenceRules
  readonly deadLetters: DeadLetterRules
  readonly replyLeaves: ReadonlySet<string>
  readonly brokerEventTopic: string | null
  readonly payloadBytes: number
  readonly depth: number
}

export function compileIngest(settings: IngestSettings, bridgeVersion: string): IngestRules {
  return {
    attendance: compileAttendance(settings),
    presence: compilePresence(settings),
    deadLetters: { keep: compileKeepRules(settings), headers: settings.kafka.headers, bridgeVersion },
    replyLeaves: new Set(settings.commands.replyLeaves),
    brokerEventTopic: settings.presence.brokerEventTopic,
    payloadBytes: settings.attendance.limits.payloadBytes,
    depth: settings.attendance.limits.depth,
  }
}

/** Whose message this is: of the time-clocks, or of the things of the fleet. */
export function routeOf(topic: string, rules: IngestRules): 'device' | 'fleet' {
  return topic.startsWith('$emqx/') && topic !== rules.brokerEventTopic ? 'fleet' : 'device'
}

/**
 * What becomes of a message of the time-clocks: one outcome per item of a batch in array order, else exactly one.
 * Never throws: an exception that nobody expected becomes an INTERNAL_ERROR dead letter of its item or message.
 *
 * Payloads of dead letters and replies may be views of `message.payload`, so that must not change while they are held.
 */
export function decideIngest(
  message: MqttMessage,
  rules: IngestRules,
  registry: DeviceRegistry,
  randomUuid: () => string,
): readonly Outcome[] {
  const run = new Ingest(message, rules, registry, randomUuid)
  try {
    return run.decide()
  } catch (error) {
    return [refuseMessage(message, run.deviceSn, internalError(error, run.stage), rules.deadLetters)]
  }
}

/** The way of one message through the steps of attendance 2 and 3. */
class Ingest {
  /** Set once it has passed its check. */
  deviceSn: string | null = null
  /** Where an unexpected exception would have happened. */
  stage: Stage = 'TOPIC'
  readonly #message: MqttMessage
  readonly #rules: IngestRules
  readonly #registry: DeviceRegistry
  readonly #randomUuid: () => string

  constructor(message: MqttMessage, rules: IngestRules, registry: DeviceRegistry, randomUuid: () => string) {
    this.#message = message
    this.#rules = rules
    this.#registry = registry
    this.#randomUuid = randomUuid
  }

  decide(): readonly Outcome[] {
    const { topic, payload } = this.#message
    if (topic === this.#rules.brokerEventTopic) return this.#brokerEvent()
    const place = readTopic(topic, this.#rules.replyLeaves)
    if ('code' in place) return this.#refuse(place.code, null)
    this.deviceSn = place.deviceSn
    this.stage = 'DECODE'
    if (payload.length === 0 && place.leaf === 'st') return [{ kind: 'ignored', reason: 'presence_cleared' }]
    const decoded = decodePayload(payload, this.#rules.payloadBytes)
    return typeof decoded === 'string' ? this.#refuse(...this.#decodeRefusal(decoded)) : this.#decoded(place, decoded)
  }

  #decoded(place: { readonly deviceSn: string; readonly leaf: Leaf }, decoded: PayloadText): readonly Outcome[] {
    const { deviceSn, leaf } = place
    const plain = leaf === 'st' ? readPlainStatus(decoded.text) : null
    if (plain !== null) {
      const report = this.#reportPlace(deviceSn, decoded)
      return [decidePlainPresence(plain, this.#message, report, this.#rules.presence)]
    }
    this.stage = 'PARSE'
    const value = readJson(decoded.text, this.#rules.depth)
    if (value instanceof JsonFault) return this.#refuse(value.code, this.#faultDetail(value, decoded))
    const isReply = isCommandReply(value)
    const batch = leaf === 'evt' && !isReply ? batchOf(value) : null
    const conflictAt = batch === null ? conflictOf(value) : batch.conflictAt
    if (conflictAt >= 0) return this.#refuse('JSON_DUPLICATE_KEY', byteOffset(conflictAt, decoded))
    this.stage = 'VALIDATE'
    if (isReply) return [handOnReply(this.#message, deviceSn)]
    if (leaf === 'reply') return this.#refuse('REPLY_INVALID', null)
    return leaf === 'st' ? this.#presence(value, deviceSn, decoded) : this.#punches(value, batch, deviceSn, decoded)
  }

  #punches(value: JsonValue, batch: PunchBatch | null, deviceSn: string, decoded: PayloadText): readonly Outcome[] {
    const input: PunchMessage = {
      message: this.#message,
      deviceSn,
      device: this.#registry.entryOf(deviceSn),
      flags: this.#flags(decoded),
      text: decoded.text,
      rules: this.#rules.attendance,
      deadLetters: this.#rules.deadLetters,
    }
    return batch === null ? [decidePunch(value, input)] : decideBatch(batch, input)
  }

  #presence(value: JsonValue, deviceSn: string, decoded: PayloadText): readonly Outcome[] {
    const report = this.#reportPlace(deviceSn, decoded)
    return [decidePresence(value, this.#message, report, this.#rules.presence, this.#rules.deadLetters)]
  }

  #brokerEvent(): readonly Outcome[] {
    this.stage = 'DECODE'
    const decoded = decodePayload(this.#message.payload, this.#rules.payloadBytes)
    if (typeof decoded === 'string') return this.#refuse(...this.#decodeRefusal(decoded))
    this.stage = 'PARSE'
    const value = readJson(decoded.text, this.#rules.depth)
    if (value instanceof JsonFault) return this.#refuse(value.code, this.#faultDetail(value, decoded))
    const conflictAt = conflictOf(value)
    if (conflictAt >= 0) return this.#refuse('JSON_DUPLICATE_KEY', byteOffset(conflictAt, decoded))
    this.stage = 'VALIDATE'
    if (!(value instanceof JsonObject)) return this.#refuse('JSON_NOT_OBJECT', null)
    return [decideBrokerEvent(value, this.#message, this.#registry, this.#randomUuid, this.#rules.presence)]
  }

  #reportPlace(deviceSn: string, decoded: PayloadText): ReportPlace {
    return {
      deviceSn,
      device: this.#registry.entryOf(deviceSn),
      ingestTime: this.#message.receivedAt,
      retained: this.#message.retain,
      messageFlags: this.#flags(decoded),
      randomUuid: this.#randomUuid,
    }
  }

  #flags(decoded: PayloadText): FlagSet {
    let flags: FlagSet = 0
    if (this.#message.retain) flags |= flagBits.MQTT_RETAINED
    if (this.#message.dup) flags |= flagBits.MQTT_DUP
    if (decoded.bomStripped) flags |= flagBits.BOM_STRIPPED
    if (decoded.nulTrimmed) flags |= flagBits.NUL_TRIMMED
    return flags
  }

  #decodeRefusal(code: DeadLetterCode): [DeadLetterCode, string | null] {
    return [code, code === 'PAYLOAD_TOO_LARGE' ? `limit ${this.#rules.payloadBytes}` : null]
  }

  #faultDetail(fault: JsonFault, decoded: PayloadText): string {
    return fault.code === 'JSON_TOO_DEEP' ? `limit ${this.#rules.depth}` : byteOffset(fault.offset, decoded)
  }

  #refuse(code: DeadLetterCode, detail: string | null): readonly Outcome[] {
    const refusal: Refusal = { code, detail }
    return [refuseMessage(this.#message, this.deviceSn, refusal, this.#rules.deadLetters)]
  }
}

const BOM_BYTES = 3

function byteOffset(at: number, decoded: PayloadText): string {
  return offsetDetail(decoded.text, at, decoded.bomStripped ? BOM_BYTES : 0)
}
