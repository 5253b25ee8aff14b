import { desired, device, gone, shadowReport, thing } from './lines.ts'
import { at, type Members, SECONDS, type Step, steps } from './step-table.ts'

const T: Step = [thing(), []]
const rej = (code: number, message: string, clientToken?: string): string[] => [
  `> shadow/update/rejected ${JSON.stringify({ clientToken, code, message, timestamp: SECONDS })}`,
]
const M = {
  415: 'Unsupported documented encoding; supported encoding is UTF-8',
  j: 'Invalid JSON',
  tok: 'Invalid clientToken',
  404: 'Thing not found',
  ms: 'Missing required node: state',
  so: 'State node must be an object',
  inv: 'State contains an invalid node',
  mr: 'Missing required node: reported',
  ro: 'Reported node must be an object',
  v: 'Invalid version',
  deep: 'JSON contains too many levels of nesting; maximum is 6',
  409: 'Version conflict',
  413: 'The payload exceeds the maximum size allowed',
}
const rj = (name: string, j: unknown, code: number, msg: string, tok?: string) =>
  steps('rej ' + name, null, [T, [shadowReport(j), rej(code, msg, tok)]])
rj('utf8', Buffer.from([0x7b, 0xff, 0x7d]), 415, M[415])
rj('utf8 overlong', Buffer.from([0xc0, 0xaf]), 415, M[415])
rj(
  'surrogate enc',
  Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
  415,
  M[415],
)
for (const t of [
  '',
  '[]',
  '1',
  '"x"',
  'null',
  'true',
  '{',
  '\ufeff{"state":{"reported":{}}}',
  '{"state":{"reported":{"a":1e400}}}',
  '{"state":{"reported":{"a":01}}}',
  '{}x',
  '{"state":{"reported":{}},}',
  ' ',
  '{"state":{"reported":{}}}\0',
  "{'a':1}",
  '{"a":NaN}',
])
  rj('json ' + t, t, 400, M.j)
for (const t of [
  '{"state":{"desired":null}}',
  '{"state":{"desired":{}},"clientToken":5}',
  '{"state":{"desired":1,"x":2},"version":-1}',
  '{"state":{"desired":{"a":[null]}}}',
]) {
  steps('echo ' + t, null, [T, [shadowReport(t), ['ign own_echo']]])
  steps('echo unreg ' + t, null, [[shadowReport(t), ['ign own_echo']]])
}
rj('desired and reported', '{"state":{"desired":{},"reported":{}}}', 400, M.inv)
rj('desired and reported null', '{"state":{"desired":{},"reported":null}}', 400, M.inv)
for (const t of [5, {}, [], true, 'x'.repeat(65), 'é'.repeat(33)])
  rj(`token ${JSON.stringify(t)}`, { state: { reported: {} }, clientToken: t }, 400, M.tok)
rj('token before state', { clientToken: 5 }, 400, M.tok)
rj('token null', { clientToken: null }, 400, M.ms)
steps('unreg', null, [
  [shadowReport({ state: 5, clientToken: 'k' }), rej(404, M[404], 'k')],
  [shadowReport({ clientToken: 5 }), rej(400, M.tok)],
  [shadowReport('x'), rej(400, M.j)],
])
for (const [j, m] of [
  [{}, 'ms'],
  [{ state: null }, 'so'],
  [{ state: [] }, 'so'],
  [{ state: 5 }, 'so'],
  [{ state: {} }, 'mr'],
  [{ state: { x: 1 } }, 'inv'],
  [{ state: { x: 1, reported: 5 } }, 'inv'],
  [{ state: { reported: 5 } }, 'ro'],
  [{ state: { reported: [] } }, 'ro'],
  [{ state: { reported: 'x' } }, 'ro'],
  [{ state: { reported: false } }, 'ro'],
] as const)
  rj(JSON.stringify(j), { ...j, clientToken: 'k' }, 400, M[m], 'k')
for (const v of [-1, 1.5, '1', true, [], {}, ''])
  rj(`version ${JSON.stringify(v)}`, { state: { reported: { a: [null], '': 1 } }, version: v }, 400, M.v)
rj('big version', '{"state":{"reported":{}},"version":1e300}', 409, M[409])
rj('token empty', { state: {}, clientToken: '' }, 400, M.mr, '')
// walk
const nest = (n: number, leaf = '1') => '{"a":'.repeat(n) + leaf + '}'.repeat(n)
const w = (t: string, c: number, m: string) => rj('walk ' + t, `{"state":{"reported":${t}}}`, c, m)
w('{"a":[null]}', 400, M.inv)
w('{"a":[[{"b":[1,null]}]]}', 400, M.inv)
w('{"a":[{"b":null}]}', 400, M.inv)
w('{"":1}', 400, M.inv)
w('{"a":{"":null}}', 400, M.inv)
w('{"__proto__":1}', 400, M.inv)
w('{"a":{"__proto__":null}}', 400, M.inv)
w('{"a":[{"__proto__":1}]}', 400, M.inv)
w(nest(7), 400, M.deep)
w('{"a":[[[[[[1]]]]]]}', 400, M.deep)
w(`{"x":[null],"a":${nest(6)}}`, 400, M.inv)
w(`{"a":${nest(6)},"x":[null]}`, 400, M.deep)
w('{"a":{"a":{"a":{"a":{"a":{"":1}}}}}}', 400, M.inv)
w('{"a":{"a":{"a":{"a":{"a":{"a":{"":1}}}}}}}', 400, M.deep)
w('{"constructor":1,"a":{"a":{"a":{"a":{"a":{"a":{"__proto__":1}}}}}}}', 400, M.deep)
const acc = (rep: string, meta: string, v: number, tok?: string) =>
  `> shadow/update/accepted {${tok !== undefined ? `"clientToken":"${tok}",` : ''}"metadata":{"reported":${meta}},"state":{"reported":${rep}},"timestamp":${SECONDS},"version":${v}}`
const ts = `{"timestamp":${SECONDS}}`
const ok = (name: string, t: string, rep: string, meta: string) =>
  steps('ok ' + name, null, [T, [shadowReport(`{"state":{"reported":${t}}}`), [acc(rep, meta, 1)], ['>']]])
ok('6 levels', nest(6), nest(6), nest(6, ts))
ok('6 levels empty leaf', nest(6, '{}'), nest(6, '{}'), nest(6, '{}'))
ok('6 + empty arr', nest(6, '[]'), nest(6, '[]'), nest(6, '[]'))
ok('null', 'null', 'null', ts)
ok('empty', '{}', '{}', '{}')
ok('del', '{"a":null}', '{"a":null}', `{"a":${ts}}`)
ok(
  'arr',
  '{"a":[1,{"b":2,"c":{}},[],[[3]]]}',
  '{"a":[1,{"b":2,"c":{}},[],[[3]]]}',
  `{"a":[${ts},{"b":${ts},"c":{}},[],[[${ts}]]]}`,
)
steps('dup last wins place first', null, [
  T,
  [
    shadowReport('{"state":{"reported":{"b":1,"a":2,"b":3}},"state":{"reported":{"z":1,"2":1,"1":2,"z":{"q":1}}}}'),
    [
      'shadow v1 r={"z":{"q":1},"2":1,"1":2} d={} delta={} last={} meta={"reported":{"z":{"q":{"timestamp":S}},"2":{"timestamp":S},"1":{"timestamp":S}},"desired":{}} u=0',
    ],
    ['shadow'],
  ],
])
steps('version forms', null, [
  T,
  [shadowReport('{"state":{"reported":{"a":1}},"version":0.0}'), [acc('{"a":1}', `{"a":${ts}}`, 1)], ['>']],
  [shadowReport('{"state":{"reported":{"a":1}},"version":1.0}'), [acc('{"a":1}', `{"a":${ts}}`, 2)], ['>']],
  [shadowReport('{"state":{"reported":{"a":1}},"version":2e0}'), [acc('{"a":1}', `{"a":${ts}}`, 3)], ['>']],
  [shadowReport('{"state":{"reported":{"a":1}},"version":-0}'), [acc('{"a":1}', `{"a":${ts}}`, 4)], ['>']],
  [shadowReport('{"state":{"reported":{"a":1}},"version":null}'), [acc('{"a":1}', `{"a":${ts}}`, 5)], ['>']],
  [shadowReport('{"state":{"reported":{"a":1}},"version":4}'), rej(409, M[409])],
])
// sizes: {"a":"xxx"} + {} <= 8192
const sz = (n: number) => '{"a":"' + 'x'.repeat(n - 8) + '"}'
steps('size', null, [
  T,
  [shadowReport(`{"state":{"reported":${sz(8190)}}}`), null],
  [shadowReport(`{"state":{"reported":{"a":null}}}`), null],
  [shadowReport(`{"state":{"reported":${sz(8191)}}}`), rej(413, M[413])],
  [shadowReport(`{"state":{"reported":${sz(8190)}}}`), null],
  [shadowReport(`{"state":{"reported":{"b":{"c":{}}}}}`), null],
  [shadowReport('{"state":{"reported":{"b":1}}}'), rej(413, M[413])],
  [shadowReport('{"state":{"reported":{}},"version":4}'), null],
  [desired('1', {}), ['result 1 ACCEPTED shadowVersion=6'], ['result']],
  [desired('2', { a: 1 }), ['result 2 REJECTED code=PAYLOAD_TOO_LARGE'], ['result', '>', 'shadow']],
])
// delta
steps('delta', null, [
  T,
  [
    desired('1', { a: 1, b: { c: 2, d: {} }, e: [1, 2], f: true, g: '1', n: 22 }),
    [
      '> shadow/update {"clientToken":"1","state":{"desired":{"a":1,"b":{"c":2},"e":[1,2],"f":true,"g":"1","n":22}},"version":1}',
      `> shadow/update/delta {"metadata":{"a":${ts},"b":{"c":${ts}},"e":[${ts},${ts}],"f":${ts},"g":${ts},"n":${ts}},"state":{"a":1,"b":{"c":2},"e":[1,2],"f":true,"g":"1","n":22},"timestamp":${SECONDS},"version":1}`,
      'result 1 ACCEPTED shadowVersion=1',
    ],
    ['>', 'result'],
  ],
  [
    { ...at(5000), ...shadowReport('{"state":{"reported":{"n":22.0,"f":1,"g":1,"e":[2,1],"b":5,"x":9}}}') },
    [
      `> shadow/update/accepted {"metadata":{"reported":{"b":{"timestamp":${SECONDS + 5}},"e":[{"timestamp":${SECONDS + 5}},{"timestamp":${SECONDS + 5}}],"f":{"timestamp":${SECONDS + 5}},"g":{"timestamp":${SECONDS + 5}},"n":{"timestamp":${SECONDS + 5}},"x":{"timestamp":${SECONDS + 5}}}},"state":{"reported":{"b":5,"e":[2,1],"f":1,"g":1,"n":22,"x":9}},"timestamp":${SECONDS + 5},"version":2}`,
      `> shadow/update/delta {"metadata":{"a":${ts},"b":{"c":${ts}},"e":[${ts},${ts}],"f":${ts},"g":${ts}},"state":{"a":1,"b":{"c":2},"e":[1,2],"f":true,"g":"1"},"timestamp":${SECONDS + 5},"version":2}`,
    ],
    ['>'],
  ],
  [
    shadowReport('{"state":{"reported":{"x":10}}}'),
    [
      `> shadow/update/accepted {"metadata":{"reported":{"x":{"timestamp":${SECONDS + 5}}}},"state":{"reported":{"x":10}},"timestamp":${SECONDS + 5},"version":3}`,
    ],
    ['>'],
  ],
  [
    desired('2', 'null'),
    [
      '> shadow/update {"clientToken":"2","state":{"desired":{}},"version":4}',
      'result 2 ACCEPTED shadowVersion=4',
      'change v4 DESIRED null delta={} clientToken=2',
    ],
    ['>', 'result', 'change'],
  ],
  [
    desired('3', {}),
    ['> shadow/update {"clientToken":"3","state":{"desired":{}},"version":5}', 'result 3 ACCEPTED shadowVersion=5'],
    ['>', 'result'],
  ],
])
steps('delta republish by operator', null, [
  T,
  [desired('1', { a: 1 }), null],
  [
    desired('2', {}),
    [
      '> shadow/update {"clientToken":"2","state":{"desired":{"a":1}},"version":2}',
      `> shadow/update/delta {"metadata":{"a":${ts}},"state":{"a":1},"timestamp":${SECONDS},"version":2}`,
    ],
    ['>'],
  ],
  [
    shadowReport({ state: { reported: null } }),
    [
      '> shadow/update/accepted {"metadata":{"reported":' +
        ts +
        '},"state":{"reported":null},"timestamp":' +
        SECONDS +
        ',"version":3}',
    ],
    ['>'],
  ],
])
steps('delta obj vs scalar', null, [
  T,
  [desired('1', { a: { b: 1 } }), null],
  [shadowReport({ state: { reported: { a: { b: 1, c: 2 } } } }), null],
  [
    shadowReport({ state: { reported: { a: { b: null } } } }),
    [
      `> shadow/update/accepted {"metadata":{"reported":{"a":{"b":${ts}}}},"state":{"reported":{"a":{"b":null}}},"timestamp":${SECONDS},"version":3}`,
      `> shadow/update/delta {"metadata":{"a":{"b":${ts}}},"state":{"a":{"b":1}},"timestamp":${SECONDS},"version":3}`,
    ],
    ['>'],
  ],
  [
    shadowReport({ state: { reported: { a: { c: null } } } }),
    [
      'shadow v4 r={} d={"a":{"b":1}} delta={"a":{"b":1}} last={"a":{"b":1}} meta={"reported":{},"desired":{"a":{"b":{"timestamp":S}}}} u=0',
    ],
    ['shadow'],
  ],
])
steps('arrays with objects equal irrespective key order', null, [
  T,
  [desired('1', '{"a":[{"x":1,"y":{}}]}'), null],
  [
    shadowReport('{"state":{"reported":{"a":[{"y":{},"x":1.0}]}}}'),
    [
      'shadow v2 r={"a":[{"y":{},"x":1}]} d={"a":[{"x":1,"y":{}}]} delta={} last={} meta={"reported":{"a":[{"y":{},"x":{"timestamp":S}}]},"desired":{"a":[{"x":{"timestamp":S},"y":{}}]}} u=0',
    ],
    ['shadow'],
  ],
])
steps('merge obj over scalar & arr', null, [
  T,
  [shadowReport({ state: { reported: { a: 1, b: [1], c: { d: 1 } } } }), null],
  [
    shadowReport({ state: { reported: { a: { x: 1, y: null }, b: { z: {} }, c: [{}] } } }),
    [
      'shadow v2 r={"a":{"x":1},"c":[{}]} d={} delta={} last={} meta={"reported":{"a":{"x":{"timestamp":S}},"c":[{}]},"desired":{}} u=0',
    ],
    ['shadow'],
  ],
])
steps('partial metadata', null, [
  T,
  [shadowReport({ state: { reported: { a: { x: 1, y: 2 }, z: 1 } } }), null],
  [
    { ...at(1999), ...shadowReport({ state: { reported: { a: { y: 3, n: null } } } }) },
    [
      `shadow v2 r={"a":{"x":1,"y":3},"z":1} d={} delta={} last={} meta={"reported":{"a":{"x":{"timestamp":S},"y":{"timestamp":${SECONDS + 1}}},"z":{"timestamp":S}},"desired":{}} u=1999`,
    ],
    ['shadow'],
  ],
])
// set desired rejects
const sr = (name: string, d: unknown, code: string, m: Members = {}) =>
  steps('set ' + name, null, [T, [desired('1', d, m), [`result 1 REJECTED code=${code}`]]])
for (const d of [
  '',
  '[]',
  '5',
  '"x"',
  '{',
  '{"a":[null]}',
  '{"":1}',
  '{"__proto__":1}',
  nest(7),
  '\ufeff{}',
  '{"a":1e400}',
  'true',
  '{}x',
])
  sr(d, d, 'INVALID_REQUEST')
sr('missing', undefined, 'INVALID_REQUEST')
sr('null member', undefined, 'INVALID_REQUEST', { desiredJson: null })
sr('neg version', {}, 'INVALID_REQUEST', { version: -1 })
steps('set conflict', null, [
  T,
  [desired('1', {}, { version: 1 }), ['result 1 REJECTED code=VERSION_CONFLICT shadowVersion=0']],
  [desired('2', {}, { version: 0 }), ['result 2 ACCEPTED shadowVersion=1'], ['result']],
  [desired('3', {}, { version: 2 }), ['result 3 REJECTED code=VERSION_CONFLICT shadowVersion=1']],
  [desired('4', sz(8300), { version: 2 }), ['result 4 REJECTED code=VERSION_CONFLICT shadowVersion=1']],
  [desired('5', sz(8300), { version: 1 }), ['result 5 REJECTED code=PAYLOAD_TOO_LARGE']],
  [desired('6', '[', { version: 9 }), ['result 6 REJECTED code=INVALID_REQUEST']],
])
steps('set unknown thing', null, [[desired('1', '['), ['result 1 REJECTED code=THING_NOT_FOUND']]])
// settings
steps('replies false', { fleet: { shadow: { replies: false } } }, [
  T,
  [shadowReport({ state: { reported: { a: 1 } } }), [], ['>']],
  [shadowReport({ state: 5 }), [], ['>']],
  [desired('1', { a: 2 }), null],
  [shadowReport({ state: { reported: { b: 1 } } }), [], ['>']],
  [shadowReport({ state: { reported: { a: 3 } } }), [], ['>']],
  [shadowReport({ state: { reported: { a: 2 } } }), [], ['>']],
  [
    shadowReport({ state: { reported: { a: 3 } } }),
    [`> shadow/update/delta {"metadata":{"a":${ts}},"state":{"a":2},"timestamp":${SECONDS},"version":6}`],
    ['>'],
  ],
])
steps('patch', { fleet: { shadow: { desiredPublication: 'patch' } } }, [
  T,
  [
    desired('1', '{"a":1,"b":null,"c":{}}'),
    [
      '> shadow/update {"clientToken":"1","state":{"desired":{"a":1,"b":null,"c":{}}},"version":1}',
      `> shadow/update/delta {"metadata":{"a":${ts}},"state":{"a":1},"timestamp":${SECONDS},"version":1}`,
    ],
    ['>'],
  ],
  [desired('2', 'null'), ['> shadow/update {"clientToken":"2","state":{"desired":null},"version":2}'], ['>']],
])
steps('open', { fleet: { registryMode: 'open' } }, [
  [shadowReport({ state: { reported: { a: 1 } } }), [acc('{"a":1}', `{"a":${ts}}`, 1)], ['>']],
  [gone(), ['shadow.state †']],
  [shadowReport({ state: { reported: { a: 1 } } }), [acc('{"a":1}', `{"a":${ts}}`, 1)], ['>']],
  [
    { mqtt: { topic: '$emqx/things/$x/shadow/update', json: {} } },
    ['> $emqx/things/$x/shadow/update/rejected {"code":404,"message":"Thing not found","timestamp":' + SECONDS + '}'],
  ],
  [
    { mqtt: { topic: `$emqx/things/${'y'.repeat(256)}/shadow/update`, json: {} } },
    [
      `> $emqx/things/${'y'.repeat(256)}/shadow/update/rejected {"code":404,"message":"Thing not found","timestamp":${SECONDS}}`,
    ],
  ],
  [
    { mqtt: { topic: `$emqx/things/${'💥'.repeat(255)}/shadow/update`, json: {} } },
    [
      `> $emqx/things/${'💥'.repeat(255)}/shadow/update/rejected {"code":400,"message":"Missing required node: state","timestamp":${SECONDS}}`,
    ],
  ],
  [
    { mqtt: { topic: `$emqx/things//shadow/update`, json: {} } },
    [`> $emqx/things//shadow/update/rejected {"code":404,"message":"Thing not found","timestamp":${SECONDS}}`],
  ],
  [
    { mqtt: { topic: `$emqx/things/a\u0085/shadow/update`, json: {} } },
    [`> $emqx/things/a\u0085/shadow/update/rejected {"code":404,"message":"Thing not found","timestamp":${SECONDS}}`],
  ],
])
// repeats
const lk = (x: number, v: number) => `{"state":{"reported":{"a":${x}}},"version":${v},"clientToken":"q"}`
steps('repeats', null, [
  T,
  [shadowReport({ state: { reported: { a: 0 } } }), null],
  [shadowReport(lk(1, 1)), ['locks shadow/update@2'], ['locks']],
  [{ ...at(599999), ...shadowReport(lk(1, 1)) }, [acc('{"a":1}', `{"a":${ts}}`, 2, 'q')]],
  [
    { ...at(600000), ...shadowReport(lk(1, 1)) },
    [
      `> shadow/update/rejected {"clientToken":"q","code":409,"message":"Version conflict","timestamp":${SECONDS + 600}}`,
    ],
  ],
  [
    shadowReport(lk(1, 1) + ' '),
    [
      `> shadow/update/rejected {"clientToken":"q","code":409,"message":"Version conflict","timestamp":${SECONDS + 600}}`,
    ],
  ],
])
const many: Step[] = []
for (let i = 1; i <= 17; i++) many.push([shadowReport(lk(i, i)), null])
steps('16 locks', null, [
  T,
  [shadowReport({ state: { reported: { a: 0 } } }), null],
  ...many,
  [shadowReport(lk(1, 1)), rej(409, M[409], 'q')],
  [shadowReport(lk(2, 2)), [acc('{"a":2}', `{"a":${ts}}`, 3, 'q')]],
])
steps('locks expired list', null, [
  T,
  [shadowReport({ state: { reported: { a: 0 } } }), null],
  [shadowReport(lk(1, 1)), ['locks shadow/update@2'], ['locks']],
  [{ ...at(600000), ...shadowReport(lk(2, 2)) }, ['locks shadow/update@3'], ['locks']],
  [{ ...at(1199999), ...shadowReport({ state: { reported: { a: 5 } } }) }, [], ['locks']],
  [shadowReport(lk(4, 4)), ['locks shadow/update@3,shadow/update@5'], ['locks']],
])
steps('lock 0 not remembered, rejected not remembered', null, [
  T,
  [shadowReport(lk(1, 0)), [], ['locks']],
  [shadowReport(lk(1, 0)), [acc('{"a":1}', `{"a":${ts}}`, 2, 'q')], ['>']],
  [shadowReport(lk(1, 7)), rej(409, M[409], 'q')],
  [shadowReport(lk(1, 7)), rej(409, M[409], 'q')],
])
steps('gone', null, [
  T,
  [shadowReport({ state: { reported: { a: 0 } } }), null],
  [shadowReport(lk(1, 1)), null],
  [gone(), ['shadow.state †', 'thing.state †']],
  [shadowReport(lk(1, 1)), rej(404, M[404], 'q')],
  [thing(), []],
  [shadowReport(lk(1, 1)), rej(409, M[409], 'q')],
  [gone(), []],
  [gone('zz'), []],
])
// get
const G = { fleet: { shadow: { getOverMqtt: true, replies: false } } }
steps('get', G, [
  [
    device('shadow/get', '{"clientToken":"k"}'),
    [`> shadow/get/rejected {"clientToken":"k","code":404,"message":"Thing not found","timestamp":${SECONDS}}`],
  ],
  T,
  [
    device('shadow/get', ''),
    [`> shadow/get/rejected {"code":404,"message":"No shadow exists with name: ''","timestamp":${SECONDS}}`],
  ],
  [desired('1', { a: 1 }), null],
  [
    device('shadow/get', { clientToken: 'z', x: 1 }),
    [
      `> shadow/get/accepted {"clientToken":"z","metadata":{"desired":{"a":${ts}}},"state":{"delta":{"a":1},"desired":{"a":1}},"timestamp":${SECONDS},"version":1}`,
    ],
  ],
  [shadowReport({ state: { reported: { a: 1 } } }), null],
  [
    device('shadow/get', ''),
    [
      `> shadow/get/accepted {"metadata":{"desired":{"a":${ts}},"reported":{"a":${ts}}},"state":{"desired":{"a":1},"reported":{"a":1}},"timestamp":${SECONDS},"version":2}`,
    ],
  ],
  [device('shadow/get', '['), [`> shadow/get/rejected {"code":400,"message":"Invalid JSON","timestamp":${SECONDS}}`]],
  [device('shadow/get', '[]'), [`> shadow/get/rejected {"code":400,"message":"Invalid JSON","timestamp":${SECONDS}}`]],
  [
    device('shadow/get', { clientToken: 5 }),
    [`> shadow/get/rejected {"code":400,"message":"Invalid clientToken","timestamp":${SECONDS}}`],
  ],
  [
    device('shadow/get', Buffer.from([0xff])),
    [
      `> shadow/get/rejected {"code":415,"message":"Unsupported documented encoding; supported encoding is UTF-8","timestamp":${SECONDS}}`,
    ],
  ],
  [shadowReport({ state: { reported: null } }), null],
  [desired('2', 'null'), null],
  [device('shadow/get', '{}'), [`> shadow/get/accepted {"metadata":{},"state":{},"timestamp":${SECONDS},"version":4}`]],
])
