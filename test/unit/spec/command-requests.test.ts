import { command, commandText, jsonCommand, PING, PUBLISHED, rejected, unreadable } from './lines.ts'
import { SN, START, steps } from './step-table.ts'

const L = JSON.stringify
steps('tombstone', null, [[{ kafka: { topic: 'cams.command.v1', key: SN, value: null } }, ['ign command_tombstone']]])
steps('json min', null, [[jsonCommand({}), PUBLISHED]])
steps('json leading space', null, [[commandText(' {"op":"ping"}'), unreadable()]])
steps('json BOM', null, [[commandText('\ufeff{"op":"ping"}'), unreadable()]])
steps('json NUL', null, [[commandText('{"op":"ping"}\0'), unreadable()]])
steps('json trailing ws ok', null, [[commandText('{"op":"ping","commandId":"c1"}\n '), PUBLISHED]])
for (const t of [
  '[1]',
  '',
  'x',
  'null',
  '"a"',
  '{',
  '{}x',
  '{"op":"ping"}{"op":"ping"}',
  "{'op':'ping'}",
  '{"op":"ping",}',
  '{"op":01}',
  '{"op":"a\tb"}',
  '{"op":"ping"/**/}',
])
  steps('not json ' + t, null, [[commandText(t), unreadable()]])
steps('json {}', null, [[commandText('{}'), rejected('OP_MISSING')]])
steps('dup eq', null, [
  [commandText('{"op":"ping","commandId":"c1","op":"ping","x":{"a":[1,2],"b":2},"x":{"b":2,"a":[1,2]}}'), PUBLISHED],
])
steps('dup ne', null, [[commandText('{"op":"ping","op":"pong"}'), unreadable()]])
steps('dup 1 1.0', null, [[commandText('{"op":"ping","x":1,"x":1.0}'), unreadable()]])
steps('dup esc name', null, [[commandText('{"op":"ping","\\u006fp":"pinh"}'), unreadable()]])
steps('dup null vs', null, [[commandText('{"op":"ping","x":null,"x":1}'), unreadable()]])
steps('dup in data', null, [[commandText('{"op":"ping","commandId":"c1","data":{"a":1,"a":2}}'), unreadable()]])
steps('dup data equal', null, [
  [
    commandText('{"op":"ping","commandId":"c1","data":{"a":1,"a":1}}'),
    ['> cmd {"id":"c1","op":"ping","data":{"a":1}}', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
const deep = (n: number) => '['.repeat(n) + ']'.repeat(n),
  od = (n: number) => '{"a":'.repeat(n - 1) + '{}' + '}'.repeat(n - 1)
steps('depth16', null, [[commandText(`{"op":"ping","commandId":"c1","x":${deep(15)}}`), PUBLISHED]])
steps('depth17', null, [[commandText(`{"op":"ping","commandId":"c1","x":${deep(16)}}`), unreadable()]])
steps('data obj depth15', null, [
  [
    commandText(`{"op":"ping","commandId":"c1","data":${od(15)}}`),
    ['> cmd {"id":"c1","op":"ping","data":' + od(15) + '}', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
steps('data obj depth16', null, [[commandText(`{"op":"ping","commandId":"c1","data":${od(16)}}`), unreadable()]])
steps('data text depth16', null, [
  [jsonCommand({ data: od(16) }), ['> cmd {"id":"c1","op":"ping","data":' + od(16) + '}', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('data text depth17', null, [[jsonCommand({ data: od(17) }), rejected('DATA_INVALID')]])
steps('plain data depth16', null, [
  [command({ data: od(16) }), ['> cmd {"id":"c1","op":"ping","data":' + od(16) + '}', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('plain data depth17', null, [[command({ data: od(17) }), rejected('DATA_INVALID')]])
steps('depth setting', { attendance: { limits: { depth: 2 } } }, [
  [command({ data: od(2) }), null],
  [command({ data: od(3), commandId: 'c2' }), rejected('DATA_INVALID')],
  [commandText('{"op":"ping","x":[[1]]}'), unreadable(2)],
])
for (const [k, v] of [
  ['commandId', 5],
  ['deviceSn', 5],
  ['op', 5],
  ['op', true],
  ['op', {}],
  ['sensitive', 'true'],
  ['sensitive', 1],
  ['ifOffline', 5],
  ['ifOffline', true],
  ['requestedBy', 5],
  ['correlationId', 5],
  ['requestedAt', '12'],
  ['requestedAt', true],
  ['requestedAt', 1.5],
  ['expiresAt', '2026'],
  ['expiresAt', []],
] as const) {
  steps(`json type ${k} ${L(v)}`, null, [[jsonCommand({ [k]: v }), unreadable()]])
  steps(`plain type ${k} ${L(v)}`, null, [[command({ [k]: v }), unreadable()]])
}
for (const k of ['requestedBy', 'correlationId', 'expiresAt', 'requestedAt', 'sensitive', 'ifOffline', 'data'])
  steps('json null ' + k, null, [[jsonCommand({ [k]: null }), PUBLISHED]])
steps('json null op', null, [[jsonCommand({ op: null }), rejected('OP_MISSING')]])
steps('json null id', null, [
  [
    jsonCommand({ commandId: null }, { offset: 42 }),
    ['> cmd {"id":"80bbd1e86014ecdc","op":"ping"}', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
for (const [d, ok] of [
  ['-0', 1],
  ['-5', 1],
  ['9223372036854775807', 1],
  ['-9223372036854775808', 1],
  ['9223372036854775808', 0],
  ['-9223372036854775809', 0],
  ['1.0', 0],
  ['1e3', 0],
])
  steps('requestedAt ' + d, null, [
    [commandText(`{"op":"ping","commandId":"c1","requestedAt":${d}}`), ok ? PUBLISHED : unreadable()],
  ])
steps('expiresAt max', null, [
  [
    commandText(`{"op":"ping","commandId":"c1","expiresAt":9223372036854775807}`),
    [PING + ' ~4294967295', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
steps('expiresAt max+1 plain', null, [
  [{}],
  [
    '{"kafka":{"topic":"cams.command.v1","key":"SN7A2300583","value":{"op":"ping","commandId":"c1","expiresAt":9223372036854775808}}}',
    unreadable(),
  ],
])
for (const s of ['MAYBE', 'wait', '']) {
  steps('ifOffline ' + s, null, [
    [{ ...jsonCommand({ ifOffline: s }), puback: 16 }, [PING, 'ACCEPTED/1', 'NO_SUBSCRIBER/1 e=NO_SUBSCRIBER']],
  ])
  steps('ifOffline plain ' + s, null, [
    [{ ...command({ ifOffline: s }), puback: 16 }, [PING, 'ACCEPTED/1', 'NO_SUBSCRIBER/1 e=NO_SUBSCRIBER']],
  ])
}
for (const v of [
  5,
  true,
  [],
  [{}],
  '',
  '  ',
  'null',
  '[]',
  '5',
  '{',
  '{}x',
  '\ufeff{}',
  '{}\0',
  "{'a':1}",
  '{"a":1,"a":2}',
  '{"a":1,"a":1.0}',
  '{"a":01}',
])
  steps('json data ' + L(v), null, [[jsonCommand({ data: v }), rejected('DATA_INVALID')]])
for (const v of [
  '',
  '  ',
  'null',
  '[]',
  '5',
  '{',
  '{}x',
  '\ufeff{}',
  '{}\0',
  '{"a":1,"a":2}',
  '{"a":1,"a":1.0}',
  '{"a":NaN}',
  '{"a":1e}',
])
  steps('plain data ' + L(v), null, [[command({ data: v }), rejected('DATA_INVALID')]])
for (const v of [5, true, [], {}, { string: '{}' }])
  steps('plain data type ' + L(v), null, [[command({ data: v }), unreadable()]])
steps('plain data ws', null, [
  [
    command({ data: ' \n{ "b" : 1 , "a" : [ 1 , 2 ] }\t' }),
    ['> cmd {"id":"c1","op":"ping","data":{"b":1,"a":[1,2]}}', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
steps('wrong plain', null, [
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: [] } }, unreadable()],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: 'x' } }, unreadable(1)],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: 5 } }, unreadable(2)],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: {} } }, unreadable(3)],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: { op: null } } }, unreadable(4)],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: { op: 'ping', commandId: null } } }, null],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: { op: 'ping', sensitive: null } } }, null],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: { op: 'ping', commandId: 'c1', foo: {} } } }, PUBLISHED],
  [{ kafka: { topic: 'cams.command.v1', key: SN, value: false } }, unreadable(8)],
])
steps(
  'lone surr op',
  null,
  [
    [
      commandText('{"op":"a\\ud800","commandId":"c1","correlationId":"\\udc00x"}'),
      ['REJECTED/1 e=OP_INVALID c=\ufffdx op=a\ufffd'],
    ],
  ],
  { op: true },
)
steps('bad utf8', null, [[commandText(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), unreadable()]])
steps('utf8 enc surrogate', null, [
  [
    commandText(Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')])),
    unreadable(),
  ],
])
steps('confluent', null, [
  [commandText(Buffer.from([0, 0, 0, 0, 1, 2, 3])), unreadable()],
  [commandText(Buffer.from([0])), unreadable(1)],
])
steps('sn from key', null, [
  [command({ deviceSn: '' }), ['> cmd {"id":"c1","op":"ping"}', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps(
  'sn none',
  null,
  [[{ kafka: { topic: 'cams.command.v1', value: { op: 'ping', commandId: 'c1' } } }, ['REJECTED/1 e=SN_INVALID sn=']]],
  { sn: true },
)
steps('sn over key', null, [
  [command({ deviceSn: 'OTHER' }), ['> api/mqtt/v1/OTHER/cmd {"id":"c1","op":"ping"}', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('id', null, [
  [
    command({ commandId: '' }, { partition: 7, offset: 1500 }),
    ['> cmd {"id":"8f5c38eb1d1b6d36","op":"ping"}', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
// 11.2
steps('order sn id', null, [[command({ deviceSn: 'a/b', commandId: '!', op: '' }), ['REJECTED/1 e=SN_INVALID']]])
steps('order id op', null, [[command({ commandId: '!', op: '' }), rejected('ID_INVALID')]])
steps('known before op', null, [
  [command({}), PUBLISHED],
  [command({ op: '', data: '[' }), ['PUBLISHED/1']],
])
for (const o of ['', '  ', '\u00a0', '\ufeff', '\n'])
  steps('op blank ' + L(o), null, [[command({ op: o, data: '[' }), rejected('OP_MISSING')]])
for (const o of ['\u200b', '1a', '_a', 'a-b', 'A', 'ping\n', ' ping', 'a'.repeat(49), 'пинг'])
  steps('op inv ' + L(o), null, [[command({ op: o, data: '[' }), rejected('OP_INVALID')]])
steps('op 48', null, [
  [command({ op: 'a'.repeat(48) }), [`> cmd {"id":"c1","op":"${'a'.repeat(48)}"}`, 'ACCEPTED/1', 'PUBLISHED/1']],
])
for (const i of ['a'.repeat(65), 'a\n', ' a', '-a/', 'é', 'a b'])
  steps('id inv ' + L(i), null, [[command({ commandId: i }), rejected('ID_INVALID', ' id=' + i.slice(0, 64))]], {
    id: true,
  })
for (const i of ['a'.repeat(64), '-', '.', '_', ':', 'A1'])
  steps('id ok ' + i, null, [
    [command({ commandId: i }), [`> cmd {"id":"${i}","op":"ping"}`, 'ACCEPTED/1', 'PUBLISHED/1']],
  ])
for (const s of ['.a', 'a'.repeat(65), 'a+', 'a#', 'a b', 'é', 'a\n'])
  steps('sn inv ' + s, null, [[command({ deviceSn: s }), ['REJECTED/1 e=SN_INVALID']]])
const ops =
  'sync_user delete_user block_user unblock_user delete_all_users get_user list_users enroll cancel_enroll set_template set_photo delete_template get_logs clear_logs set_time get_time get_info get_status ping reboot set_config get_config open_door lock_door hold_door clear_alarm show_message upgrade factory_reset'.split(
    ' ',
  )
for (const o of ops) {
  const d = ['delete_all_users', 'clear_logs', 'upgrade', 'factory_reset'].includes(o),
    b = ['set_template', 'set_photo'].includes(o) ? ' sensitive' : '',
    door = o.endsWith('_door') ? ' ~30' : ''
  steps('strict ' + o, { commands: { strictOps: true } }, [
    [
      command({ op: o }),
      d ? rejected('CONFIRM_REQUIRED') : [`> cmd {"id":"c1","op":"${o}"}${door}`, 'ACCEPTED/1' + b, 'PUBLISHED/1' + b],
    ],
  ])
  if (d)
    for (const [c, ok] of [
      [SN, 1],
      [SN.toLowerCase(), 0],
      [' ' + SN, 0],
      [5, 0],
      [null, 0],
      [[SN], 0],
      [true, 0],
      ['', 0],
    ])
      steps('confirm ' + o + L(c), null, [
        [
          command({ op: o, data: L({ confirm: c }) }),
          ok
            ? [`> cmd {"id":"c1","op":"${o}","data":${L({ confirm: c })}}`, 'ACCEPTED/1', 'PUBLISHED/1']
            : rejected('CONFIRM_REQUIRED'),
        ],
      ])
}
steps('strict unknown', { commands: { strictOps: true } }, [
  [command({ op: 'foo', data: '[' }), rejected('OP_UNKNOWN')],
  [command({ op: 'constructor' }), rejected('OP_UNKNOWN')],
  [command({ op: 'toString' }), rejected('OP_INVALID')],
])
steps('nonstrict proto', null, [
  [command({ op: 'constructor' }), [`> cmd {"id":"c1","op":"constructor"}`, 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('confirm nested/dup', null, [
  [command({ op: 'clear_logs', data: `{"confirm":"${SN}","confirm":"${SN}"}` }), null],
  [command({ commandId: 'c2', op: 'clear_logs', data: `{"x":{"confirm":"${SN}"}}` }), rejected('CONFIRM_REQUIRED')],
  [command({ commandId: 'c3', deviceSn: '', op: 'factory_reset', data: `{"confirm":"${SN}"}` }), null],
])
// sizes
const env = L({ id: 'c1', op: 'ping', data: { a: 'é' } }),
  len = Buffer.byteLength(env)
steps('size eq', { commands: { limits: { payloadBytes: len } } }, [
  [command({ data: '{ "a" : "\\u00e9" }' }), ['> cmd ' + env, 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('size over', { commands: { limits: { payloadBytes: len - 1 } } }, [
  [command({ data: '{"a":"é"}' }), rejected('TOO_LARGE')],
  [command({ op: 'clear_logs', data: '{"a":"éeeeeee"}' }), rejected('TOO_LARGE')],
  [command({ op: 'clear_logs', data: '{"a":"éeeeeee"' }), rejected('DATA_INVALID')],
])
steps('confirm<expiry', null, [[command({ op: 'clear_logs', ifOffline: 'WAIT' }), rejected('CONFIRM_REQUIRED')]])
steps('exp req', null, [
  [command({ ifOffline: 'WAIT' }), rejected('EXPIRY_REQUIRED')],
  [command({ op: 'open_door', ifOffline: 'WAIT' }), rejected('EXPIRY_REQUIRED')],
])
steps('exp far', null, [
  [command({ ifOffline: 'WAIT', expiresAt: START + 604800001 }), rejected('EXPIRY_TOO_FAR')],
  [command({ op: 'open_door', ifOffline: 'WAIT', expiresAt: START + 604800001 }), rejected('EXPIRY_TOO_FAR')],
  [command({ ifOffline: 'WAIT', expiresAt: START + 604800000 }), [PING + ' ~604800', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('exp far set', { commands: { limits: { waitSeconds: 10 } } }, [
  [command({ ifOffline: 'WAIT', expiresAt: START + 10001 }), rejected('EXPIRY_TOO_FAR')],
  [command({ ifOffline: 'FAIL', expiresAt: START + 10001 }), [PING + ' ~10', 'ACCEPTED/1', 'PUBLISHED/1']],
])
const EX = ['EXPIRED/1 e=EXPIRED']
steps('expired', null, [
  [command({ expiresAt: START }), EX],
  [command({ expiresAt: START - 1 }), EX],
  [command({ expiresAt: 0 }), EX],
  [command({ expiresAt: -5 }), EX],
  [command({ expiresAt: START, ifOffline: 'WAIT' }), EX],
  [command({ expiresAt: START, op: 'open_door' }), EX],
  [command({ expiresAt: START + 1 }), [PING + ' ~1', 'ACCEPTED/1', 'PUBLISHED/1']],
  [
    command({ commandId: 'c2', expiresAt: START + 1999 }),
    ['> cmd {"id":"c2","op":"ping"} ~1', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
steps('door exp', { commands: { doorExpirySeconds: 5 } }, [
  [command({ op: 'open_door' }), ['> cmd {"id":"c1","op":"open_door"} ~5', 'ACCEPTED/1', 'PUBLISHED/1']],
  [
    command({ commandId: 'c2', op: 'lock_door', expiresAt: START + 3500 }),
    ['> cmd {"id":"c2","op":"lock_door"} ~3', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
  [
    command({ commandId: 'c3', op: 'hold_door', expiresAt: START + 60000 }),
    ['> cmd {"id":"c3","op":"hold_door"} ~5', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
steps('exp cap', null, [
  [command({ expiresAt: START + 4294967296000 }), [PING + ' ~4294967295', 'ACCEPTED/1', 'PUBLISHED/1']],
  [
    command({ commandId: 'c2', expiresAt: START + 4294967295000 }),
    ['> cmd {"id":"c2","op":"ping"} ~4294967295', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
  [
    command({ commandId: 'c3', expiresAt: START + 4294967294999 }),
    ['> cmd {"id":"c3","op":"ping"} ~4294967294', 'ACCEPTED/1', 'PUBLISHED/1'],
  ],
])
