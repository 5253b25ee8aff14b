import { expect, test } from 'vitest'
import { differences, type Row } from './message-table.ts'

const settings = { commands: { replyLeaves: ['rsp'] } }
const p = (id: string, more = ''): string => `{"user_id":"${id}","att_time":1782014400,"att_state":0${more}}`
const on = (leaf: string, payload: string) => ({ topic: `api/mqtt/v1/SN1/${leaf}`, payload })
const at = (batchIndex: number, batchSize: number, more = {}) => ({ batchIndex, batchSize, ...more })
const none = { batchIndex: null, batchSize: null }

test('repeated members', async () => {
  const equal = [
    '1,1',
    'null,null',
    '"a","\\u0061"',
    '[1,2],[1,2]',
    '{"a":1,"b":2},{"b":2,"a":1}',
    '{"a":1,"a":1},{"a":1}',
    '{"a":1},{"a":1,"a":1,"a":1}',
    '{},{}',
    '[],[]',
    'true,true',
    '1.0,1.0',
    '"\\ud800","\\uD800"',
    '[{"x":[]}],[{ "x" : [ ] }]',
    '{"":1},{"":1}',
    '"\\/","/"',
  ]
  const unequal = [
    '1,1.0',
    '1,"1"',
    'null,1',
    '1,null',
    'null,false',
    '1e2,100',
    '1e2,1E2',
    '-0,0',
    '1e2,1e+2',
    '[1,2],[2,1]',
    '[1],[1,1]',
    '{"a":1},{"a":2}',
    '{"a":1},{"b":1}',
    '{"a":1},{}',
    '{},[]',
    '"a","A"',
    '"\\u00e9","e\\u0301"',
    '{"a":null},{}',
    'true,false',
    '"\\ud800","\\ud801"',
    '{"a":1,"b":2},{"a":1}',
    '"\\ud800","\\ufffd"',
    '0.10,0.1',
    '10,1',
  ]
  const pair = (text: string, values: string): string => {
    const cut = splitPair(values)
    return text.replace('A', () => cut[0]).replace('B', () => cut[1])
  }
  const both = (rows: string[], wanted: Row[1]): Row[] =>
    rows.flatMap((values): Row[] => [
      [p('1', pair(',"x":A,"x":B', values)), wanted],
      [p('1', pair(',"y":{"z":[{"x":A,"\\u0078":B}]}', values)), wanted],
      [p('1', pair(',"__proto__":A,"__proto__":B', values)), wanted],
    ])
  const bad = { reasonCode: 'JSON_DUPLICATE_KEY', stage: 'PARSE', ...none }
  const rows: Row[] = [
    ...both(
      equal.filter((v) => v !== 'null,null'),
      { flags: ['FIELDS_IGNORED'] },
    ),
    [p('1', ',"x":null,"x":null'), { flags: [] }],
    ...both(unequal, bad),
    [p('1', ',"x":1,"x":1,"x":2'), bad],
    [p('1', ',"x":{"a":1,"a":2},"x":{"a":1,"a":2}'), bad],
    [p('1', ',"user_id":"1"'), { flags: [] }],
    [p('1', ',"user_id":null'), bad],
    [p('1', ',"user_id":"2"'), bad],
    [p('1', ',"a":{"a":1},"b":{"a":2}'), { flags: ['FIELDS_IGNORED'] }],
    // Where the fault lies decides what it refuses.
    [
      `[${p('1')},${p('2', ',"x":1,"x":2')},${p('3')}]`,
      at(0, 3),
      { reasonCode: 'JSON_DUPLICATE_KEY', batchIndex: 1, batchSize: 3 },
      at(2, 3),
    ],
    [
      '[[{"a":1,"a":2}],[1]]',
      { reasonCode: 'JSON_DUPLICATE_KEY', batchIndex: 0 },
      { reasonCode: 'ITEM_NOT_OBJECT', batchIndex: 1 },
    ],
    ['[{"a":1,"a":2}]', { reasonCode: 'JSON_DUPLICATE_KEY', batchIndex: 0, batchSize: 1 }],
    [
      `{"records":[{"a":1,"a":2},${p('1')}]}`,
      { reasonCode: 'JSON_DUPLICATE_KEY', batchIndex: 0, batchSize: 2 },
      at(1, 2),
    ],
    [`{"x":1,"x":2,"records":[${p('1')}]}`, bad],
    [`{"x":1,"x":1,"records":[${p('1')}]}`, at(0, 1)],
    [`{"records":[${p('1')}],"x":{"y":{"a":1,"a":2}}}`, bad],
    [`{"records":[${p('1')}],"logs":[{"a":1,"a":2}]}`, bad],
    [`{"logs":[{"a":1,"a":2}],"records":[${p('1')}]}`, bad],
    [`{"records":[${p('1')}],"records":[${p('1')}]}`, at(0, 1)],
    [`{"records":[${p('1')}],"records":[${p('2')}]}`, bad],
    [`{"records":[${p('1')}],"records":[]}`, bad],
    ['{"user_id":"1","records":[{"a":1,"a":2}]}', bad],
    ['{"id":"1","op":"x","status":"ok","records":[{"a":1,"a":2}]}', bad],
    ['{"id":"1","op":"x","code":1,"code":2}', bad],
    [on('rsp', '{"id":"1","op":"x","code":1,"code":2}'), bad],
    [on('rsp', '[{"a":1,"a":2}]'), bad],
    [on('rsp', '{"records":[{"a":1,"a":2}]}'), bad],
    [on('st', '[{"a":1,"a":2}]'), bad],
    [on('st', '{"online":true,"online":"true"}'), bad],
    [on('st', '{"online":true,"x":{"a":1,"a":2}}'), bad],
    [on('st', '{"online":true,"records":[{"a":1,"a":2}]}'), bad],
  ]
  expect(await differences({ settings }, rows)).toEqual([])
})

/** Cuts `A,B` at the comma outside of brackets that is in the middle. */
function splitPair(values: string): [string, string] {
  for (let at = values.indexOf(','); at >= 0; at = values.indexOf(',', at + 1)) {
    try {
      JSON.parse(values.slice(0, at))
      JSON.parse(values.slice(at + 1))
      return [values.slice(0, at), values.slice(at + 1)]
    } catch {
      // Not this comma.
    }
  }
  throw new Error(values)
}

test('batches and wrappers', async () => {
  const item = p('1')
  const rows: Row[] = [
    ['[]', { reasonCode: 'BATCH_EMPTY', stage: 'VALIDATE', batchIndex: null, batchSize: 0 }],
    ['{"records":[]}', { reasonCode: 'BATCH_EMPTY', batchIndex: null, batchSize: 0 }],
    [
      '[1,null,"x",[],true,{}]',
      ...[0, 1, 2, 3, 4].map((n) => ({ reasonCode: 'ITEM_NOT_OBJECT', batchIndex: n, batchSize: 6 })),
      { reasonCode: 'NOT_A_PUNCH', batchIndex: 5, batchSize: 6 },
    ],
    [`[${item},${item}]`, at(0, 2, { flags: [] }), '~repeat_in_batch'],
    [
      `[${p('1', ',"work_code":"a"')},${p('1', ',"x":1')},${p('2')},${item}]`,
      at(0, 4),
      '~repeat_in_batch',
      at(2, 4),
      '~repeat_in_batch',
    ],
    [
      '[{"user_id":"1","att_time":1},{"user_id":"1","att_time":1}]',
      { reasonCode: 'TIME_INVALID', batchIndex: 0 },
      { reasonCode: 'TIME_INVALID', batchIndex: 1 },
    ],
    [
      '[{"user_id":"1","att_time":"2026-06-21 04:00:00"},{"user_id":"1","att_time":"2026-06-21 04:00:00Z"},{"user_id":1,"att_time":1782014400}]',
      at(0, 3),
      at(1, 3),
      '~repeat_in_batch',
    ],
    [
      '[{"user_id":"1","att_time":"2026-06-21 04:00:00","att_state":1},{"user_id":"1","att_time":"2026-06-21 04:00:00","att_state":"1"},{"user_id":"1","att_time":"2026-06-21 04:00:00","att_state":1.0}]',
      at(0, 3),
      '~repeat_in_batch',
      at(2, 3),
    ],
    ...['records', 'logs', 'punches'].map(
      (name): Row => [`{"att_time":5,"x":1,"photo":"z","${name}":[${item}]}`, at(0, 1, { flags: [] })],
    ),
    [`{"punches":[${p('3')}],"logs":[${p('2')}],"records":[${p('1')}]}`, at(0, 1, { userId: '1', flags: [] })],
    [`{"punches":[${p('3')}],"logs":[${p('2')}],"records":{}}`, at(0, 1, { userId: '2' })],
    [`{"records":null,"logs":"x","punches":[${p('3')}]}`, at(0, 1, { userId: '3' })],
    [`{"Records":[${item}]}`, { reasonCode: 'NOT_A_PUNCH', ...none }],
    [`{"records":{}}`, 'NOT_A_PUNCH'],
    [`{"user_id":null,"UserID":null,"records":[${item}]}`, at(0, 1)],
    ...['user_id', 'userId', 'UserId', 'UserID'].map(
      (name): Row => [`{"${name}":"","records":[${item}]}`, { reasonCode: 'USER_ID_MISSING', ...none }],
    ),
    [
      `{"user_id":"9","att_time":1782014400,"att_state":0,"records":[${item}]}`,
      { userId: '9', flags: ['FIELDS_IGNORED'], ...none },
    ],
    [
      `[{"records":[${item}]},{"id":"1","op":"x","status":"ok"}]`,
      { reasonCode: 'NOT_A_PUNCH', batchIndex: 0 },
      { reasonCode: 'NOT_A_PUNCH', batchIndex: 1 },
    ],
    [
      `{"sn":"X","records":[${p('1')},${p('2', ',"sn":"SN1"')}]}`,
      at(0, 2, { flags: ['SN_MISMATCH'] }),
      at(1, 2, { flags: ['SN_MISMATCH'] }),
    ],
    [
      `{"sn":"SN1","records":[${p('1')},${p('2', ',"sn":"X"')}]}`,
      at(0, 2, { flags: [] }),
      at(1, 2, { flags: ['SN_MISMATCH'] }),
    ],
    [`{"sn":null,"SerialNumber":"X","DeviceSN":"SN1","records":[${p('1')}]}`, at(0, 1, { flags: ['SN_MISMATCH'] })],
    [`{"sn":true,"SerialNumber":"X","records":[${p('1')}]}`, at(0, 1, { flags: [] })],
    [`{"sn":"sn1","records":[1]}`, 'ITEM_NOT_OBJECT'],
    [
      { payload: `[${p('1')},${p('2')}]\0`, retain: true, dup: true },
      at(0, 2, { flags: ['MQTT_RETAINED', 'MQTT_DUP', 'NUL_TRIMMED'] }),
      at(1, 2, { flags: ['MQTT_RETAINED', 'MQTT_DUP', 'NUL_TRIMMED'] }),
    ],
    [on('st', '[]'), { reasonCode: 'JSON_NOT_OBJECT', ...none }],
    [on('st', `{"records":[${item}]}`), 'ONLINE_INVALID'],
    ['{}', { reasonCode: 'NOT_A_PUNCH', ...none }],
  ]
  expect(await differences({ settings }, rows)).toEqual([])

  const three: Row[] = [
    [`[${p('1')},${p('2')},${p('3')}]`, at(0, 3), at(1, 3), at(2, 3)],
    [
      '[1,{"a":1,"a":2},[[]],4]',
      {
        reasonCode: 'BATCH_TOO_LARGE',
        batchIndex: null,
        batchSize: 4,
        payload: Buffer.from('[1,{"a":1,"a":2},[[]],4]').toString('base64'),
      },
    ],
    ['{"logs":[1,{"a":1,"a":2},3,4]}', { reasonCode: 'BATCH_TOO_LARGE', batchIndex: null, batchSize: 4 }],
    ['{"x":1,"x":2,"logs":[1,2,3,4]}', 'JSON_DUPLICATE_KEY'],
    ['[1,2,3,4', 'JSON_INVALID'],
    [on('st', '[1,2,3,4]'), 'JSON_NOT_OBJECT'],
    [on('st', '[1,2,3,{"a":1,"a":2}]'), 'JSON_DUPLICATE_KEY'],
    [on('rsp', '[1,2,3,{"a":1,"a":2}]'), 'JSON_DUPLICATE_KEY'],
    ['{"user_id":"1","records":[1,2,3,{"a":1,"a":2}]}', 'JSON_DUPLICATE_KEY'],
  ]
  expect(await differences({ settings: { ...settings, attendance: { limits: { batchItems: 3 } } } }, three)).toEqual([])
})

test('a repeat in the repeated hour is kept', async () => {
  const item = '{"user_id":"1","att_time":"2026-10-25 01:30:00","att_state":0}'
  const rows: Row[] = [
    [`[${item},${item}]`, { flags: ['TZ_AMBIGUOUS'], batchIndex: 0 }, { flags: ['TZ_AMBIGUOUS'], batchIndex: 1 }],
  ]
  const zone = { devices: [{ deviceSn: 'SN1', timeZone: 'Europe/London' }] }
  expect(await differences({ settings: zone, at: '2026-10-25T00:31:00.000Z' }, rows)).toEqual([])
})

test('command replies on every leaf', async () => {
  const reply = [
    '{"id":"1","op":"x","status":"ok"}',
    '{"id":"","op":"x","code":0}',
    '{"id":12,"op":"x","result":false}',
    '{"id":"1","op":" x ","status":""}',
    '{"id":"1","op":"x","result":{}}',
    '{"id":0,"op":"x","result":[]}',
    '{"id":"1","op":"x","status":null,"code":null,"result":1,"user_id":"1","att_time":1782014400}',
    '{"id":"1","op":"x","status":"ok","online":true}',
    '{"id":"\\ud800","op":"x","code":1}',
    '{"id":"1","op":"x","code":1,"records":[{}]}',
    `{"id":99999999999999999999999,"op":"x","code":1}`,
  ]
  const other = [
    '{"id":1.0,"op":"x","status":"ok"}',
    '{"id":-1,"op":"x","status":"ok"}',
    '{"id":1e1,"op":"x","status":"ok"}',
    '{"id":true,"op":"x","status":"ok"}',
    '{"id":null,"op":"x","status":"ok"}',
    '{"op":"x","status":"ok"}',
    '{"id":"1","status":"ok"}',
    '{"id":"1","op":" \\t","status":"ok"}',
    '{"id":"1","op":"","status":"ok"}',
    '{"id":"1","op":5,"status":"ok"}',
    '{"id":"1","op":"x"}',
    '{"id":"1","op":"x","status":null}',
    '{"id":"1","op":"x","Status":"ok"}',
    '{"id":["1"],"op":"x","status":"ok"}',
    '{"ID":"1","op":"x","status":"ok"}',
  ]
  const rows: Row[] = [
    ...reply.flatMap((text) => ['evt', 'st', 'rsp'].map((leaf): Row => [on(leaf, text), '~reply_unknown'])),
    ...other.flatMap((text): Row[] => [
      [on('evt', text), 'NOT_A_PUNCH'],
      [on('st', text), 'ONLINE_INVALID'],
      [on('rsp', text), { reasonCode: 'REPLY_INVALID', stage: 'VALIDATE', ...none }],
    ]),
    ...['1', '"online"', 'true', 'null', '[]', `[${reply[0]}]`, '{}', '{"records":[]}', p('1'), '{"online":true}'].map(
      (text): Row => [on('rsp', text), 'REPLY_INVALID'],
    ),
  ]
  expect(await differences({ settings }, rows)).toEqual([])
})
