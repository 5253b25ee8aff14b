import { isUtf8 } from 'node:buffer'
import { JsonFault } from '../../json/json-value.ts'
import { readJson } from '../../json/read-json.ts'
import { writeJson } from '../../json/write-json.ts'
import type { BridgeRecord } from '../../records/bridge-record.ts'
import { type ChannelName, catalogue } from '../../records/catalogue.ts'
import type { Data } from '../../records/generated/schemas.ts'
import { toPlain } from '../../records/plain.ts'
import type { Output } from './engine.ts'

const ANY_DEPTH = 1000

/** One output line without its line end, or null for a record on an internal topic. Numbers keep their digits. */
export function outputLine(step: number, output: Output, topics: Readonly<Record<ChannelName, string>>): string | null {
  switch (output.kind) {
    case 'record': {
      const kafka = kafkaText(output.record, topics)
      return kafka === null ? null : `{"step":${step},"kafka":${kafka}}`
    }
    case 'publish': {
      const { topic, qos, retain, expirySeconds } = output
      const expiry = expirySeconds === null ? '' : `,"expiry":${expirySeconds}`
      const facts = `"qos":${qos},"retain":${retain}${expiry}`
      return `{"step":${step},"mqtt":{"topic":${JSON.stringify(topic)},${payloadText(output.payload)},${facts}}}`
    }
    case 'http': {
      const body = output.body === undefined ? '' : `,"body":${jsonOrText(output.body)}`
      return `{"step":${step},"http":{"status":${output.status},"headers":${JSON.stringify(output.headers)}${body}}}`
    }
    case 'ignored':
      return JSON.stringify({ step, ignored: output.reason })
  }
}

function kafkaText(record: BridgeRecord, topics: Readonly<Record<ChannelName, string>>): string | null {
  const { schema, internal } = catalogue[record.channel]
  if (internal || schema === null) return null
  return JSON.stringify({
    topic: topics[record.channel],
    key: record.key,
    value: record.value === null ? null : toPlain(schema, record.value as Data[typeof schema]),
    headers: record.headers ?? {},
    timestamp: record.timestamp,
  })
}

function payloadText(payload: Uint8Array): string {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const json = isUtf8(bytes) ? compactJson(bytes.toString('utf8')) : null
  return json === null ? `"base64":"${bytes.toString('base64')}"` : `"json":${json}`
}

function jsonOrText(body: string): string {
  return compactJson(body) ?? JSON.stringify(body)
}

/** The text as JSON on one line, or null when it is none. */
function compactJson(text: string): string | null {
  const value = readJson(text, ANY_DEPTH)
  if (!(value instanceof JsonFault)) return writeJson(value)
  return value.code === 'JSON_TOO_DEEP' ? deepText(text) : null
}

/** What is too deep to be written by recursion is kept as it is; line ends can only be white space in it. */
function deepText(text: string): string | null {
  try {
    JSON.parse(text)
    return text.replaceAll(/[\r\n]/g, ' ')
  } catch {
    return null
  }
}
