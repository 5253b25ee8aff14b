import { expect, test } from 'vitest'
import { catalogue } from '../../../src/records/catalogue.ts'
import { codecOf } from '../../../src/records/codec.ts'
import { ingestWith, SN } from '../../kit/ingest.ts'

const INPUTS = 200_000

/** Small, quick and the same on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return ((state ^ (state >>> 13)) >>> 0) % below
  }
}

const NAMES = [
  'user_id',
  'userId',
  'UserID',
  'att_time',
  'LogTime',
  'att_state',
  'Type',
  'input_type',
  'work_code',
  'record_id',
  'face_mask',
  'temperature',
  'location',
  'sn',
  'DeviceSN',
  'online',
  'lwt',
  'reason',
  'ts',
  'fw',
  'battery',
  'pending',
  'records',
  'logs',
  'id',
  'op',
  'status',
  'code',
  'result',
  'photo',
  'name',
  'door',
  '__proto__',
  'constructor',
  'event',
  'clientid',
  'connected_at',
  'lat',
  'lng',
]
/** Often enough good ones for batches that repeat a punch. */
const GOOD = '{"user_id":"1","att_time":"2026-06-21 09:30:00","att_state":0}'
const SCALARS = [
  '"1001"',
  '1001',
  '1001.0',
  '-5',
  '1e3',
  'true',
  'false',
  'null',
  '""',
  '" "',
  '"\\ud800"',
  '"\\u0000"',
  '"é😀"',
  '"In"',
  '"Face"',
  '0',
  '255',
  '"2026-06-21 09:30:00"',
  '"2026-06-21T09:30:00.123+05:30"',
  '"2025-10-26 01:30"',
  '"2026-03-29 01:30"',
  '1782014400',
  '1782014400123',
  '"0000-01-01 00:00"',
  '"9999-12-31 23:59:59 -12"',
  '"20260621093000"',
  '36.6',
  '"36.6"',
  '"online"',
  '"offline"',
  '87',
  '1e400',
  '9007199254740993',
  '"client.connected"',
  '"SN7A2300583"',
  '99999999999999999999',
]
const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u',
  '0',
  '-',
  'e',
  '.',
  ' ',
  '\0',
  '\ufeff',
  '\ud800',
  'null',
  'online',
  '[[[[[[[[[[[[[[[[[',
]
const TOPICS = [
  `api/mqtt/v1/${SN}/evt`,
  `api/mqtt/v1/${SN}/evt`,
  `api/mqtt/v1/${SN}/st`,
  `api/mqtt/v1/${SN}/rsp`,
  'api/mqtt/v1/SNLON001/evt',
  'api/mqtt/v1//st',
  'broker/events',
  'api/mqtt/v1/a\u0001/evt',
  'x',
  '$emqx/things/a',
]

test('random and mutated payloads never throw, each item has one outcome, every record can be encoded', {
  timeout: 240_000,
}, () => {
  const random = randomFrom(20_260_621)
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  const value = (depth: number): string => {
    const kind = random(depth > 3 ? 6 : 9)
    if (kind < 6) return pick(SCALARS)
    const count = random(5)
    if (kind === 6) return `[${Array.from({ length: count }, () => value(depth + 1)).join(',')}]`
    return object(depth + 1)
  }
  const object = (depth: number): string =>
    `{${Array.from({ length: random(9) }, () => `"${pick(NAMES)}":${value(depth)}`).join(',')}}`
  const punch = (): string => (random(4) === 0 ? GOOD : oddPunch())
  const oddPunch = (): string =>
    `{"user_id":${pick(SCALARS)},"att_time":${pick(SCALARS)},"att_state":${pick(SCALARS)}${random(2) === 0 ? '' : `,"${pick(NAMES)}":${value(2)}`}}`
  const payload = (): Buffer => {
    const kind = random(10)
    if (kind === 0) return Buffer.from(Array.from({ length: random(40) }, () => random(256)))
    let text =
      kind < 4
        ? punch()
        : kind < 6
          ? `[${Array.from({ length: random(6) }, punch).join(',')}]`
          : kind < 8
            ? object(1)
            : value(0)
    for (let changes = random(10) < 5 ? 0 : 1 + random(3); changes > 0; changes -= 1) {
      const at = random(text.length + 1)
      text = text.slice(0, at) + (random(3) === 0 ? '' : pick(TOKENS)) + text.slice(at + random(4))
    }
    const bytes = Buffer.from(text, 'utf8')
    if (random(20) === 0 && bytes.length > 0) bytes[random(bytes.length)] = random(256)
    return bytes
  }

  const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
  const open = { optIn: { temperature: true, location: true }, attributes: ['door', 'name', '__proto__', 'event'] }
  const devices = [
    { deviceSn: SN, timeZone: 'Asia/Kolkata', model: 'M' },
    { deviceSn: 'SNLON001', timeZone: 'Europe/London' },
  ]
  const common = {
    devices,
    commands: { replyLeaves: ['rsp'] },
    presence: { brokerEventTopic: 'broker/events', attributes: ['door', 'code'] },
  }
  const bridges = [
    ingestWith(common),
    ingestWith({ ...common, attendance: open, kafka: { headers: 'cloudevents' } }),
    ingestWith({ ...common, attendance: { ...open, pseudonym: { key } }, deadLetter: { redact: ['code'] } }),
    ingestWith({
      ...common,
      attendance: { limits: { payloadBytes: 60, batchItems: 2, depth: 3 } },
      deadLetter: { truncateBytes: 7 },
    }),
  ]
  const buffer = Buffer.alloc(1 << 20)
  const seen: Record<string, number> = {}
  let batches = 0
  for (let input = 0; input < INPUTS; input += 1) {
    const bytes = payload()
    const topic = pick(TOPICS)
    const outcomes = pick(bridges).decide(topic, bytes, { retain: random(5) === 0, dup: random(5) === 0, qos: 1 })
    const what = (): string => `${topic} ${bytes.toString('base64')}`
    if (outcomes.length === 0) expect.fail(what())
    if (outcomes.length > 1) {
      batches += 1
      const items = itemsOf(bytes)
      if (items !== outcomes.length) expect.fail(`${outcomes.length} outcomes for ${items} items: ${what()}`)
    }
    for (const outcome of outcomes) {
      const name =
        outcome.kind === 'ignored'
          ? outcome.reason
          : outcome.kind === 'produced'
            ? outcome.record.channel
            : outcome.code
      seen[name] = (seen[name] ?? 0) + 1
      if (outcome.kind === 'ignored') continue
      if (outcome.kind === 'deadLettered' && outcome.code === 'INTERNAL_ERROR') expect.fail(`internal error: ${what()}`)
      const { schema } = catalogue[outcome.record.channel]
      if (schema === null) continue
      try {
        if (codecOf(schema).encodeInto(buffer, 0, outcome.record.value as never) <= 0) expect.fail('did not fit')
      } catch (error) {
        expect.fail(`${String(error)}: ${what()}`)
      }
    }
  }
  expect(batches).toBeGreaterThan(1000)
  // The inputs reach every row of the table of codes that a message can end in.
  for (const name of [
    'attendance',
    'presence',
    'commandReply',
    'repeat_in_batch',
    'broker_event',
    'presence_cleared',
    'TOPIC_INVALID',
    'SN_EMPTY',
    'SN_INVALID',
    'PAYLOAD_EMPTY',
    'PAYLOAD_TOO_LARGE',
    'ENCODING_INVALID',
    'JSON_INVALID',
    'JSON_TOO_DEEP',
    'JSON_DUPLICATE_KEY',
    'JSON_NOT_OBJECT',
    'BATCH_EMPTY',
    'BATCH_TOO_LARGE',
    'ITEM_NOT_OBJECT',
    'NOT_A_PUNCH',
    'USER_ID_MISSING',
    'USER_ID_INVALID',
    'TIME_MISSING',
    'TIME_INVALID',
    'TIME_AMBIGUOUS',
    'TIME_OUT_OF_RANGE',
    'ONLINE_INVALID',
    'REPLY_INVALID',
  ]) {
    expect(seen, name).toHaveProperty(name)
  }
})

/** Items of the batch that a payload is, by JSON.parse. */
function itemsOf(bytes: Buffer): number {
  const parsed: unknown = JSON.parse(
    bytes
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .replace(/\0+$/, ''),
  )
  if (Array.isArray(parsed)) return parsed.length
  const wrapper = parsed as Readonly<Record<string, unknown>>
  const list = ['records', 'logs', 'punches'].map((name) => wrapper[name]).find(Array.isArray) as
    | readonly unknown[]
    | undefined
  return list?.length ?? -1
}
