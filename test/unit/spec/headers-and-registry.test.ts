import { expect, test } from 'vitest'
import { explain } from '../../kit/scenario.ts'
import { AT, differences, type Row } from './message-table.ts'

const now = Date.parse(AT)
const P = '{"user_id":"1","att_time":1782014400,"att_state":0}'
const L = '{"user_id":"1","att_time":"2026-06-21 09:30:00","att_state":1}'
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const device = (value: unknown, key: string | null = 'SN1') => ({
  kafka: { topic: 'cams.device.v1', ...(key === null ? {} : { key }), value },
})
const raw = (text: string, key = 'SN1') => ({ kafka: { topic: 'cams.device.v1', key, text } })

test('traceparent', async () => {
  const good = [
    trace,
    trace.replace('00-', 'fe-'),
    trace.replace('-01', '-ff'),
    `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`,
  ]
  const bad = [
    '',
    trace.toUpperCase(),
    `ff${trace.slice(2)}`,
    `${trace}-x`,
    ` ${trace}`,
    `${trace} `,
    `${trace}\n`,
    trace.slice(1),
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    trace.replace('0af', '0ag'),
    trace.replaceAll('-', '_'),
    `0g${trace.slice(2)}`,
    'x',
  ]
  const rows: Row[] = [
    ...good.map(
      (traceparent): Row => [
        { payload: P, properties: { traceparent, tracestate: 'a=b' } },
        { $headers: { traceparent } },
      ],
    ),
    ...bad.map((traceparent): Row => [{ payload: P, properties: { traceparent } }, { $headers: {} }]),
    [{ payload: P, properties: { TraceParent: trace } }, { $headers: {} }],
    [{ payload: P, properties: {} }, { $headers: {} }],
    [{ topic: 'x', payload: 'y', properties: { traceparent: trace } }, { $headers: { traceparent: trace } }],
    [
      { payload: `[${P},1]`, properties: { traceparent: trace } },
      { $headers: { traceparent: trace } },
      { $headers: { traceparent: trace } },
    ],
    [
      { topic: 'api/mqtt/v1/SN1/st', payload: '1', properties: { traceparent: trace } },
      { $headers: { traceparent: trace } },
    ],
    [{ payload: P, properties: { traceparent: null, x: null } }, { $headers: {} }],
    [{ payload: P, properties: { traceparent: [] } }, { $headers: {} }],
    [{ payload: P, properties: { traceparent: [trace, 'x'] } }, { $headers: { traceparent: trace } }],
    [{ payload: P, properties: { traceparent: ['x', trace] } }, { $headers: {} }],
  ]
  expect(await differences({}, rows)).toEqual([])
})

test('cloudevents', async () => {
  const common = { ce_specversion: '1.0' }
  const head = (id: string, type: string, sn: string | null, time: string, topic: string, traced = false) => ({
    $headers: {
      ...common,
      ce_id: id,
      ce_type: type,
      ce_source: sn === null ? '/cams/mqtt' : `/cams/mqtt/${sn}`,
      ...(sn === null ? {} : { ce_subject: sn }),
      ce_time: time,
      ce_recordedtime: AT,
      'content-type': 'application/avro',
      mqtt_topic: topic,
      ...(traced ? { traceparent: trace } : {}),
    },
  })
  const settings = { kafka: { headers: 'cloudevents' } }
  const rows: Row[] = [
    [
      {
        topic: 'api/mqtt/v1/SN7A2300583/evt',
        payload: '{"user_id":"1001","att_time":1782014400,"att_state":0}',
        properties: { traceparent: trace },
      },
      head(
        '8e7ccfef-d737-54c2-bdb3-e4fdad27cd93',
        'cams.attendance.punch.v1',
        'SN7A2300583',
        '2026-06-21T04:00:00.000Z',
        'api/mqtt/v1/SN7A2300583/evt',
        true,
      ),
    ],
    [
      { topic: 'api/mqtt/v1/SN7A2300583/evt', payload: '' },
      head(
        'a80aaee0-8814-5a07-8646-96a841040603',
        'cams.deadletter.v1',
        'SN7A2300583',
        AT,
        'api/mqtt/v1/SN7A2300583/evt',
      ),
    ],
  ]
  expect(await differences({ settings }, rows)).toEqual([])
  const lines = [
    { at: AT, settings: { ...settings, presence: { brokerEventTopic: 'ev' } }, mqtt: { topic: 'a\u0001', text: '' } },
    { mqtt: { topic: 'api/mqtt/v1/!/st', text: '1' } },
    { mqtt: { topic: 'api/mqtt/v1/S/st', json: { online: true, ts: 1782014400 } } },
    { mqtt: { topic: 'ev', json: { event: 'client.connected', clientid: 'S', connected_at: 1782014400123 } } },
    { mqtt: { topic: 'ev', text: '[]' } },
  ]
  const run = await explain(lines.map((line) => JSON.stringify(line)).join('\n'))
  const records = run.lines.map(
    (line) => line['kafka'] as { value: { eventId: string }; headers: object; timestamp: number },
  )
  const want = (['a\\u0001', 'api/mqtt/v1/!/st', 'api/mqtt/v1/S/st', 'ev', 'ev'] as const).map(
    (topic, at) =>
      head(
        records[at]?.value.eventId ?? '',
        at === 2 || at === 3 ? 'cams.presence.report.v1' : 'cams.deadletter.v1',
        at === 2 || at === 3 ? 'S' : null,
        at === 3 ? '2026-06-21T04:00:00.123Z' : AT,
        topic,
      ).$headers,
  )
  expect(records.map(({ headers }) => headers)).toEqual(want)
  expect(records.map(({ timestamp }) => timestamp)).toEqual([now, now, now, now, now])
})

test('device registry', async () => {
  const zone = (timeZone: string | null, tenantId: string | null, state = 'CHECK_OUT') => ({
    timeSource: timeZone === null ? 'DEFAULT_ZONE' : 'DEVICE_ZONE',
    timeZone: timeZone ?? 'UTC',
    state,
    tenantId,
    flags: timeZone === null ? ['TZ_DEFAULTED', 'CLOCK_AHEAD'] : [],
  })
  const first = zone('Asia/Kolkata', 'T1', 'BREAK_IN')
  const settings = {
    devices: [
      { deviceSn: 'SN1', timeZone: 'Europe/London', tenantId: 'T0' },
      { deviceSn: 'SN1', timeZone: 'Asia/Kolkata', tenantId: 'T1', model: 'M', stateMap: { 2: 'CHECK_IN' } },
    ],
    attendance: { modelStateMaps: { M: { 1: 'BREAK_IN' } } },
  }
  const now1: Row = [L, first]
  const rows: Row[] = [
    now1,
    [device({ tenantId: 'T2' })],
    [L, zone(null, 'T2')],
    [device(null)],
    now1,
    [device({})],
    [L, zone(null, null)],
    [device(null)],
    [device(null)],
    now1,
    // Unreadable records leave the former entry.
    ...[
      '',
      'x',
      '{',
      '{}{}',
      '[1]',
      '{"timeZone":5}',
      '{"timeZone":"Asia/Kolkata","timeZone":"UTC"}',
      '{"tenantId":true}',
      '{"model":{}}',
      '{"stateMap":[]}',
      '{"stateMap":"x"}',
      '{"stateMap":{"1":5}}',
      '\ufeff{}',
      '{}\0',
      ' {}',
      'null',
      `{"x":${'['.repeat(16)}${']'.repeat(16)}}`,
    ].flatMap((text): Row[] => [[raw(text)], now1]),
    [{ kafka: { topic: 'cams.device.v1', key: 'SN1', base64: 'AAAAAAEA' } }],
    now1,
    [{ kafka: { topic: 'cams.device.v1', key: 'SN1', base64: Buffer.from([0x7b, 0xff, 0x7d]).toString('base64') } }],
    now1,
    ...[
      { timeZone: 5 },
      { tenantId: {} },
      { stateMap: { 1: 5 } },
      { stateMap: [] },
      { model: false },
      5,
      'x',
      [],
      true,
    ].flatMap((value): Row[] => [[device(value)], now1]),
    [device({ timeZone: 'UTC' }, null)],
    [device({ timeZone: 'UTC' }, 'sn1')],
    now1,
    [{ kafka: { topic: 'cams.device.v1', text: '{"timeZone":"UTC"}' } }],
    now1,
    // Readable ones replace the whole entry.
    [raw('{"timeZone":"asia/kolkata","x":[1],"tenantId":null} ')],
    [L, zone('asia/kolkata', null)],
    [raw('{"timeZone":"Asia/Kolkata","timeZone":"Asia/Kolkata","stateMap":{"1":"MEAL_IN","2":"NOPE","3":null}}')],
    [L, zone('Asia/Kolkata', null, 'MEAL_IN')],
    ['{"user_id":"1","att_time":1782014400,"att_state":2}', { state: 'BREAK_OUT' }],
    ['{"user_id":"1","att_time":1782014400,"att_state":3}', { state: 'BREAK_IN' }],
    [device({ timeZone: 'Asia/Kolkata', tenantId: null, stateMap: { 1: 'MEAL_OUT', 2: null } })],
    [L, zone('Asia/Kolkata', null, 'MEAL_OUT')],
    [device({ timeZone: 'Nowhere', stateMap: { 1: 'NOPE' }, model: 'M', zz: 5 })],
    [L, zone(null, null, 'BREAK_IN')],
    [device({ timeZone: '+05:30' })],
    [L, zone(null, null)],
    [device({ timeZone: 'Asia/Kolkata', stateMap: { 1: 'UNKNOWN' } })],
    [L, { state: 'UNKNOWN', flags: ['STATE_UNKNOWN'] }],
    [raw('x')],
    [L, { state: 'UNKNOWN', flags: ['STATE_UNKNOWN'] }],
    [device(null)],
    now1,
    [{ topic: 'api/mqtt/v1/SN1/st', payload: '1' }, { tenantId: 'T1' }],
    [{ topic: 'api/mqtt/v1/SN2/st', payload: '1' }, { tenantId: null }],
  ]
  expect(await differences({ settings }, rows)).toEqual([])
  const renamed = { kafka: { topics: { device: 'd', attendance: 'a', deadLetter: 'l', presence: 'p' } } }
  const other: Row[] = [
    [{ kafka: { topic: 'd', key: 'SN1', value: { timeZone: 'Asia/Kolkata' } } }],
    [L, { $topic: 'a', timeZone: 'Asia/Kolkata' }],
    ['', { $topic: 'l' }],
    [{ topic: 'api/mqtt/v1/SN1/st', payload: '1' }, { $topic: 'p' }],
  ]
  expect(await differences({ settings: renamed }, other)).toEqual([])
})
