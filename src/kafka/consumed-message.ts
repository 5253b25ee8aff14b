import type { KafkaMessage as RawMessage } from 'kafkajs'
import type { KafkaMessage } from '../records/kafka-message.ts'

/** A record as the rest of the bridge knows it. */
export function consumedMessage(topic: string, partition: number, raw: RawMessage): KafkaMessage {
  const { key, value, offset, timestamp, headers } = raw
  return { topic, partition, offset, key, value, headers: textHeaders(headers), timestamp: Number(timestamp) }
}

type RawHeaders = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>

/** The first value of each header, as text. */
function textHeaders(headers: RawHeaders | undefined): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers ?? {})) {
    const first = Array.isArray(value) ? value[0] : value
    if (first !== undefined) texts[name] = first.toString()
  }
  return texts
}
