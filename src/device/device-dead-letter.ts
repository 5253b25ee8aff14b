import { createHash } from 'node:crypto'
import type { Outcome } from '../records/bridge-record.ts'
import type { DeadLetter } from '../records/generated/dead-letter.ts'
import { type HeaderMode, recordHeaders } from '../records/headers.ts'
import { deadLetterId } from '../records/ids.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import { type KeepRules, type KeptPayload, keepPayload, withheldPayload } from './kept-payload.ts'
import { cutCharacters, replaceLoneSurrogates } from './text-rules.ts'

/** Code to stage (attendance 10.1). INTERNAL_ERROR and the codes of the sink have the stage where it happened. */
const STAGES = {
  TOPIC_INVALID: 'TOPIC',
  SN_EMPTY: 'TOPIC',
  SN_INVALID: 'TOPIC',
  PAYLOAD_EMPTY: 'DECODE',
  PAYLOAD_TOO_LARGE: 'DECODE',
  ENCODING_INVALID: 'DECODE',
  COMMAND_UNREADABLE: 'DECODE',
  JSON_INVALID: 'PARSE',
  JSON_TOO_DEEP: 'PARSE',
  JSON_DUPLICATE_KEY: 'PARSE',
  JSON_NOT_OBJECT: 'VALIDATE',
  BATCH_EMPTY: 'VALIDATE',
  BATCH_TOO_LARGE: 'VALIDATE',
  ITEM_NOT_OBJECT: 'VALIDATE',
  NOT_A_PUNCH: 'VALIDATE',
  USER_ID_MISSING: 'VALIDATE',
  USER_ID_INVALID: 'VALIDATE',
  TIME_MISSING: 'VALIDATE',
  TIME_INVALID: 'VALIDATE',
  TIME_AMBIGUOUS: 'VALIDATE',
  TIME_OUT_OF_RANGE: 'VALIDATE',
  ONLINE_INVALID: 'VALIDATE',
  REPLY_INVALID: 'VALIDATE',
  ENCODE_FAILED: 'ENCODE',
  PRODUCE_REJECTED: 'PRODUCE',
  INTERNAL_ERROR: 'VALIDATE',
} as const

export type DeadLetterCode = keyof typeof STAGES
export type Stage = 'TOPIC' | 'DECODE' | 'PARSE' | 'VALIDATE' | 'ENCODE' | 'PRODUCE'

/** Why an input was refused. */
export interface Refusal {
  readonly code: DeadLetterCode
  /** A member name, byte offset or limit; never a value. */
  readonly detail: string | null
  /** Only where it is not the stage of the code's row: INTERNAL_ERROR. */
  readonly stage?: Stage
}

export interface DeadLetterRules {
  readonly keep: KeepRules
  readonly headers: HeaderMode
  readonly bridgeVersion: string
}

/** Everything a dead letter says; used directly only for inputs that are no MQTT messages. */
export interface DeadLetterFacts extends Refusal {
  /** As it goes into the record, see `escapeTopic`. */
  readonly mqttTopic: string
  /** A valid serial, which is also the record's key; null when there is none. */
  readonly deviceSn: string | null
  /** The original bytes of the message, item or value: size and digest are taken of these. */
  readonly original: Uint8Array
  readonly kept: KeptPayload
  readonly batchIndex: number | null
  readonly batchSize: number | null
  readonly qos: number
  readonly retained: boolean
  readonly duplicate: boolean
  /** Epoch milliseconds; also the record's timestamp. */
  readonly ingestTime: number
  /** As received; left out of the headers when it is not of the W3C form. */
  readonly traceparent: string | null
  /** Whether the record was made from an MQTT message, which has a `mqtt_topic` header. */
  readonly fromMqtt: boolean
}

/** The refusal for an exception that nobody expected. Its text may hold values, so only its class is named. */
export function internalError(error: unknown, stage: Stage): Refusal {
  return { code: 'INTERNAL_ERROR', detail: error instanceof Error ? error.name : null, stage }
}

/** The part of a message that a dead letter is about. */
export interface DeadLetterItem {
  readonly index: number
  readonly size: number
  /** The item's own source text. */
  readonly source: string
}

/** Control characters as `\u` and four lower-case hex digits, then cut to 512 characters (attendance 10.2). */
export function escapeTopic(topic: string): string {
  const escaped = replaceLoneSurrogates(topic).replaceAll(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return cutCharacters(escaped, 512)
}

/** The outcome for an input that cannot become a record (attendance 10.2). */
export function deadLetter(facts: DeadLetterFacts, rules: Omit<DeadLetterRules, 'keep'>): Outcome {
  const { code, deviceSn, mqttTopic, ingestTime, batchIndex, kept } = facts
  const payloadSha256 = createHash('sha256').update(facts.original).digest('hex')
  const eventId = deadLetterId(mqttTopic, payloadSha256, ingestTime, batchIndex)
  const value: DeadLetter = {
    eventId,
    reasonCode: code,
    reasonDetail: facts.detail,
    stage: facts.stage ?? STAGES[code],
    mqttTopic,
    deviceSn,
    payload: kept.payload,
    payloadSize: facts.original.length,
    payloadSha256,
    payloadTruncated: kept.truncated,
    payloadRedacted: kept.redacted,
    batchIndex,
    batchSize: facts.batchSize,
    qos: facts.qos,
    retained: facts.retained,
    duplicate: facts.duplicate,
    ingestTime,
    bridgeVersion: rules.bridgeVersion,
  }
  const headers = recordHeaders(rules.headers, {
    type: 'cams.deadletter.v1',
    eventId,
    deviceSn,
    time: ingestTime,
    recordedTime: ingestTime,
    mqttTopic: facts.fromMqtt ? mqttTopic : null,
    traceparent: facts.traceparent,
  })
  const record = { channel: 'deadLetter', key: deviceSn, value, headers, timestamp: ingestTime } as const
  return { kind: 'deadLettered', code, record }
}

/**
 * The dead letter of an MQTT message or of one item of its batch. `batchSize` without an item is that of a batch
 * which is refused as a whole.
 */
export function refuseMessage(
  message: MqttMessage,
  deviceSn: string | null,
  refusal: Refusal,
  rules: DeadLetterRules,
  part: { readonly item: DeadLetterItem } | { readonly batchSize: number } | null = null,
): Outcome {
  const item = part !== null && 'item' in part ? part.item : null
  const original = item === null ? message.payload : Buffer.from(item.source, 'utf8')
  return deadLetter(
    {
      ...refusal,
      mqttTopic: escapeTopic(message.topic),
      deviceSn,
      original,
      kept: keptOrWithheld(original, rules.keep),
      batchIndex: item?.index ?? null,
      batchSize: item?.size ?? (part !== null && 'batchSize' in part ? part.batchSize : null),
      qos: message.qos,
      retained: message.retain,
      duplicate: message.dup,
      ingestTime: message.receivedAt,
      traceparent: message.traceparent,
      fromMqtt: true,
    },
    rules,
  )
}

/** A payload on which the reader itself fails is withheld, so that the dead letter can always be made. */
function keptOrWithheld(original: Uint8Array, rules: KeepRules): KeptPayload {
  try {
    return keepPayload(original, rules)
  } catch {
    return withheldPayload
  }
}
