import { batchOf } from '../attendance/punch-batch.ts'
import { isCommandReply } from '../device/command-reply.ts'
import { type DeadLetterItem, type Refusal, refuseMessage } from '../device/device-dead-letter.ts'
import { decodePayload } from '../device/payload-text.ts'
import { readTopic } from '../device/serial-topic.ts'
import { JsonFault } from '../json/json-value.ts'
import { readJson } from '../json/read-json.ts'
import type { Outcome } from '../records/bridge-record.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import type { IngestRules } from './ingest.ts'

/**
 * The dead letter that takes the place of one outcome of `decideIngest` whose record could not be encoded
 * (ENCODE_FAILED), was refused by Kafka for good (PRODUCE_REJECTED), or ran into a bug on the way (INTERNAL_ERROR with
 * its stage). `index` is the outcome's position, which for a batch is that of its item.
 *
 * Reads the message again: nothing of it is kept on the good path for a case that should never happen.
 */
export function refuseOutcome(message: MqttMessage, index: number, refusal: Refusal, rules: IngestRules): Outcome {
  const place = readTopic(message.topic, rules.replyLeaves)
  const isBrokerEvent = message.topic === rules.brokerEventTopic
  const deviceSn = 'code' in place || isBrokerEvent ? null : place.deviceSn
  const isEvent = !('code' in place) && place.leaf === 'evt' && !isBrokerEvent
  const item = isEvent ? itemOf(message, index, rules) : null
  return refuseMessage(message, deviceSn, refusal, rules.deadLetters, item === null ? null : { item })
}

function itemOf(message: MqttMessage, index: number, rules: IngestRules): DeadLetterItem | null {
  const decoded = decodePayload(message.payload, rules.payloadBytes)
  if (typeof decoded === 'string') return null
  const value = readJson(decoded.text, rules.depth)
  const batch = value instanceof JsonFault || isCommandReply(value) ? null : batchOf(value)
  const ranges = batch?.items.ranges
  const start = ranges?.[2 * index]
  const size = batch?.items.items.length ?? 0
  if (ranges === undefined || start === undefined || size > rules.attendance.batchItems) return null
  if (batch !== null && batch.conflictAt >= 0) return null
  return { index, size, source: decoded.text.slice(start, ranges[2 * index + 1]) }
}
