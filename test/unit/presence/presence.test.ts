import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../src/records/bridge-record.ts'
import type { PresenceEvent } from '../../../src/records/generated/presence-event.ts'
import { deadLetterOf, ingestWith, NOW, recordOf } from '../../kit/ingest.ts'

const plain = ingestWith()
const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

function report(members: string, ingest = plain): PresenceEvent {
  const event = ingest.presence(`{"online":true${members === '' ? '' : `,${members}`}}`)
  if (typeof event === 'string') throw new Error(event)
  return event
}

describe('bare values', () => {
  test.each([
    ['online', 'ONLINE'],
    ['OFFLINE', 'OFFLINE'],
    ['\t tRue\r\n', 'ONLINE'],
    ['FALSE', 'OFFLINE'],
    ['1', 'ONLINE'],
    [' 0 ', 'OFFLINE'],
    ['"online"', 'ONLINE'],
    ['"  OffLine\\u00a0"', 'OFFLINE'],
    [' "\\u006fnline" ', 'ONLINE'],
  ])('%j', (payload, status) => {
    expect(plain.presence(payload)).toMatchObject({
      status,
      flags: ['PLAIN_TEXT'],
      timeSource: 'BRIDGE_CLOCK',
      statusTime: NOW,
    })
  })
  test.each([
    'up',
    'yes',
    'on',
    'on line',
    '\u00a0online',
    'online\u00a0',
    'online,',
    'TRUE1',
    'ｏnline',
    'online offline',
    'Null',
  ])('%j is no JSON', (payload) => expect(plain.presence(payload)).toBe('JSON_INVALID'))
  test.each(['2', '1.0', '-0', '"true"', '"1"', '""', '"up"', 'null', '[1]', '1e0', '00'])(
    '%s is no object',
    (payload) => {
      expect(plain.presence(payload)).toBe(payload === '00' ? 'JSON_INVALID' : 'JSON_NOT_OBJECT')
    },
  )
  test('flags come in order', () => {
    expect(plain.presence('\ufeffonline\0', { retain: true, dup: true })).toMatchObject({
      reason: 'RETAINED_SNAPSHOT',
      flags: ['MQTT_RETAINED', 'MQTT_DUP', 'BOM_STRIPPED', 'NUL_TRIMMED', 'PLAIN_TEXT'],
    })
  })
})

describe('online', () => {
  test.each([
    ['true', 'ONLINE', []],
    ['false', 'OFFLINE', []],
    ['1', 'ONLINE', ['ONLINE_COERCED']],
    ['0', 'OFFLINE', ['ONLINE_COERCED']],
    ['" TRUE "', 'ONLINE', ['ONLINE_COERCED']],
    ['"1"', 'ONLINE', ['ONLINE_COERCED']],
    ['"Online"', 'ONLINE', ['ONLINE_COERCED']],
    ['"false"', 'OFFLINE', ['ONLINE_COERCED']],
    ['"0"', 'OFFLINE', ['ONLINE_COERCED']],
    ['"offline\\n"', 'OFFLINE', ['ONLINE_COERCED']],
  ])('%s', (json, status, flags) => expect(plain.presence(`{"online":${json}}`)).toMatchObject({ status, flags }))
  test.each(['null', '""', '" "', '2', '1.0', '-0', '"yes"', '"1.0"', '[]', '{}', '"fal\\u017fe"'])(
    '%s is invalid',
    (json) => {
      expect(plain.presence(`{"online":${json}}`)).toBe('ONLINE_INVALID')
    },
  )
  test('another name is not read', () => expect(plain.presence('{"Online":true}')).toBe('ONLINE_INVALID'))
})

describe('last will', () => {
  test.each([
    ['true', 'LAST_WILL', []],
    ['1', 'LAST_WILL', []],
    ['" True"', 'LAST_WILL', []],
    ['"1"', 'LAST_WILL', []],
    ['false', 'DEVICE_OR_WILL', []],
    ['0', 'DEVICE_OR_WILL', []],
    ['"FALSE"', 'DEVICE_OR_WILL', []],
    ['"0"', 'DEVICE_OR_WILL', []],
    ['null', 'DEVICE_OR_WILL', []],
    ['" "', 'DEVICE_OR_WILL', []],
    ['2', 'DEVICE_OR_WILL', ['FIELD_OUT_OF_RANGE']],
    ['"online"', 'DEVICE_OR_WILL', ['FIELD_OUT_OF_RANGE']],
    ['1.0', 'DEVICE_OR_WILL', ['FIELD_OUT_OF_RANGE']],
    ['{}', 'DEVICE_OR_WILL', ['FIELD_OUT_OF_RANGE']],
  ])('%s', (json, reason, flags) => {
    expect(plain.presence(`{"online":false,"lwt":${json}}`)).toMatchObject({ reason, flags })
    expect(plain.presence(`{"online":true,"lwt":${json}}`)).toMatchObject({ reason: 'DEVICE_REPORT', flags: [] })
  })
})

describe('members', () => {
  test.each([
    ['"reason":" a "', { reasonRaw: 'a' }, []],
    ['"reason":7', { reasonRaw: '7' }, []],
    ['"reason":true', { reasonRaw: null }, ['FIELD_OUT_OF_RANGE']],
    ['"reason":""', { reasonRaw: null }, []],
    ['"fw":"1\\u0000"', { firmwareVersion: null }, ['FIELD_OUT_OF_RANGE']],
    ['"fw":2.10', { firmwareVersion: '2.10' }, []],
    ['"battery":0', { batteryPercent: 0 }, []],
    ['"battery":100', { batteryPercent: 100 }, []],
    ['"battery":101', { batteryPercent: null }, ['FIELD_OUT_OF_RANGE']],
    ['"battery":87.50', { batteryPercent: null }, ['FIELD_OUT_OF_RANGE']],
    ['"battery":"87.0"', { batteryPercent: null }, ['FIELD_OUT_OF_RANGE']],
    ['"battery":" 87 "', { batteryPercent: 87 }, []],
    ['"battery":"+87"', { batteryPercent: null }, ['FIELD_OUT_OF_RANGE']],
    ['"battery":-0', { batteryPercent: null }, ['FIELD_OUT_OF_RANGE']],
    ['"battery":1e1', { batteryPercent: null }, ['FIELD_OUT_OF_RANGE']],
    ['"battery":true', { batteryPercent: null }, ['FIELD_OUT_OF_RANGE']],
    ['"battery":" "', { batteryPercent: null }, []],
    ['"pending":2147483647', { pendingRecords: 2_147_483_647 }, []],
    ['"pending":2147483648', { pendingRecords: null }, ['FIELD_OUT_OF_RANGE']],
    ['"ts":"2026-06-21 09:30:05"', { deviceTime: NOW, clockSkewMillis: 0 }, []],
    ['"ts":"2026-06-21 09:30 XST"', { deviceTime: null, clockSkewMillis: null }, ['FIELD_OUT_OF_RANGE']],
    ['"ts":" "', { deviceTime: null }, []],
    ['"ts":[]', { deviceTime: null }, ['FIELD_OUT_OF_RANGE']],
    ['"ts":946684800', { deviceTime: 946_684_800_000 }, []],
    ['"sn":"X","DeviceSN":"Y"', {}, ['SN_MISMATCH', 'FIELDS_IGNORED']],
    ['"SerialNumber":"SN7A2300583"', {}, []],
    ['"user_id":"1"', { attributes: {} }, ['FIELDS_IGNORED']],
    ['"pin":"1","iris":0', { attributes: {} }, ['BIOMETRIC_DROPPED', 'PERSONAL_DROPPED']],
  ])('%s', (members, expected, flags) => {
    expect(report(members)).toMatchObject({ ...expected, flags })
  })

  test('times in the repeated and skipped hour and without a zone are flagged', () => {
    const london = ingestWith({ devices: [{ deviceSn: 'SN7A2300583', timeZone: 'Europe/London' }] })
    expect(report('"ts":"2025-10-26 01:30"', london).flags).toEqual(['TZ_AMBIGUOUS'])
    expect(report('"ts":"2026-03-29 01:30"', london).flags).toEqual(['TZ_GAP'])
    expect(report('"ts":"2025-10-26 01:30"', ingestWith({ devices: [] })).flags).toEqual(['TZ_DEFAULTED'])
  })

  test('skew is told of device reports only', () => {
    expect(plain.presence('{"online":false,"ts":1782014405}')).toMatchObject({ deviceTime: NOW, clockSkewMillis: null })
    expect(plain.presence('{"online":true,"ts":1782014405}', { retain: true })).toMatchObject({
      deviceTime: NOW,
      clockSkewMillis: null,
    })
  })

  test('attributes and personal names as in punches, with the presence table', () => {
    const open = ingestWith({
      presence: { attributes: ['rssi', 'user_id', 'fw', 'att_time'] },
      attendance: { pseudonym: { key: KEY } },
    })
    expect(report('"rssi":-60,"user_id":"1","fw":"x","att_time":1', open)).toMatchObject({
      attributes: { rssi: '-60', att_time: '1' },
      flags: ['PERSONAL_DROPPED'],
      firmwareVersion: 'x',
    })
  })
})

describe('broker events', () => {
  const events = ingestWith({
    devices: [{ deviceSn: 'SN7A2300583', tenantId: 't' }],
    presence: { brokerEventTopic: 'b/e' },
  })
  const decide = (payload: string | Buffer): readonly Outcome[] =>
    events.decide('b/e', payload, { retain: true, dup: true })
  const CONNECTED = { event: 'client.connected', clientid: 'SN7A2300583', connected_at: 1_782_014_404_000 }
  const GONE = {
    event: 'client.disconnected',
    clientid: 'SN7A2300583',
    connected_at: 1,
    disconnected_at: 1_782_014_404_900,
  }

  test('are records without flags at the broker’s time', () => {
    const record = recordOf(decide(`\ufeff${JSON.stringify({ ...CONNECTED, reason: 'x', photo: 1 })}`)[0])
    expect(record).toMatchObject({ channel: 'presence', key: 'SN7A2300583', timestamp: NOW })
    expect(record.value).toMatchObject({
      status: 'ONLINE',
      statusTime: 1_782_014_404_000,
      ingestTime: NOW,
      timeSource: 'BROKER_CLOCK',
      reason: 'BROKER_EVENT',
      reasonRaw: null,
      tenantId: 't',
      flags: [],
      attributes: {},
    })
    const reasonOf = (reason: unknown): unknown =>
      (recordOf(decide(JSON.stringify({ ...GONE, reason }))[0]).value as PresenceEvent).reasonRaw
    expect(reasonOf(' normal ')).toBe('normal')
    expect([reasonOf(true), reasonOf('x'.repeat(65)), reasonOf(null), reasonOf(' ')]).toEqual([null, null, null, null])
    expect(recordOf(decide(JSON.stringify({ ...CONNECTED, reason: 'takenover' }))[0]).value).toMatchObject({
      status: 'ONLINE',
    })
  })

  test.each([
    { ...CONNECTED, clientid: 5 },
    { ...CONNECTED, clientid: 'a b' },
    { ...CONNECTED, event: 'client.subscribe' },
    { ...CONNECTED, event: null },
    { ...CONNECTED, connected_at: 1_782_014_404 },
    { ...CONNECTED, connected_at: '1782014404000' },
    { ...GONE, disconnected_at: null },
    { ...GONE, reason: 'takenover' },
    { ...GONE, reason: 'discarded' },
    {},
  ])('%j is ignored', (event) =>
    expect(decide(JSON.stringify(event))).toEqual([{ kind: 'ignored', reason: 'broker_event' }]),
  )

  test.each([
    ['', 'PAYLOAD_EMPTY'],
    ['[]', 'JSON_NOT_OBJECT'],
    ['online', 'JSON_INVALID'],
    ['{"a":1,"a":2}', 'JSON_DUPLICATE_KEY'],
    [Buffer.from('ff', 'hex'), 'ENCODING_INVALID'],
    [Buffer.alloc(262_145), 'PAYLOAD_TOO_LARGE'],
    ['['.repeat(20), 'JSON_TOO_DEEP'],
  ])('%s is refused without key and serial', (payload, code) => {
    const [outcome] = decide(payload)
    expect(deadLetterOf(outcome)).toMatchObject({ reasonCode: code, deviceSn: null, mqttTopic: 'b/e' })
    expect(recordOf(outcome).key).toBeNull()
  })

  test('are off by default', () => {
    expect(plain.decide('b/e', '{}')).toMatchObject([{ code: 'TOPIC_INVALID' }])
  })
})
