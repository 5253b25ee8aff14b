import { JsonArray, JsonFault, JsonNumber, JsonObject, type JsonValue, toPlain } from '../../json/json-value.ts'
import { readJson } from '../../json/read-json.ts'
import { writeJson } from '../../json/write-json.ts'
import type { MqttMessage } from '../../records/mqtt-message.ts'
import type { ExplainedKafkaMessage, HttpRequest } from './engine.ts'

/** A line that cannot be understood; the message names no line yet. */
export class LineFault extends Error {}

/** One line of input, its members checked. At most one of `mqtt`, `kafka` and `http` is there. */
export interface InputLine {
  /** Epoch milliseconds, or null for the time of the line before. */
  readonly at: number | null
  /** Plain JSON; undefined when the line has none. */
  readonly settings: unknown
  readonly puback: number | null
  readonly mqtt: Omit<MqttMessage, 'receivedAt'> | null
  readonly kafka: KafkaInput | null
  readonly http: Omit<HttpRequest, 'at'> | null
}

/** `offset` is null for the next one of the partition. */
export type KafkaInput = Omit<ExplainedKafkaMessage, 'timestamp' | 'offset'> & { readonly offset: number | null }

/** Deeper lines are not understood. A payload may nest as deep as it likes: it can be given as text. */
const LINE_DEPTH = 1000

/** Reads one line (scenarios: input lines). Throws LineFault. */
export function readInputLine(text: string): InputLine {
  const line = readJson(text, LINE_DEPTH)
  if (line instanceof JsonFault) throw new LineFault(`not JSON at character ${line.offset + 1}`)
  if (!(line instanceof JsonObject)) throw new LineFault('not a JSON object')
  const inputs = ['mqtt', 'kafka', 'http'].filter((name) => line.present(name) !== undefined)
  if (inputs.length > 1) throw new LineFault(`has both ${inputs.join(' and ')}; give each a line of its own`)
  const settings = line.present('settings')
  return {
    at: readAt(line.present('at')),
    settings: settings === undefined ? undefined : toPlain(settings),
    puback: optionalWhole(line, 'puback', 255),
    mqtt: readMqtt(objectMember(line, 'mqtt')),
    kafka: readKafka(objectMember(line, 'kafka')),
    http: readHttp(objectMember(line, 'http')),
  }
}

function readAt(value: JsonValue | undefined): number | null {
  if (value === undefined) return null
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) {
    const at = new Date(value)
    if (!Number.isNaN(at.getTime()) && at.toISOString() === value) return at.getTime()
  }
  throw new LineFault('at is no time such as 2026-06-21T04:00:05.000Z')
}

function readMqtt(input: JsonObject | null): InputLine['mqtt'] {
  if (input === null) return null
  const payload = readBytes(input, 'json', (json) => json)
  if (payload === null) throw new LineFault('mqtt needs one of json, text and base64')
  return {
    topic: text(input, 'topic'),
    payload: payload.bytes,
    qos: qosOf(optionalWhole(input, 'qos', 2)),
    retain: optionalFlag(input, 'retain'),
    dup: optionalFlag(input, 'dup'),
    traceparent: texts(input, 'properties', true)?.get('traceparent') ?? null,
  }
}

function readKafka(input: JsonObject | null): KafkaInput | null {
  if (input === null) return null
  const value = readBytes(input, 'value', (plain) => (plain === null ? undefined : plain))
  const key = optionalText(input, 'key')
  return {
    topic: text(input, 'topic'),
    partition: optionalWhole(input, 'partition', 2_147_483_647) ?? 0,
    offset: optionalWhole(input, 'offset', Number.MAX_SAFE_INTEGER),
    key: key === null ? null : Buffer.from(key, 'utf8'),
    value: value?.bytes ?? null,
    plain: value?.json,
    headers: Object.fromEntries(texts(input, 'headers') ?? []),
  }
}

function readHttp(input: JsonObject | null): InputLine['http'] {
  if (input === null) return null
  const headers = new Map([...(texts(input, 'headers') ?? [])].map(([name, value]) => [name.toLowerCase(), value]))
  return {
    method: text(input, 'method'),
    path: text(input, 'path'),
    auth: optionalText(input, 'auth') ?? headers.get('authorization') ?? 'none',
    headers: Object.fromEntries(headers),
    body: input.get('body'),
  }
}

/** The one of `json` (by its name), `text` and `base64` that is there, as bytes; null when none is. */
function readBytes(
  input: JsonObject,
  jsonName: string,
  meaning: (json: JsonValue) => JsonValue | undefined,
): { readonly bytes: Buffer; readonly json?: JsonValue } | null {
  const json = input.get(jsonName)
  const given = [
    json === undefined ? null : jsonName,
    ...['text', 'base64'].map((name) => (input.present(name) === undefined ? null : name)),
  ]
  const names = given.filter((name) => name !== null)
  if (names.length > 1) throw new LineFault(`has both ${names.join(' and ')}`)
  if (json !== undefined) {
    const meant = meaning(json)
    return meant === undefined ? null : { bytes: Buffer.from(writeJson(meant), 'utf8'), json: meant }
  }
  const literal = optionalText(input, 'text')
  if (literal !== null) return { bytes: Buffer.from(literal, 'utf8') }
  const encoded = optionalText(input, 'base64')
  if (encoded === null) return null
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(encoded)) {
    throw new LineFault('base64 is no Base64')
  }
  return { bytes: Buffer.from(encoded, 'base64') }
}

function objectMember(line: JsonObject, name: string): JsonObject | null {
  const value = line.present(name)
  if (value === undefined) return null
  if (!(value instanceof JsonObject)) throw new LineFault(`${name} is no object`)
  return value
}

function text(object: JsonObject, name: string): string {
  const value = optionalText(object, name)
  if (value === null) throw new LineFault(`${name} is missing`)
  return value
}

function optionalText(object: JsonObject, name: string): string | null {
  const value = object.present(name)
  if (value === undefined) return null
  if (typeof value !== 'string') throw new LineFault(`${name} is no text`)
  return value
}

function optionalFlag(object: JsonObject, name: string): boolean {
  const value = object.present(name)
  if (value === undefined) return false
  if (typeof value !== 'boolean') throw new LineFault(`${name} is neither true nor false`)
  return value
}

function optionalWhole(object: JsonObject, name: string, max: number): number | null {
  const value = object.present(name)
  if (value === undefined) return null
  if (!(value instanceof JsonNumber) || !/^\d+$/.test(value.source) || Number(value.source) > max) {
    throw new LineFault(`${name} is no whole number from 0 to ${max}`)
  }
  return Number(value.source)
}

function qosOf(value: number | null): 0 | 1 | 2 {
  return value === 0 || value === 2 ? value : 1
}

/** An object of texts; with `repeats` a list says that a name is there more than once, and its first text counts. */
function texts(object: JsonObject, name: string, repeats = false): ReadonlyMap<string, string> | null {
  const value = objectMember(object, name)
  if (value === null) return null
  const found = new Map<string, string>()
  for (const member of value.names) {
    const given = value.present(member)
    const list = repeats && given instanceof JsonArray ? given.items : given === undefined ? [] : [given]
    for (const one of list) if (typeof one !== 'string') throw new LineFault(`${member} is no text`)
    const [first] = list
    if (typeof first === 'string') found.set(member, first)
  }
  return found
}
