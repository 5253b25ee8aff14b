import { expect, test } from 'vitest'
import { AT, differences, type Row } from './message-table.ts'

const s = (text: string): string => JSON.stringify(text)
const topic = 'api/mqtt/v1/SN1/st'
const now = Date.parse(AT)
const online = (more = ''): string => `{"online":true${more}}`
const offline = (more = ''): string => `{"online":false${more}}`
const OUT = ['FIELD_OUT_OF_RANGE']

test('bare values', async () => {
  const up = {
    status: 'ONLINE',
    reason: 'DEVICE_REPORT',
    statusTime: now,
    ingestTime: now,
    timeSource: 'BRIDGE_CLOCK',
    flags: ['PLAIN_TEXT'],
  }
  const down = { ...up, status: 'OFFLINE', reason: 'DEVICE_OR_WILL' }
  const rows: Row[] = [
    ...[
      'online',
      'ONLINE',
      ' Online\r\n',
      'true',
      'TRUE',
      'True',
      '1',
      ' 1\t',
      '"online"',
      '"OnLine"',
      '" online\\t"',
      '"\\u00a0online"',
      '"on\\u006cine"',
      ' "ONLINE" ',
    ].map((text): Row => [text, up]),
    ...['offline', 'OFFLINE', 'false', 'False', '0', '"offline"', '"Offline "'].map((text): Row => [text, down]),
    ...[
      'yes',
      'on',
      'up',
      'Null',
      'NULL',
      'on line',
      '\u00a0online',
      '\u000bonline',
      'online online',
      'online,',
      "'online'",
      'TRUE1',
      '01',
      '+1',
      'online\u2028',
      'onl\u0131ne',
      '"online" x',
      'true false',
      'online\0online',
      'offlıne',
    ].map((text): Row => [text, { reasonCode: 'JSON_INVALID', stage: 'PARSE' }]),
    ...[
      'null',
      '1.0',
      '0.0',
      '-0',
      '1e0',
      '2',
      '"true"',
      '"1"',
      '"0"',
      '""',
      '"on line"',
      '"false"',
      '"x"',
      '-1',
      '10',
      '[]',
      '["online"]',
      '[true]',
      '"onl\\u0131ne"',
    ].map((text): Row => [text, { reasonCode: 'JSON_NOT_OBJECT', stage: 'VALIDATE' }]),
    [
      { payload: 'offline', retain: true },
      { status: 'OFFLINE', reason: 'RETAINED_SNAPSHOT', flags: ['MQTT_RETAINED', 'PLAIN_TEXT'] },
    ],
    [
      { payload: 'online\0', dup: true },
      { status: 'ONLINE', flags: ['MQTT_DUP', 'NUL_TRIMMED', 'PLAIN_TEXT'] },
    ],
  ]
  expect(await differences({ topic }, rows)).toEqual([])
})

test('online and reasons', async () => {
  const C = ['ONLINE_COERCED']
  const rows: Row[] = [
    [
      '{"online":true}',
      {
        deviceSn: 'SN1',
        status: 'ONLINE',
        statusTime: now,
        ingestTime: now,
        timeSource: 'BRIDGE_CLOCK',
        reason: 'DEVICE_REPORT',
        reasonRaw: null,
        deviceTime: null,
        clockSkewMillis: null,
        firmwareVersion: null,
        batteryPercent: null,
        pendingRecords: null,
        tenantId: null,
        flags: [],
        attributes: {},
        $key: 'SN1',
        $topic: 'cams.presence.v1',
        $headers: {},
        $timestamp: now,
      },
    ],
    ['{"online":false}', { status: 'OFFLINE', reason: 'DEVICE_OR_WILL', flags: [] }],
    ...['1', '"true"', '"TRUE"', '"1"', '"online"', '" OnLine\\n"'].map(
      (v): Row => [`{"online":${v}}`, { status: 'ONLINE', flags: C }],
    ),
    ...['0', '"false"', '"0"', '"offline"', '" OFFLINE "'].map(
      (v): Row => [`{"online":${v}}`, { status: 'OFFLINE', flags: C }],
    ),
    ...['1.0', '0.0', '-0', '1e0', '2', '""', '" "', '"yes"', '"on"', '{}', '[]', 'null', '[true]', '"1.0"'].map(
      (v): Row => [
        `{"online":${v}}`,
        { reasonCode: 'ONLINE_INVALID', stage: 'VALIDATE', deviceSn: 'SN1', $key: 'SN1' },
      ],
    ),
    ['{}', 'ONLINE_INVALID'],
    ['{"Online":true}', 'ONLINE_INVALID'],
    ...['true', '1', '"true"', '" TRUE "', '"1"'].map(
      (v): Row => [offline(`,"lwt":${v}`), { reason: 'LAST_WILL', flags: [] }],
    ),
    ...['false', '0', '"false"', '" 0 "', 'null', '""', '" "'].map(
      (v): Row => [offline(`,"lwt":${v}`), { reason: 'DEVICE_OR_WILL', flags: [] }],
    ),
    ...['1.0', '2', '"yes"', '{}', '[]', '-0', '"online"'].map(
      (v): Row => [offline(`,"lwt":${v}`), { reason: 'DEVICE_OR_WILL', flags: OUT }],
    ),
    ...['true', '"yes"', '{}', '1.0'].map((v): Row => [online(`,"lwt":${v}`), { reason: 'DEVICE_REPORT', flags: [] }]),
    [
      { payload: offline(',"lwt":true'), retain: true },
      { reason: 'RETAINED_SNAPSHOT', flags: ['MQTT_RETAINED'] },
    ],
    [
      { payload: offline(',"lwt":"x"'), retain: true },
      { reason: 'RETAINED_SNAPSHOT', flags: ['MQTT_RETAINED', ...OUT] },
    ],
    [
      { payload: online(',"ts":1782014400'), retain: true },
      { reason: 'RETAINED_SNAPSHOT', deviceTime: 1782014400000, clockSkewMillis: null },
    ],
    [online(',"ts":1782014400'), { deviceTime: 1782014400000, clockSkewMillis: -5000, flags: [] }],
    [offline(',"ts":1782014400'), { deviceTime: 1782014400000, clockSkewMillis: null, flags: [] }],
    [offline(',"lwt":1,"ts":1782014400'), { deviceTime: 1782014400000, clockSkewMillis: null, flags: [] }],
  ]
  expect(await differences({ topic }, rows)).toEqual([])
})

test('members', async () => {
  const text64: [string, string | null, ...string[]][] = [
    ['" x "', 'x'],
    ['5', '5'],
    ['1.50', '1.50'],
    ['true', null, ...OUT],
    ['{}', null, ...OUT],
    ['""', null],
    ['" "', null],
    ['null', null],
    [s('a'.repeat(64)), 'a'.repeat(64)],
    [s('a'.repeat(65)), null, ...OUT],
    ['"a\\u0007"', null, ...OUT],
    ['"\\udc00"', '\ufffd'],
  ]
  const counts: [string, number | null, ...string[]][] = [
    ['87', 87],
    ['87.0', 87],
    ['87.000', 87],
    ['"87"', 87],
    ['" 87\\n"', 87],
    ['"087"', 87],
    ['0', 0],
    ['0.0', 0],
    ['100', 100],
    ['100.0', 100],
    ['null', null],
    ['""', null],
    ['" "', null],
    ...[
      '87.5',
      '"87.0"',
      '"+87"',
      '-1',
      '-0',
      '-0.0',
      '1e1',
      '"1e1"',
      'true',
      '{}',
      '[]',
      '"x"',
      '"８７"',
      '"8 7"',
      '"-0"',
      '87.0e0',
      '"87%"',
    ].map((v): [string, null, string] => [v, null, 'FIELD_OUT_OF_RANGE']),
  ]
  const ts = (value: string, deviceTime: number | null, ...flags: string[]): Row => [
    online(`,"ts":${value}`),
    { deviceTime, flags },
  ]
  const rows: Row[] = [
    ...text64.flatMap(([value, text, ...flags]): Row[] => [
      [online(`,"reason":${value}`), { reasonRaw: text, flags }],
      [online(`,"fw":${value}`), { firmwareVersion: text, flags }],
    ]),
    ...counts.flatMap(([value, count, ...flags]): Row[] => [
      [online(`,"battery":${value}`), { batteryPercent: count, flags }],
      [online(`,"pending":${value}`), { pendingRecords: count, flags }],
    ]),
    ...['101', '100.1', '"101"', '99999999999999999999'].map(
      (v): Row => [online(`,"battery":${v}`), { batteryPercent: null, flags: OUT }],
    ),
    [online(',"pending":2147483647'), { pendingRecords: 2147483647, flags: [] }],
    [online(',"pending":"2147483647"'), { pendingRecords: 2147483647, flags: [] }],
    ...['2147483648', '"2147483648"', '9'.repeat(400), '4294967296'].map(
      (v): Row => [online(`,"pending":${v}`), { pendingRecords: null, flags: OUT }],
    ),
    ts('1782014400.5', 1782014400500),
    ts('"2026-06-21T04:00:00Z"', 1782014400000),
    ts('"2026-06-21 09:30:00"', Date.parse('2026-06-21T09:30:00Z'), 'TZ_DEFAULTED'),
    ts('"0000000000"', 0),
    ts('"2099-01-01 00:00:00Z"', Date.parse('2099-01-01T00:00:00Z')),
    ts('"0000-01-01 00:00:00Z"', -62167219200000),
    ts('"0050-01-01 00:00:00Z"', -60589296000000),
    ts('"0000-02-29 00:00"', -62162121600000, 'TZ_DEFAULTED'),
    ts('"9999-12-31 23:59:59.999-12:00"', Date.parse('9999-12-31T23:59:59.999Z') + 43200000),
    ts('"1582-10-10 00:00:00"', Date.UTC(1582, 9, 10), 'TZ_DEFAULTED'),
    ...['null', '""', '" "'].map((v) => ts(v, null)),
    ...[
      '0',
      'true',
      '{}',
      '"x"',
      '12345678901',
      '"21/06/2026"',
      '"2026-06-21 09:30:00 IST"',
      '"2026-02-30 09:30:00"',
      '-1782014400',
      '[]',
    ].map((v) => ts(v, null, 'FIELD_OUT_OF_RANGE')),
    [
      online(',"ts":9999999999999999999'),
      { deviceTime: 9999999999999, clockSkewMillis: 9999999999999 - now, flags: [] },
    ],
    [online(',"sn":"X"'), { flags: ['SN_MISMATCH'] }],
    [online(',"SerialNumber":"SN1","DeviceSN":"X"'), { flags: ['FIELDS_IGNORED'] }],
    [online(',"DeviceSN":"sn1"'), { flags: ['SN_MISMATCH'] }],
    [online(',"sn":true'), { flags: [] }],
    [online(',"photo":1,"pin":2,"x":3'), { flags: ['BIOMETRIC_DROPPED', 'PERSONAL_DROPPED', 'FIELDS_IGNORED'] }],
    [online(',"photo":"","pin":null,"x":" "'), { flags: [] }],
    [online(',"user_id":"1","att_time":5,"temperature":36,"Fw":"x"'), { flags: ['FIELDS_IGNORED'] }],
    [online(',"x":{"photo":1}'), { flags: ['FIELDS_IGNORED'] }],
    [`{"records":[],"online":true}`, { status: 'ONLINE', flags: ['FIELDS_IGNORED'] }],
    [
      {
        payload: online(',"sn":"X","ts":"2026-10-25 01:30:00","fw":{},"img":1,"name":1,"y":1').replace(
          'true',
          '"TRUE"',
        ),
        retain: true,
        dup: true,
      },
      {
        flags: [
          'MQTT_RETAINED',
          'MQTT_DUP',
          'SN_MISMATCH',
          'TZ_DEFAULTED',
          'ONLINE_COERCED',
          'FIELD_OUT_OF_RANGE',
          'BIOMETRIC_DROPPED',
          'PERSONAL_DROPPED',
          'FIELDS_IGNORED',
        ],
      },
    ],
  ]
  expect(await differences({ topic }, rows)).toEqual([])
  const london: Row[] = [
    ts('"2026-10-25 01:30:00"', Date.parse('2026-10-25T00:30:00Z'), 'TZ_AMBIGUOUS'),
    ts('"2026-03-29 01:30:00"', Date.parse('2026-03-29T01:30:00Z'), 'TZ_GAP'),
    [
      online(',"user_id":"1","ip":"10.0.0.1","fw":"2","n":5,"token":"t","online2":true'),
      {
        firmwareVersion: '2',
        flags: ['PERSONAL_DROPPED', 'FIELDS_IGNORED'],
        tenantId: 'T',
        attributes: { user_id: '1', ip: '10.0.0.1', n: '5' },
      },
    ],
    ['online', { tenantId: 'T' }],
  ]
  const settings = {
    devices: [{ deviceSn: 'SN1', timeZone: 'Europe/London', tenantId: 'T' }],
    presence: { attributes: ['user_id', 'ip', 'fw', 'n', 'token', 'sn'] },
  }
  expect(await differences({ topic, settings }, london)).toEqual([])
})

test('broker events', async () => {
  const event = (members: object): string =>
    JSON.stringify({ event: 'client.connected', clientid: 'SN1', connected_at: 1782014400123, ...members })
  const gone = (members: object): string =>
    event({ event: 'client.disconnected', disconnected_at: 1782014401000, reason: 'keepalive_timeout', ...members })
  const rows: Row[] = [
    [
      event({}),
      {
        deviceSn: 'SN1',
        status: 'ONLINE',
        statusTime: 1782014400123,
        ingestTime: now,
        timeSource: 'BROKER_CLOCK',
        reason: 'BROKER_EVENT',
        reasonRaw: null,
        deviceTime: null,
        clockSkewMillis: null,
        tenantId: 'T',
        flags: [],
        attributes: {},
        $key: 'SN1',
        $topic: 'cams.presence.v1',
        $timestamp: now,
      },
    ],
    [
      gone({}),
      {
        status: 'OFFLINE',
        statusTime: 1782014401000,
        reason: 'BROKER_EVENT',
        reasonRaw: 'keepalive_timeout',
        flags: [],
      },
    ],
    [
      { payload: gone({}), retain: true, dup: true },
      { status: 'OFFLINE', reason: 'BROKER_EVENT', flags: [] },
    ],
    [`\ufeff${event({ username: 'x', name: 'y', photo: 1 })}\0`, { status: 'ONLINE', flags: [] }],
    ...['takenover', 'discarded'].map((reason): Row => [gone({ reason }), '~broker_event']),
    [gone({ reason: 'Takenover' }), { reasonRaw: 'Takenover' }],
    [gone({ reason: ' x ' }), { reasonRaw: 'x' }],
    [gone({ reason: 5 }), { reasonRaw: '5' }],
    [gone({ reason: true }), { reasonRaw: null, flags: [] }],
    [gone({ reason: null }), { reasonRaw: null }],
    [gone({ reason: 'a'.repeat(65) }), { reasonRaw: null, flags: [] }],
    [gone({ reason: {} }), { reasonRaw: null }],
    ...[
      { clientid: 5 },
      { clientid: '' },
      { clientid: null },
      { clientid: 'a/b' },
      { clientid: '+x' },
      { clientid: ' SN1' },
      { clientid: 'a'.repeat(65) },
      { event: 'client.connack' },
      { event: 'Client.connected' },
      { event: null },
      { event: 5 },
      { connected_at: null },
      { connected_at: '1782014400123' },
      { connected_at: 1782014400 },
      { connected_at: -1782014400123 },
      { connected_at: {} },
      { connected_at: 17820144001234 },
    ].map((members): Row => [event(members), '~broker_event']),
    ...['1782014400123.0', '1.782014400123e12', '1782014400123.5', '-782014400123'].map(
      (text): Row => [event({}).replace('1782014400123', text), '~broker_event'],
    ),
    [gone({ disconnected_at: null }), '~broker_event'],
    [gone({ disconnected_at: '1782014401000' }), '~broker_event'],
    ['{}', '~broker_event'],
    ['{"id":"1","op":"x","status":"ok"}', '~broker_event'],
    ['{"online":true}', '~broker_event'],
    ['', { reasonCode: 'PAYLOAD_EMPTY', deviceSn: null, $key: null, mqttTopic: 'emqx/ev' }],
    [' ', 'PAYLOAD_EMPTY'],
    ['[]', { reasonCode: 'JSON_NOT_OBJECT', deviceSn: null, $key: null }],
    [`[${event({})}]`, 'JSON_NOT_OBJECT'],
    ['1', 'JSON_NOT_OBJECT'],
    ['"online"', 'JSON_NOT_OBJECT'],
    ['online', 'JSON_INVALID'],
    ['{"a":1,"a":2}', 'JSON_DUPLICATE_KEY'],
    ['[{"a":1,"a":2}]', 'JSON_DUPLICATE_KEY'],
    ['['.repeat(17), 'JSON_TOO_DEEP'],
    [Buffer.from([0xff]), 'ENCODING_INVALID'],
    ['{\0}', 'ENCODING_INVALID'],
    [`"${'a'.repeat(262143)}"`, 'PAYLOAD_TOO_LARGE'],
    [{ topic: 'emqx/ev/x', payload: event({}) }, 'TOPIC_INVALID'],
    [{ topic: 'emqx/EV', payload: event({}) }, 'TOPIC_INVALID'],
  ]
  const settings = { devices: [{ deviceSn: 'SN1', tenantId: 'T' }], presence: { brokerEventTopic: 'emqx/ev' } }
  expect(await differences({ topic: 'emqx/ev', settings }, rows)).toEqual([])
  expect(await differences({ topic: 'emqx/ev' }, [[event({}), 'TOPIC_INVALID']])).toEqual([])
})
