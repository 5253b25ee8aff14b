import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { AT, differences, type Row } from './message-table.ts'

const now = Date.parse(AT)
const b64 = (text: string | Buffer): string => Buffer.from(text as string).toString('base64')
const sha = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
const kept = (text: string | Buffer, more = {}) => ({
  payload: b64(text),
  payloadTruncated: false,
  payloadRedacted: false,
  payloadSize: Buffer.byteLength(text),
  payloadSha256: sha(text),
  ...more,
})
const cut = (original: string | Buffer, rest: string, more = {}) => ({
  payload: b64(rest),
  payloadTruncated: false,
  payloadRedacted: true,
  payloadSize: Buffer.byteLength(original),
  payloadSha256: sha(original),
  ...more,
})

test('members are cut out at every depth, the rest is compact', async () => {
  const pair = (text: string, rest: string): Row => [text, cut(text, rest)]
  const rows: Row[] = [
    [
      '',
      {
        ...kept(''),
        reasonCode: 'PAYLOAD_EMPTY',
        reasonDetail: null,
        stage: 'DECODE',
        mqttTopic: 'api/mqtt/v1/SN1/evt',
        deviceSn: 'SN1',
        batchIndex: null,
        batchSize: null,
        qos: 1,
        retained: false,
        duplicate: false,
        ingestTime: now,
        bridgeVersion: 'test',
        $key: 'SN1',
        $topic: 'cams.deadletter.v1',
        $headers: {},
        $timestamp: now,
      },
    ],
    [
      { payload: '', qos: 2, retain: true, dup: true },
      { qos: 2, retained: true, duplicate: true },
    ],
    [{ payload: '', qos: 0 }, { qos: 0 }],
    [{ topic: 'api/mqtt/v1/SN7A2300583/evt', payload: '' }, { eventId: 'a80aaee0-8814-5a07-8646-96a841040603' }],
    [' { "a" : 1 } ', kept(' { "a" : 1 } ')],
    ['\ufeff{ "a" : 1 }\0', kept('\ufeff{ "a" : 1 }\0')],
    pair('\ufeff{ "a" : 1 , "pin" : 2 }\0', '{"a":1}'),
    pair('{"pin":null}', '{}'),
    pair(
      '{"pin":{"a":[1,2]},"b":[{"Name":1,"c":{"PHOTO":"x","d":1.50}}, [ {"token":1} ]]}',
      '{"b":[{"c":{"d":1.50}},[{}]]}',
    ),
    pair('{"a":1,"a":1,"u":1E+5,"n":-0.0,"pin":1,"a":2}', '{"a":1,"a":1,"u":1E+5,"n":-0.0,"a":2}'),
    pair(
      '{"pin":1,"x":"\\u00e9\\/\\ud83d\\ude00\\ud800\\u2028\\u007f\\u0001\\b\\u000b\\"\\\\","\\u0041\\n":true,"pi\\u006e":2}',
      '{"x":"é/😀\\ud800\u2028\u007f\\u0001\\b\\u000b\\"\\\\","A\\n":true}',
    ),
    pair('{"user_name":1,"US-ERNAME":2,"my_name":3,"names":4,"na me":5}', '{"my_name":3,"names":4,"na me":5}'),
    pair('{"__proto__":{"pin":1,"z":2}}', '{"__proto__":{"z":2}}'),
    pair('{"2":1,"1":2,"pin":0}', '{"2":1,"1":2}'),
    ['{"userid":1,"x":"pin"}', kept('{"userid":1,"x":"pin"}')],
    ['["pin","name"]', { ...kept('"pin"'), batchIndex: 0 }, { ...kept('"name"'), batchIndex: 1 }],
    [
      ' [ { "a" : "é" } , {"pin": 1, "b": 2} ] ',
      { ...kept('{ "a" : "é" }'), batchIndex: 0, batchSize: 2 },
      { ...cut('{"pin": 1, "b": 2}', '{"b":2}'), batchIndex: 1, batchSize: 2 },
    ],
    [
      '{"records": [ 5 , [{"pin":1}] ]}',
      { ...kept('5'), batchIndex: 0 },
      { ...cut('[{"pin":1}]', '[{}]'), batchIndex: 1 },
    ],
    ['[{"a":1,"a":2,"pin":3}]', cut('{"a":1,"a":2,"pin":3}', '{"a":1,"a":2}', { reasonCode: 'JSON_DUPLICATE_KEY' })],
    ['{"a":1,"a":2,"pin":3}', cut('{"a":1,"a":2,"pin":3}', '{"a":1,"a":2}', { reasonCode: 'JSON_DUPLICATE_KEY' })],
    ['{"pin":1,"pin":2}', cut('{"pin":1,"pin":2}', '{}')],
    [
      '{"x":[],"records":[],"pin":1}',
      cut('{"x":[],"records":[],"pin":1}', '{"x":[],"records":[]}', { reasonCode: 'BATCH_EMPTY' }),
    ],
    ['{"pin":1,', kept('{"pin":1,', { reasonCode: 'JSON_INVALID' })],
    [`{"pin":1,"x":${'['.repeat(17)}${']'.repeat(17)}}`, { reasonCode: 'JSON_TOO_DEEP', payloadRedacted: false }],
    [Buffer.from('{"pin":"\xff"}', 'latin1'), kept(Buffer.from('{"pin":"\xff"}', 'latin1'))],
    [Buffer.from('{"pin":1}', 'utf16le'), kept(Buffer.from('{"pin":1}', 'utf16le'))],
    [
      { topic: 'x', payload: '{"pin":1,"b":2}' },
      cut('{"pin":1,"b":2}', '{"b":2}', { reasonCode: 'TOPIC_INVALID', deviceSn: null, $key: null }),
    ],
    [
      { topic: 'api/mqtt/v1/!/evt', payload: '{"pin":1}' },
      cut('{"pin":1}', '{}', { reasonCode: 'SN_INVALID', deviceSn: null, $key: null }),
    ],
    [
      { topic: 'api/mqtt/v1//evt', payload: '' },
      { reasonCode: 'SN_EMPTY', deviceSn: null, $key: null },
    ],
    [{ topic: 'a\u0001b\u007f\n\u0085é', payload: '' }, { mqttTopic: 'a\\u0001b\\u007f\\u000a\\u0085é' }],
    [{ topic: 't'.repeat(600), payload: '' }, { mqttTopic: 't'.repeat(512) }],
    [{ topic: `${'t'.repeat(510)}\u0001x`, payload: '' }, { mqttTopic: `${'t'.repeat(510)}\\u` }],
    [{ topic: '😀'.repeat(513), payload: '' }, { mqttTopic: '😀'.repeat(512) }],
    [{ topic: 'api/mqtt/v1/SN1/st', payload: 'hello pin' }, kept('hello pin', { reasonCode: 'JSON_INVALID' })],
    [
      { topic: 'api/mqtt/v1/SN1/st', payload: '{"online":5,"mail":1}' },
      cut('{"online":5,"mail":1}', '{"online":5}', { reasonCode: 'ONLINE_INVALID' }),
    ],
  ]
  expect(await differences({}, rows)).toEqual([])
})

test('settings of the dead letter', async () => {
  const none = { payload: null, payloadRedacted: true, payloadTruncated: false }
  const all = ['', '{"a":1}', '{"pin":1}', '{', '[1]'].map(
    (text): Row => [text, { ...none, payloadSize: text === '[1]' ? 1 : text.length }],
  )
  const keep = { deadLetter: { keepPayload: false }, attendance: { limits: { payloadBytes: 20 } } }
  expect(await differences({ settings: keep }, [...all, ['x'.repeat(21), none]])).toEqual([])

  const small = (truncateBytes: number) => ({
    deadLetter: { truncateBytes },
    attendance: { limits: { payloadBytes: 20 } },
  })
  const large = `{"pin":1,"é":"${'y'.repeat(20)}"}`
  const head = (bytes: number, truncated = true) => ({
    payload: b64(Buffer.from(large).subarray(0, bytes)),
    payloadTruncated: truncated,
    payloadRedacted: false,
    payloadSize: Buffer.byteLength(large),
    payloadSha256: sha(large),
  })
  const size = Buffer.byteLength(large)
  for (const [bytes, wanted] of [
    [11, head(11)],
    [0, head(0)],
    [size - 1, head(size - 1)],
    [size, head(size, false)],
    [size + 1, head(size, false)],
  ] as const) {
    const rows: Row[] = [
      [large, { reasonCode: 'PAYLOAD_TOO_LARGE', ...wanted }],
      [
        { topic: 'x', payload: large },
        { reasonCode: 'TOPIC_INVALID', ...wanted },
      ],
      [{ topic: 'x', payload: '{"pin":1}' }, cut('{"pin":1}', '{}')],
    ]
    expect(await differences({ settings: small(bytes) }, rows)).toEqual([])
  }

  const redact = { deadLetter: { redact: ['Foo_Bar', 'É', 'userid'] } }
  const more: Row[] = [
    [
      '{"foobar":1,"FOO-BAR":2,"é":3,"User_ID":4,"b":5,"foo":6,"x":{"fooBar":1}}',
      { payload: b64('{"b":5,"foo":6,"x":{}}') },
    ],
    ['{"user_id":"1","att_time":1782014400,"att_state":0,"foobar":"x","userid":1}', { flags: ['FIELDS_IGNORED'] }],
  ]
  expect(await differences({ settings: redact }, more)).toEqual([])

  const key = { pseudonym: { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' }, limits: { payloadBytes: 60 } }
  const pseudonym: Row[] = [
    [
      '{"user_id":"1","x":{"UserID":5,"userId":6},"b":1}',
      cut('{"user_id":"1","x":{"UserID":5,"userId":6},"b":1}', '{"x":{},"b":1}'),
    ],
    ['{"b":1}', kept('{"b":1}')],
    ['{"b":1', none],
    ['', none],
    [' ', none],
    [Buffer.from([0xff]), none],
    ['x'.repeat(61), { reasonCode: 'PAYLOAD_TOO_LARGE', ...none }],
    ['[5]', kept('5')],
  ]
  expect(await differences({ settings: { attendance: key } }, pseudonym)).toEqual([])
})

const codes: [string, string, string][] = [
  ['{"att_time":1782014400}', 'USER_ID_MISSING', 'VALIDATE'],
  ['{"user_id":true}', 'USER_ID_INVALID', 'VALIDATE'],
  ['{"user_id":"1"}', 'TIME_MISSING', 'VALIDATE'],
  ['{"user_id":"1","att_time":"x"}', 'TIME_INVALID', 'VALIDATE'],
  ['{"user_id":"1","att_time":12345678901}', 'TIME_AMBIGUOUS', 'VALIDATE'],
  ['{"user_id":"1","att_time":1000000000}', 'TIME_OUT_OF_RANGE', 'VALIDATE'],
]
test.each(codes)('%s is %s', async (payload, reasonCode, stage) => {
  expect(await differences({}, [[payload, { reasonCode, stage }]])).toEqual([])
})
