import { type DeadLetterCode, deadLetter, escapeTopic, type Stage } from '../device/device-dead-letter.ts'
import { withheldPayload } from '../device/kept-payload.ts'
import { isSerial } from '../device/serial-topic.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { keyText } from './command-request.ts'
import type { CommandRules } from './command-rules.ts'

export type CommandDeadLetterCode = 'COMMAND_UNREADABLE' | 'ENCODE_FAILED' | 'PRODUCE_REJECTED' | 'INTERNAL_ERROR'

/**
 * The dead letter of a record on the command topic (attendance 11.1). It never holds the value, which may be
 * sensitive, only its size and digest.
 * @param stage where it happened; only INTERNAL_ERROR has no stage of its own
 */
export function commandDeadLetter(
  message: KafkaMessage,
  code: CommandDeadLetterCode,
  rules: CommandRules,
  now: number,
  stage?: Stage,
): BridgeRecord {
  const key = keyText(message)
  const outcome = deadLetter(
    {
      code: code satisfies DeadLetterCode,
      detail: null,
      ...(stage === undefined ? {} : { stage }),
      mqttTopic: escapeTopic(`kafka:${message.topic}/${message.partition}/${message.offset}`),
      deviceSn: isSerial(key) ? key : null,
      original: message.value ?? new Uint8Array(0),
      kept: withheldPayload,
      batchIndex: null,
      batchSize: null,
      qos: 0,
      retained: false,
      duplicate: false,
      ingestTime: now,
      traceparent: message.headers['traceparent'] ?? null,
      fromMqtt: false,
    },
    { headers: rules.headers, bridgeVersion: rules.bridgeVersion },
  )
  if (outcome.kind !== 'deadLettered') throw new Error('a dead letter is dead-lettered')
  return outcome.record
}
