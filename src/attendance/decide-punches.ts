import {
  type DeadLetterItem,
  type DeadLetterRules,
  internalError,
  type Refusal,
  refuseMessage,
} from '../device/device-dead-letter.ts'
import type { DeviceEntry } from '../device/device-registry.ts'
import { offsetDetail } from '../device/json-offset.ts'
import { serialFlag } from '../device/payload-serial.ts'
import { type FlagSet, flagBits } from '../device/quality-flags.ts'
import { conflictOf, JsonObject, type JsonValue } from '../json/json-value.ts'
import type { BridgeRecord, Outcome } from '../records/bridge-record.ts'
import type { AttendanceEvent } from '../records/generated/attendance-event.ts'
import { recordHeaders } from '../records/headers.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import type { AttendanceRules } from './attendance-rules.ts'
import type { PunchBatch } from './punch-batch.ts'
import { type PunchPlace, readPunch } from './read-punch.ts'

/** A message of one device on `evt` that was read as JSON and is no command reply. */
export interface PunchMessage {
  readonly message: MqttMessage
  readonly deviceSn: string
  readonly device: DeviceEntry
  /** Delivery and decoding flags. */
  readonly flags: FlagSet
  /** The text that the value was read from. */
  readonly text: string
  readonly rules: AttendanceRules
  readonly deadLetters: DeadLetterRules
}

/** The one outcome of a message that is no batch: a punch, or the reason why it is none. */
export function decidePunch(value: JsonValue, input: PunchMessage): Outcome {
  const { message, deviceSn, deadLetters } = input
  if (!(value instanceof JsonObject)) {
    return refuseMessage(message, deviceSn, { code: 'JSON_NOT_OBJECT', detail: null }, deadLetters)
  }
  const punch = readPunch(value, placeOf(input, input.flags, null), input.rules)
  return 'code' in punch
    ? refuseMessage(message, deviceSn, punch, deadLetters)
    : { kind: 'produced', record: attendanceRecord(punch.event, message, input.rules) }
}

/** One outcome per item in array order, or one for a batch that is refused as a whole (attendance 3). */
export function decideBatch(batch: PunchBatch, input: PunchMessage): readonly Outcome[] {
  const { message, deviceSn, rules, deadLetters } = input
  const batchSize = batch.items.items.length
  if (batchSize === 0 || batchSize > rules.batchItems) {
    const refusal: Refusal =
      batchSize === 0
        ? { code: 'BATCH_EMPTY', detail: null }
        : { code: 'BATCH_TOO_LARGE', detail: `limit ${rules.batchItems}` }
    return [refuseMessage(message, deviceSn, refusal, deadLetters, { batchSize })]
  }
  const flags = input.flags | serialFlag(batch.serial, deviceSn)
  const accepted = new Set<string>()
  return batch.items.items.map((item, index) => {
    const slot = { index, size: batchSize }
    try {
      return decideItem(item, slot, batch, input, flags, accepted)
    } catch (error) {
      // A bug that one item uncovers must not take the others down.
      return refuseItem(batch, slot, input, internalError(error, 'VALIDATE'))
    }
  })
}

interface Slot {
  readonly index: number
  readonly size: number
}

function decideItem(
  item: JsonValue,
  slot: Slot,
  batch: PunchBatch,
  input: PunchMessage,
  flags: FlagSet,
  accepted: Set<string>,
): Outcome {
  const conflictAt = conflictOf(item)
  if (conflictAt >= 0) {
    const { source, start } = sourceOf(batch, slot.index, input)
    const detail = offsetDetail(source, conflictAt - start)
    return refuseItem(batch, slot, input, { code: 'JSON_DUPLICATE_KEY', detail })
  }
  if (!(item instanceof JsonObject)) return refuseItem(batch, slot, input, { code: 'ITEM_NOT_OBJECT', detail: null })
  const punch = readPunch(item, placeOf(input, flags, slot), input.rules)
  if ('code' in punch) return refuseItem(batch, slot, input, punch)
  const { eventId } = punch.event
  // Two punches in a repeated hour can share an id, so such an item is never dropped.
  if (accepted.has(eventId) && (punch.flags & flagBits.TZ_AMBIGUOUS) === 0) {
    return { kind: 'ignored', reason: 'repeat_in_batch' }
  }
  accepted.add(eventId)
  return { kind: 'produced', record: attendanceRecord(punch.event, input.message, input.rules) }
}

function refuseItem(batch: PunchBatch, slot: Slot, input: PunchMessage, refusal: Refusal): Outcome {
  const item: DeadLetterItem = { ...slot, source: sourceOf(batch, slot.index, input).source }
  return refuseMessage(input.message, input.deviceSn, refusal, input.deadLetters, { item })
}

/** An item's own text, from its first to its last character, and where that starts. */
function sourceOf(batch: PunchBatch, index: number, input: PunchMessage): { source: string; start: number } {
  const start = batch.items.ranges[2 * index] ?? 0
  return { source: input.text.slice(start, batch.items.ranges[2 * index + 1]), start }
}

function placeOf(input: PunchMessage, messageFlags: FlagSet, slot: Slot | null): PunchPlace {
  return {
    deviceSn: input.deviceSn,
    device: input.device,
    ingestTime: input.message.receivedAt,
    messageFlags,
    batchIndex: slot === null ? null : slot.index,
    batchSize: slot === null ? null : slot.size,
  }
}

function attendanceRecord(event: AttendanceEvent, message: MqttMessage, rules: AttendanceRules): BridgeRecord {
  const headers =
    rules.headers === 'trace' && message.traceparent === null
      ? null
      : recordHeaders(rules.headers, {
          type: 'cams.attendance.punch.v1',
          eventId: event.eventId,
          deviceSn: event.deviceSn,
          time: event.eventTime,
          recordedTime: event.ingestTime,
          // A topic with a valid serial and leaf has no character to escape.
          mqttTopic: message.topic,
          traceparent: message.traceparent,
        })
  return { channel: 'attendance', key: event.deviceSn, value: event, headers, timestamp: event.ingestTime }
}
