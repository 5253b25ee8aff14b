import { JsonNumber, JsonObject, type JsonValue } from '../json/json-value.ts'
import type { Outcome } from '../records/bridge-record.ts'
import { validTraceparent } from '../records/headers.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import { escapeTopic } from './device-dead-letter.ts'

/** Whether a message is the answer to a command (attendance 3, first row of the table). */
export function isCommandReply(value: JsonValue): value is JsonObject {
  if (!(value instanceof JsonObject)) return false
  const id = value.present('id')
  if (typeof id !== 'string' && !(id instanceof JsonNumber && /^\d+$/.test(id.source))) return false
  const op = value.present('op')
  if (typeof op !== 'string' || op.trim() === '') return false
  return ['status', 'code', 'result'].some((name) => value.present(name) !== undefined)
}

/** The record that hands a reply on to the worker that knows the command (attendance 11.6): the payload as it came. */
export function handOnReply(message: MqttMessage, deviceSn: string): Outcome {
  const traceparent = validTraceparent(message.traceparent)
  const headers = {
    mqtt_topic: escapeTopic(message.topic),
    ingest_time: String(message.receivedAt),
    ...(traceparent === null ? {} : { traceparent }),
  }
  const record = {
    channel: 'commandReply',
    key: deviceSn,
    value: message.payload,
    headers,
    timestamp: message.receivedAt,
  } as const
  return { kind: 'produced', record }
}
