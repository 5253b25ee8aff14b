import { expect, test } from 'vitest'
import { differences, type Row } from './message-table.ts'

const P = '{"user_id":"1","att_time":1782014400,"att_state":0}'
const clean = { userId: '1', flags: [] }
const on = (topic: string, payload: string | Buffer = P) => ({ topic, payload })
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const B = Buffer.from(P)
const join = (...parts: (Buffer | string)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const BOM = bytes('efbbbf')

test('topics and serials', async () => {
  const rows: Row[] = [
    [on('api/mqtt/v1/SN1/evt'), clean],
    ...[
      'api/mqtt/v1/SN1/EVT',
      'API/mqtt/v1/SN1/evt',
      'api/mqtt/v2/SN1/evt',
      'api/mqtt/v1/SN1/evt/',
      '/api/mqtt/v1/SN1/evt',
      'api/mqtt/v1/SN1',
      'api/mqtt/v1/SN1/evt/x',
      'api/mqtt/v1/SN1/cmd',
      'api/mqtt/v1/SN1/rsp',
      'api/mqtt/v1//foo',
      'api/mqtt/v1/SN1/',
      'x',
      'api/mqtt/v1/SN1/evt ',
      'api/mqtt/v1/SN1/st\n',
    ].map((topic): Row => [on(topic, ''), { reasonCode: 'TOPIC_INVALID', stage: 'TOPIC', deviceSn: null, $key: null }]),
    [on('api/mqtt/v1//evt'), { reasonCode: 'SN_EMPTY', stage: 'TOPIC', deviceSn: null, $key: null }],
    ...[' ', '+', '-a', '.a', '_a', ':a', 'a'.repeat(65), 'é', 'SN1\n', 'a b', 'a+', '#', ' SN1'].map(
      (sn): Row => [
        on(`api/mqtt/v1/${sn}/st`, ''),
        { reasonCode: 'SN_INVALID', stage: 'TOPIC', deviceSn: null, $key: null },
      ],
    ),
    ...['a', 'a'.repeat(64), 'A.b_c:d-e', '0', '00:17:61:12:dc:5c', 'sN', 'a..'].map(
      (sn): Row => [on(`api/mqtt/v1/${sn}/evt`), { deviceSn: sn, $key: sn, flags: [] }],
    ),
  ]
  expect(await differences({}, rows)).toEqual([])
})

test('bytes', async () => {
  const rows: Row[] = [
    [on('api/mqtt/v1/SN1/st', ''), '~presence_cleared'],
    [{ topic: 'api/mqtt/v1/SN1/st', payload: '', retain: true }, '~presence_cleared'],
    [
      on('api/mqtt/v1/SN1/evt', ''),
      {
        reasonCode: 'PAYLOAD_EMPTY',
        stage: 'DECODE',
        payload: '',
        payloadSize: 0,
        payloadRedacted: false,
        payloadTruncated: false,
      },
    ],
    [on('api/mqtt/v1/SN1/rsp', ''), 'PAYLOAD_EMPTY'],
    [on('api/mqtt/v1/SN1/st', ' '), 'PAYLOAD_EMPTY'],
    [on('api/mqtt/v1/SN1/st', '\0'), 'PAYLOAD_EMPTY'],
    [' \t\r\n', 'PAYLOAD_EMPTY'],
    [BOM, 'PAYLOAD_EMPTY'],
    [join(BOM, ' \0\0'), 'PAYLOAD_EMPTY'],
    [bytes('0000'), 'PAYLOAD_EMPTY'],
    [bytes('000000'), 'PAYLOAD_EMPTY'],
    ['\u00a0', 'JSON_INVALID'],
    ['\u000b', 'JSON_INVALID'],
    [join(BOM, BOM, B), 'JSON_INVALID'],
    [join(' ', BOM, B), 'JSON_INVALID'],
    [join(BOM, B), { flags: ['BOM_STRIPPED'] }],
    [join(B, '\0'), { flags: ['NUL_TRIMMED'] }],
    [join(BOM, ' ', B, '\n\0\0'), { flags: ['BOM_STRIPPED', 'NUL_TRIMMED'] }],
    [join(B, '\0\n'), 'JSON_INVALID'],
    [join(B, '\0', 'x'), 'JSON_INVALID'],
    ...[
      'c080',
      'eda080',
      'f4908080',
      'e2 82',
      'ff',
      'fffe7b00',
      'feff007b',
      '80',
      'c1bf',
      'e08080',
      'f0808080',
      'f5808080',
      '7b22 c3 22 7d',
      'edbfbf',
    ].map((hex): Row => [bytes(hex), { reasonCode: 'ENCODING_INVALID', stage: 'DECODE' }]),
    [Buffer.from(P, 'utf16le'), 'ENCODING_INVALID'],
    [Buffer.from(P, 'utf16le').swap16(), 'ENCODING_INVALID'],
    [join(BOM, '\0{}'), 'ENCODING_INVALID'],
    [join(BOM, '{\0}'), 'ENCODING_INVALID'],
    [on('api/mqtt/v1/SN1/st', bytes('31 00 20 00')), 'ENCODING_INVALID'],
    [on('api/mqtt/v1/SN1/st', bytes('00 31')), 'ENCODING_INVALID'],
    [on('api/mqtt/v1/SN1/st', bytes('31 00')), { status: 'ONLINE', flags: ['NUL_TRIMMED', 'PLAIN_TEXT'] }],
    [on('api/mqtt/v1/SN1/st', bytes('31 20 00 20')), 'JSON_INVALID'],
    [
      on('api/mqtt/v1/SN1/st', join(BOM, 'Online\r\n\0')),
      { status: 'ONLINE', flags: ['BOM_STRIPPED', 'NUL_TRIMMED', 'PLAIN_TEXT'] },
    ],
    [`{"user_id":"1","att_time":1782014400,"att_state":0,"x":"\u007f"}`, { flags: ['FIELDS_IGNORED'] }],
    ['{"user_id":"a\0b"}', 'JSON_INVALID'],
  ]
  expect(await differences({ settings: { commands: { replyLeaves: ['rsp'] } } }, rows)).toEqual([])
})

test('the size limit counts bytes as they came, before the encoding', async () => {
  const limit = (length: number): Row[] => [
    [P.padEnd(length), clean],
    [P.padEnd(length + 1), { reasonCode: 'PAYLOAD_TOO_LARGE', stage: 'DECODE' }],
    [join(B, '\0'.repeat(length - B.length)), { flags: ['NUL_TRIMMED'] }],
    [join(B, '\0'.repeat(length - B.length + 1)), 'PAYLOAD_TOO_LARGE'],
    [join(BOM, P.padEnd(length - 3)), { flags: ['BOM_STRIPPED'] }],
    [join(BOM, P.padEnd(length - 2)), 'PAYLOAD_TOO_LARGE'],
    [Buffer.alloc(length, 0xff), 'ENCODING_INVALID'],
    [Buffer.alloc(length + 1, 0xff), 'PAYLOAD_TOO_LARGE'],
    [`"${'é'.repeat(length / 2 - 1)}"`, 'JSON_NOT_OBJECT'],
    [`"${'é'.repeat(length / 2 - 1)}" `, 'PAYLOAD_TOO_LARGE'],
    [on('api/mqtt/v1/!/evt', Buffer.alloc(length + 1)), 'SN_INVALID'],
  ]
  expect(await differences({ settings: { attendance: { limits: { payloadBytes: 200 } } } }, limit(200))).toEqual([])
  expect(await differences({}, limit(262144))).toEqual([])
})

const nest = (n: number, inner = '1'): string => '['.repeat(n) + inner + ']'.repeat(n)

test('strict JSON and depth', async () => {
  const invalid = [
    '-',
    '01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    "'a'",
    '"\\x41"',
    '"\\u12"',
    '"\\u12G4"',
    '"\t"',
    '"\n"',
    '"\u001f"',
    '{"a":1,}',
    '[1,]',
    '[,]',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '{"a":1 "b":2}',
    '[1 2]',
    '/*c*/{}',
    '{} //',
    '{}{}',
    '{} x',
    '[] []',
    'tru',
    'nulll',
    'True',
    '"abc',
    '[',
    ']',
    '{',
    '}',
    '{"a":1',
    '\f{}',
    '{}\u000b',
    '{}\u00a0',
    '\u2028{}',
    '00',
    '-01',
    '1_000',
    '"\\"',
    '"\\',
    '{1:2}',
    '{null:1}',
    'undefined',
    '1 2',
    '"a" "b"',
    '[1}',
    '{"a":1]',
    '--1',
    '1.e1',
    '1e1.5',
    '"\\U0041"',
    'online',
  ]
  const rows: Row[] = [
    ...invalid.map((text): Row => [text, { reasonCode: 'JSON_INVALID', stage: 'PARSE' }]),
    ...[
      '1',
      '-0',
      '0.0',
      '1E+5',
      '1e-5',
      '"\\u0000"',
      '"\\/\\b\\f\\n\\r\\t\\"\\\\"',
      '"\\ud800"',
      '"\u2028\u2029\u007f"',
      'null',
      'true',
      ' "x" ',
    ].map(
      (text): Row => [
        text,
        { reasonCode: 'JSON_NOT_OBJECT', stage: 'VALIDATE', payload: Buffer.from(text).toString('base64') },
      ],
    ),
    [nest(16), { reasonCode: 'ITEM_NOT_OBJECT', batchIndex: 0, batchSize: 1 }],
    [nest(17), { reasonCode: 'JSON_TOO_DEEP', stage: 'PARSE', batchIndex: null, batchSize: null }],
    [`${'['.repeat(17)}x`, 'JSON_TOO_DEEP'],
    [`${'['.repeat(16)}x${'['.repeat(5)}`, 'JSON_INVALID'],
    [`[1 ${nest(20)}`, 'JSON_INVALID'],
    [`${nest(17)} garbage`, 'JSON_TOO_DEEP'],
    ['['.repeat(200000), 'JSON_TOO_DEEP'],
    ['{"a":'.repeat(17), 'JSON_TOO_DEEP'],
    ['{"a":'.repeat(16), 'JSON_INVALID'],
    [`{"user_id":"1","att_time":1782014400,"att_state":0,"x":${nest(15)}}`, { flags: ['FIELDS_IGNORED'] }],
    [`{"user_id":"1","att_time":1782014400,"att_state":0,"x":${nest(16)}}`, 'JSON_TOO_DEEP'],
    [`{"a":1,"a":2,"x":${nest(16)}}`, 'JSON_TOO_DEEP'],
    ['{"a":1,"a":2,}', 'JSON_INVALID'],
    [on('api/mqtt/v1/SN1/st', nest(17)), 'JSON_TOO_DEEP'],
    [on('api/mqtt/v1/SN1/rsp', nest(17)), 'JSON_TOO_DEEP'],
    [on('api/mqtt/v1/SN1/rsp', 'online'), 'JSON_INVALID'],
  ]
  expect(await differences({ settings: { commands: { replyLeaves: ['rsp'] } } }, rows)).toEqual([])
  const deep: Row[] = [
    ['[]', 'BATCH_EMPTY'],
    ['[{}]', 'JSON_TOO_DEEP'],
    [P, clean],
  ]
  expect(await differences({ settings: { attendance: { limits: { depth: 1 } } } }, deep)).toEqual([])
})
