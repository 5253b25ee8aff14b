import { createHash } from 'node:crypto'
import { cancelCommand, desired, device, gone, record, response, send, shadowReport, thing } from './lines.ts'
import { at, type Members, SECONDS, START, type Step, steps } from './step-table.ts'

const T: Step = [thing(), []]
const ev = (j: unknown, type = 'x'): Members => device('events/' + type, j)
const E = (o: Members = {}): Members => ({ eventType: 'x', severity: 'info', ...o })
const one = (name: string, j: unknown, want: string, s: Members | null = null) =>
  steps('ev ' + name, s, [T, [ev(j), [want]]])
const dl = (c: string) => `dlq ${c} $emqx/things/t/events/x`
const evt = (data = '{}', t = START, src = 'broker', sev = 'info') => `event x ${sev} ${data} ${t - START} ${src}`
for (const j of [
  '',
  '[]',
  '5',
  '{',
  '\ufeff{}',
  Buffer.from([0xff]),
  'null',
  '{"eventType":"x","severity":"info","data":{"a":1e999}}',
])
  one(`json ${JSON.stringify(j)}`, j, dl('InvalidJson'))
one('ok', E(), evt())
one('sev warn', E({ severity: 'warn' }), evt('{}', START, 'broker', 'warn'))
one('error', E({ severity: 'error' }), evt('{}', START, 'broker', 'error'))
for (const s of ['INFO', 'Info', 'debug', '', ' info', 5, null, undefined, {}])
  one(`sev ${JSON.stringify(s)}`, { eventType: 'x', severity: s }, dl('InvalidSeverity'))
for (const e of ['X', 'y', '', 5, null, undefined])
  one(`type ${JSON.stringify(e)}`, { eventType: e, severity: 'bad' }, dl('EventTypeMismatch'))
for (const d of [5, 'x', [], true, false, '']) one(`data ${JSON.stringify(d)}`, E({ data: d }), dl('InvalidRequest'))
one('data null', E({ data: null }), evt())
one('data', E({ data: { b: 1, a: [null], n: {} } }), evt('{"b":1,"a":[null],"n":{}}'))
one(
  'data numbers',
  '{"eventType":"x","severity":"info","data":{"2":6.0,"1":1e2,"__proto__":{"a":null},"2":7}}',
  evt('{"2":7,"1":100,"__proto__":{"a":null}}'),
)
for (const [t, ok] of [
  [START - 1, 1],
  [START, 1],
  [START + 86400000, 1],
  [START + 86400001, 0],
  [1e11, 1],
  [1e11 - 1, 0],
  [0, 0],
  [-5, 0],
  ['1748390400000', 0],
  [START + 0.5, 0],
  [true, 0],
  [{}, 0],
  [[], 0],
])
  one(
    `ts ${JSON.stringify(t)}`,
    E({ timestamp: t }),
    ok === 1 ? evt('{}', t as number, 'device') : evt('{}', START, 'broker_implausible'),
  )
one('ts null', E({ timestamp: null }), evt())
one('ts 1.0', '{"eventType":"x","severity":"info","timestamp":1782014405000.0}', evt('{}', START, 'device'))
one('ts exp', '{"eventType":"x","severity":"info","timestamp":1.782014405e12}', evt('{}', START, 'device'))
const ct = { fleet: { events: { checkTime: false } } }
for (const [t, ok] of [
  [0, 1],
  [-5, 1],
  [9007199254740991, 1],
  [-9007199254740991, 1],
  ['5', 0],
  [1.5, 0],
])
  one(
    `ct ${JSON.stringify(t)}`,
    E({ timestamp: t }),
    ok === 1 ? evt('{}', t as number, 'device') : evt('{}', START, 'broker_implausible'),
    ct,
  )
one(
  'ct big',
  '{"eventType":"x","severity":"info","timestamp":9007199254740992}',
  evt('{}', START, 'broker_implausible'),
  ct,
)
steps('ev unreg order', null, [
  [ev('{'), [dl('InvalidJson').replace('dlq', 'dlq')]],
  [ev({}), [dl('ThingNotFound')]],
])
const tl = 'z'.repeat(129)
steps('ev type len', null, [
  T,
  [ev({ eventType: tl, severity: 'info' }, tl), ['dlq EventTypeMismatch $emqx/things/t/events/' + tl]],
  [
    ev({ eventType: '💥'.repeat(128), severity: 'info' }, '💥'.repeat(128)),
    ['event ' + '💥'.repeat(128) + ' info {} 0 broker'],
  ],
  [ev({ eventType: '$a', severity: 'info' }, '$a'), ['dlq EventTypeMismatch $emqx/things/t/events/$a']],
  [ev({ eventType: '', severity: 'info' }, ''), ['dlq EventTypeMismatch $emqx/things/t/events/']],
  [ev({ eventType: 'a\u0007', severity: 'info' }, 'a\u0007'), ['dlq EventTypeMismatch $emqx/things/t/events/a\u0007']],
])
steps('ev retained again', null, [
  T,
  [{ mqtt: { topic: '$emqx/things/t/events/x', json: E(), retain: true, dup: true, qos: 0 } }, [evt()]],
])
const big = (n: number) => '{"eventType":"x","severity":"info","data":{"a":"' + 'x'.repeat(n - 51) + '"}}'
steps('size', null, [
  T,
  [ev(big(131072)), [evt(`{"a":"${'x'.repeat(131072 - 51)}"}`)]],
  [ev(big(131073)), [dl('PayloadTooLarge')]],
  [shadowReport('x'.repeat(131073)), ['dlq PayloadTooLarge $emqx/things/t/shadow/update']],
  [
    { mqtt: { topic: '$emqx/things/$bad/shadow/update', text: 'x'.repeat(131073) } },
    ['dlq [$bad] PayloadTooLarge $emqx/things/$bad/shadow/update'],
  ],
])
steps('maxMsg set', { fleet: { maxMessageBytes: 3 } }, [
  T,
  [ev('{}x'), [dl('InvalidJson')]],
  [ev('{}xx'), [dl('PayloadTooLarge')]],
])
// commands
const cmd = (ex: string, rid: string, o: { action?: string; params?: string; ts?: number; ttl?: number } = {}) =>
  `> ${ex}/request {"action":"${o.action ?? 'a'}","commandId":"${rid}","params":${o.params ?? '{}'},"timestamp":${o.ts ?? SECONDS},"ttl":${o.ttl ?? 30}} ~${o.ttl ?? 30}`
steps('send', null, [
  T,
  [
    send('q1'),
    [cmd('q1', 'q1'), 'result q1 ACCEPTED executionId=q1', 'exec q1 SENT @0', 'exec.state [t/q1] q1 SENT @0'],
  ],
  [
    { ...at(1000), ...response('q1', { status: 'SUCCEEDED', result: { a: 6.0, b: [] } }) },
    [
      'exec q1 SUCCEEDED reason=DEVICE resultJson={"a":6,"b":[]} @1000',
      'exec.state [t/q1] q1 SUCCEEDED reason=DEVICE resultJson={"a":6,"b":[]} @1000',
    ],
  ],
  [response('q1', { status: 'SUCCEEDED', result: { b: [], a: 6 } }), ['ign repeated_response']],
  [response('q1', { status: 'SUCCEEDED' }), ['exec q1 SUCCEEDED reason=LATE_RESPONSE reportedStatus=SUCCEEDED @1000']],
  [
    response('q1', { status: 'FAILED', result: 5 }),
    ['exec q1 SUCCEEDED reason=LATE_RESPONSE reportedStatus=FAILED @1000'],
  ],
  [
    response('q1', { status: 'SUCCEEDED', result: { a: 6, b: [] }, executionId: 'zz', thingName: 'nobody', x: 1 }),
    ['ign repeated_response'],
  ],
  [
    { ...at(86401000), ...response('q1', { status: 'REJECTED', result: {} }) },
    ['exec q1 SUCCEEDED reason=LATE_RESPONSE reportedStatus=REJECTED resultJson={} @86401000'],
  ],
  [at(86401001), ['command.state [t/q1] †']],
  [response('q1', { status: 'SUCCEEDED' }), ['dlq ExecutionNotFound $emqx/commands/things/t/executions/q1/response']],
  [
    send('q1', { executionId: 'q1' }),
    [
      cmd('q1', 'q1', { ts: SECONDS + 86401 }),
      'result q1 ACCEPTED executionId=q1',
      'exec q1 SENT @86401001',
      'exec.state [t/q1] q1 SENT @86401001',
    ],
  ],
])
for (const s of ['SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT', 'CANCELED'])
  steps('resp ' + s, null, [
    T,
    [send('q'), null],
    [
      response('q', { status: s, result: null }),
      [`exec q ${s} reason=DEVICE @0`, `exec.state [t/q] q ${s} reason=DEVICE @0`],
    ],
    [at(90000), []],
    [response('q', { status: s, result: 'x' }), ['ign repeated_response']],
  ])
for (const s of ['succeeded', 'IN_PROGRESS', 'SENT', '', 5, null, undefined])
  steps(`resp bad ${JSON.stringify(s)}`, null, [
    T,
    [send('q'), null],
    [response('q', { status: s }), ['dlq InvalidStatus $emqx/commands/things/t/executions/q/response']],
  ])
for (const s of ['', '[]', '{', '5', '\ufeff{}'])
  steps('resp json ' + s, null, [
    T,
    [response('q', s), ['dlq InvalidJson $emqx/commands/things/t/executions/q/response']],
  ])
steps('resp order', null, [
  [response('q', {}), ['dlq ThingNotFound $emqx/commands/things/t/executions/q/response']],
  T,
  [response('q', {}), ['dlq ExecutionNotFound $emqx/commands/things/t/executions/q/response']],
  [
    response('bad id!', { status: 'FAILED' }),
    ['dlq ExecutionNotFound $emqx/commands/things/t/executions/bad id!/response'],
  ],
  [send('q'), null],
  [response('q', { status: 'FAILED' }, 'u'), ['dlq [u] ThingNotFound $emqx/commands/things/u/executions/q/response']],
])
const inv = (name: string, m: Members, code = 'INVALID_REQUEST') =>
  steps('send ' + name, null, [T, [send('r', m), [`result r REJECTED code=${code}`]]])
for (const [n, m] of [
  ['noaction', { action: null }],
  ['emptyaction', { action: '' }],
  ['long', { action: 'x'.repeat(257) }],
  ['params arr', { paramsJson: '[]' }],
  ['params null text', { paramsJson: 'null' }],
  ['params bad', { paramsJson: '{' }],
  ['params bom', { paramsJson: '\ufeff{}' }],
  ['params empty', { paramsJson: '' }],
  ['ttl0', { ttl: 0 }],
  ['ttl big', { ttl: 43201 }],
  ['ttl neg', { ttl: -1 }],
  ['ex bad', { executionId: 'a b' }],
  ['ex empty', { executionId: '' }],
  ['ex long', { executionId: 'a'.repeat(65) }],
] as const)
  inv(n, m)
steps('send edge', null, [
  T,
  [
    send('r1', { action: '💥'.repeat(256), ttl: 43200, paramsJson: '{"2":1,"1":6.0}' }),
    [cmd('r1', 'r1', { action: '💥'.repeat(256), ttl: 43200, params: '{"1":6,"2":1}' })],
    ['>'],
  ],
  [send('a.b'), ['result a.b REJECTED code=INVALID_REQUEST']],
  [
    send('a.b2', { executionId: 'e_-9' }),
    [cmd('e_-9', 'a.b2'), 'result a.b2 ACCEPTED executionId=e_-9'],
    ['>', 'result'],
  ],
  [send('r3', { executionId: 'r1' }), ['result r3 REJECTED code=EXECUTION_EXISTS']],
  [
    send('r4', { executionId: 'r1', paramsJson: '{"a":"' + 'x'.repeat(32761) + '"}' }),
    ['result r4 REJECTED code=PAYLOAD_TOO_LARGE'],
  ],
  [send('r5', { paramsJson: '{"a":"' + 'x'.repeat(32760) + '"}' }), ['result r5 ACCEPTED executionId=r5'], ['result']],
  [
    send('r6', { paramsJson: '{"a":"' + 'x'.repeat(32761) + '"}', ttl: 0 }),
    ['result r6 REJECTED code=INVALID_REQUEST'],
  ],
])
steps('order of unreg', null, [
  [send('r', { action: null }), ['result r REJECTED code=THING_NOT_FOUND']],
  [cancelCommand('c', null), ['result c REJECTED code=THING_NOT_FOUND']],
])
steps('ttl timer', null, [
  T,
  [send('r', { ttl: 1 }), null],
  [at(1000), []],
  [
    { ...at(1000), ...response('r', { status: 'SUCCEEDED' }) },
    ['exec r SUCCEEDED reason=DEVICE @1000', 'exec.state [t/r] r SUCCEEDED reason=DEVICE @1000'],
  ],
  [send('r2', { ttl: 1 }), null],
  [at(2001), ['exec r2 TIMED_OUT reason=NO_RESPONSE @2000', 'exec.state [t/r2] r2 TIMED_OUT reason=NO_RESPONSE @2000']],
  [response('r2', { status: 'TIMED_OUT' }), ['exec r2 TIMED_OUT reason=LATE_RESPONSE reportedStatus=TIMED_OUT @2001']],
  [at(86400000 + 1001), ['command.state [t/r] †']],
  [at(86400000 + 2001), ['command.state [t/r2] †']],
])
steps('override', { fleet: { commands: { lateResponse: 'override' } } }, [
  T,
  [send('r', { ttl: 1 }), null],
  [send('r2', { ttl: 1 }), null],
  [
    { ...at(5000), ...response('r', { status: 'SUCCEEDED' }) },
    [
      'exec r TIMED_OUT reason=NO_RESPONSE @1000',
      'exec r2 TIMED_OUT reason=NO_RESPONSE @1000',
      'exec r SUCCEEDED reason=DEVICE @5000',
      'exec.state [t/r] r TIMED_OUT reason=NO_RESPONSE @1000',
      'exec.state [t/r2] r2 TIMED_OUT reason=NO_RESPONSE @1000',
      'exec.state [t/r] r SUCCEEDED reason=DEVICE @5000',
    ],
  ],
  [response('r', { status: 'FAILED' }), ['exec r SUCCEEDED reason=LATE_RESPONSE reportedStatus=FAILED @5000']],
  [send('r3'), null],
  [response('r3', { status: 'TIMED_OUT' }), null],
  [response('r3', { status: 'SUCCEEDED' }), ['exec r3 TIMED_OUT reason=LATE_RESPONSE reportedStatus=SUCCEEDED @5000']],
  [send('r4'), null],
  [cancelCommand('c4', 'r4'), null],
  [response('r4', { status: 'SUCCEEDED' }), ['exec r4 CANCELED reason=LATE_RESPONSE reportedStatus=SUCCEEDED @5000']],
])
for (const [c, x] of [
  [0x10, 'NO_SUBSCRIBER'],
  [0x80, 'PUBLISH_REFUSED'],
  [0x83, 'PUBLISH_REFUSED'],
  [0x87, 'PUBLISH_REFUSED'],
  [0x97, 'PUBLISH_REFUSED'],
])
  steps('puback ' + c, null, [
    T,
    [
      { ...send('r'), puback: c },
      [
        cmd('r', 'r'),
        'result r ACCEPTED executionId=r',
        'exec r SENT @0',
        `exec r FAILED reason=${x} @0`,
        'exec.state [t/r] r SENT @0',
        `exec.state [t/r] r FAILED reason=${x} @0`,
      ],
    ],
    [response('r', { status: 'FAILED' }), [`exec r FAILED reason=LATE_RESPONSE reportedStatus=FAILED @0`]],
    [shadowReport({ state: { reported: {} } }), null],
  ])
steps('puback 1', null, [T, [{ ...send('r'), puback: 1 }, ['exec.state [t/r] r SENT @0'], ['exec.state']]])
steps('cancel', null, [
  T,
  [send('r'), null],
  [
    cancelCommand('c', 'r'),
    [
      'result c ACCEPTED executionId=r',
      'exec r CANCELED reason=OPERATOR @0',
      'exec.state [t/r] r CANCELED reason=OPERATOR @0',
    ],
  ],
  [cancelCommand('c', 'r'), ['result c ACCEPTED executionId=r again']],
  [cancelCommand('c2', 'r'), ['result c2 REJECTED code=INVALID_STATE_TRANSITION']],
  [cancelCommand('c3', 'zz'), ['result c3 REJECTED code=EXECUTION_NOT_FOUND']],
  [cancelCommand('c4', null), ['result c4 REJECTED code=EXECUTION_NOT_FOUND']],
  [response('r', { status: 'CANCELED' }), ['exec r CANCELED reason=LATE_RESPONSE reportedStatus=CANCELED @0']],
])
steps('gone', null, [
  T,
  [send('b'), null],
  [send('a'), null],
  [send('c'), null],
  [response('c', { status: 'FAILED' }), null],
  [
    gone(),
    [
      'exec b FAILED reason=THING_REMOVED @0',
      'exec a FAILED reason=THING_REMOVED @0',
      'command.state [t/b] †',
      'command.state [t/a] †',
      'command.state [t/c] †',
    ],
  ],
  [thing(), []],
  [send('b', { requestId: 'nb', executionId: 'b' }), null],
  [send('b'), ['result b ACCEPTED executionId=b again']],
])
// request rules
steps('common', null, [
  T,
  [send(null), ['dlq InvalidRequest fleet.command.requests']],
  [send(''), ['dlq InvalidRequest fleet.command.requests']],
  [send('x'.repeat(65)), ['dlq InvalidRequest fleet.command.requests']],
  [send('é'.repeat(33)), ['dlq InvalidRequest fleet.command.requests']],
  [send('é'.repeat(32), { executionId: 'e' }), ['result ' + 'é'.repeat(32) + ' ACCEPTED executionId=e'], ['result']],
  [
    record('command.requests', 't', { op: 'SET_DESIRED', requestId: '1', thingName: 't' }),
    ['result 1 REJECTED code=INVALID_REQUEST'],
  ],
  [
    record('command.requests', 'u', { op: 'SEND_COMMAND', requestId: '2', thingName: 't', action: 'a' }),
    ['result [u] 2 REJECTED code=INVALID_REQUEST'],
  ],
  [
    record('command.requests', null, { op: 'SEND_COMMAND', requestId: '3', thingName: 't', action: 'a' }),
    ['result [null] 3 REJECTED code=INVALID_REQUEST'],
  ],
  [
    record('command.requests', 't', { op: 'SEND_COMMAND', requestId: '4', action: 'a' }),
    ['result 4 REJECTED code=INVALID_REQUEST'],
  ],
  [record('command.requests', 't', { requestId: '5' }), ['dlq InvalidRecord fleet.command.requests']],
  [record('command.requests', 't', null), ['dlq InvalidRecord fleet.command.requests']],
  [
    record('command.requests', 't', undefined, { text: '{"op":"SEND_COMMAND"}' }),
    ['dlq InvalidRecord fleet.command.requests'],
  ],
  [
    record('command.requests', 't', { op: 'x', requestId: '6', ttl: '5' }),
    ['dlq InvalidRecord fleet.command.requests'],
  ],
  [record('command.requests', 't', { op: '', requestId: '7' }), ['result 7 REJECTED code=INVALID_REQUEST']],
  [
    record('shadow.requests', 't', { op: 'SET_DESIRED', requestId: '7', thingName: 't', desiredJson: '{}' }),
    ['result 7 REJECTED code=INVALID_REQUEST again'],
  ],
  [record('job.requests', 't', { op: 'NOPE', requestId: '7' }), ['result 7 REJECTED code=INVALID_REQUEST again']],
  [
    record('job.requests', 'j', { op: 'NOPE', requestId: '7', jobId: 'j' }),
    ['result [j] 7 REJECTED code=INVALID_REQUEST'],
  ],
  [record('command.requests', 't', null, {}), ['dlq InvalidRecord fleet.command.requests']],
])
steps('results memory', null, [
  T,
  [send('r'), null],
  [{ ...at(86399999), ...send('r') }, ['result r ACCEPTED executionId=r again'], ['result']],
  [{ ...at(86400000), ...send('r', { executionId: 'n' }) }, ['result r ACCEPTED executionId=n'], ['result']],
])
// http
const http = (path: string, x: Members = {}): Members => ({ http: { method: 'GET', path, auth: 'valid', ...x } })
const e = (s: number, m: string, t = SECONDS) => `http ${s} {"code":${s},"message":"${m}","timestamp":${t}}`
const sp = '/api/v1/thing-datas/t/shadow'
steps('http', null, [
  T,
  [
    http(sp),
    ['http 200 {"reported":{},"desired":{},"delta":{},"version":0,"updatedAt":null} etag="0" cache-control=no-store'],
  ],
  [{ ...at(1999), ...desired('1', { a: 1 }) }, null],
  [
    http(sp),
    [
      'http 200 {"reported":{},"desired":{"a":1},"delta":{"a":1},"version":1,"updatedAt":"2026-06-21T04:00:06Z"} etag="1" cache-control=no-store',
    ],
  ],
  [
    http(sp + '?x=1'),
    [
      'http 200 {"reported":{},"desired":{"a":1},"delta":{"a":1},"version":1,"updatedAt":"2026-06-21T04:00:06Z"} etag="1" cache-control=no-store',
    ],
  ],
  [http(sp, { headers: { 'If-None-Match': '"1"' } }), ['http 304 etag="1"']],
  [http(sp, { headers: { 'if-none-match': 'W/"1"' } }), null],
  [http(sp, { headers: { 'if-none-match': '"1", "2"' } }), null],
  [http(sp, { headers: { 'if-none-match': '*' } }), null],
  [http(sp, { method: 'HEAD' }), ['http 200 etag="1" cache-control=no-store']],
  [http(sp, { method: 'HEAD', headers: { 'if-none-match': '"1"' } }), ['http 304 etag="1"']],
  [http(sp, { method: 'POST' }), [e(405, 'Method not allowed', SECONDS + 1) + ' allow=GET, HEAD']],
  [http('/x', { method: 'POST' }), [e(404, 'Not found', SECONDS + 1)]],
  [
    http('/api/v1/thing-datas/%zz/shadow', { method: 'POST' }),
    [e(405, 'Method not allowed', SECONDS + 1) + ' allow=GET, HEAD'],
  ],
  [http('/api/v1/thing-datas//shadow'), [e(400, 'Invalid thing name', SECONDS + 1)]],
  [http('/api/v1/thing-datas/%zz/shadow'), [e(400, 'Invalid thing name', SECONDS + 1)]],
  [http('/api/v1/thing-datas/%ff/shadow'), [e(400, 'Invalid thing name', SECONDS + 1)]],
  [http('/api/v1/thing-datas/a%2Fb/shadow'), [e(400, 'Invalid thing name', SECONDS + 1)]],
  [http('/api/v1/thing-datas/%24a/shadow'), [e(400, 'Invalid thing name', SECONDS + 1)]],
  [http('/api/v1/thing-datas/a/b/shadow'), [e(404, 'Not found', SECONDS + 1)]],
  [http('/api/v1/thing-datas/u/shadow'), [e(404, 'Thing not found', SECONDS + 1)]],
  [
    http('/api/v1/thing-datas/%74/shadow'),
    [
      'http 200 {"reported":{},"desired":{"a":1},"delta":{"a":1},"version":1,"updatedAt":"2026-06-21T04:00:06Z"} etag="1" cache-control=no-store',
    ],
  ],
  [http('/api/v1/thing-datas/%2574/shadow'), [e(404, 'Thing not found', SECONDS + 1)]],
  [http(sp + '/'), [e(404, 'Not found', SECONDS + 1)]],
  [http('/x', { auth: 'none' }), [e(401, 'Unauthorized', SECONDS + 1) + ' www-authenticate=Basic']],
  [http('/API/v1/thing-datas/t/shadow'), [e(404, 'Not found', SECONDS + 1)]],
  [http(sp, { method: 'get' }), null],
])
const salt = Buffer.from('12345678'),
  key = (
    k: string,
    s: string,
    perm: Members[] = [{ method: 'GET', pathPrefix: '/api/v1/' }],
    x: Members = {},
  ): Members =>
    record('registry.api-keys', k, {
      apiKey: k,
      salt: salt.toString('base64'),
      secretHash: createHash('sha256').update(salt).update(s).digest('base64'),
      permissions: perm,
      ...x,
    })
const B = (u: string, p: string, sc = 'Basic') => `${sc} ${Buffer.from(u + ':' + p).toString('base64')}`
const G = (auth: string, m = 'GET', path = sp): Members => ({ http: { method: m, path, auth } })
const ok200 =
    'http 200 {"reported":{},"desired":{},"delta":{},"version":0,"updatedAt":null} etag="0" cache-control=no-store',
  u401 = e(401, 'Unauthorized') + ' www-authenticate=Basic',
  f403 = e(403, 'Forbidden')
steps('keys', null, [
  T,
  [key('k', 's:e:c'), []],
  [G(B('k', 's:e:c')), [ok200]],
  [G(B('k', 's:e:c', 'bAsIc')), [ok200]],
  [G(B('k', 's:e:c').replace(/=+$/, '')), [ok200]],
  [G(B('k', 's')), [u401]],
  [G(B('K', 's:e:c')), [u401]],
  [G('Bearer x'), [u401]],
  [G('Basic'), [u401]],
  [G('Basic !!!'), [u401]],
  [G(''), [u401]],
  [G(B('k', 's:e:c'), 'POST'), [f403]],
  [G(B('k', 's:e:c'), 'HEAD'), ['http 200 etag="0" cache-control=no-store']],
  [G(B('k', 's:e:c'), 'GET', '/other'), [f403]],
  [G(B('k', 's:e:c'), 'GET', '/api/v1/x'), [e(404, 'Not found')]],
  [G(B('k', 's:e:c'), 'GET', '/%61pi/v1/thing-datas/t/shadow'), [f403]],
  [key('k', 'n', [{ method: '*', pathPrefix: sp }]), []],
  [G(B('k', 'n'), 'POST'), [e(405, 'Method not allowed') + ' allow=GET, HEAD']],
  [key('k', 'n', []), []],
  [G(B('k', 'n')), [f403]],
  [key('k', 'n', undefined, { enabled: false }), []],
  [G(B('k', 'n')), [u401]],
  [key('k', 'n'), []],
  [record('registry.api-keys', 'k', null), []],
  [G(B('k', 'n')), [u401]],
  [
    key('k2', 'n', undefined, { salt: Buffer.from('1234567').toString('base64') }),
    ['dlq [k2] InvalidRequest fleet.registry.api-keys'],
  ],
  [
    record('registry.api-keys', 'k3', { apiKey: 'k4', salt: salt.toString('base64'), secretHash: 'AAAA' }),
    ['dlq [k3] InvalidRequest fleet.registry.api-keys'],
  ],
  [record('registry.api-keys', 'k3', { apiKey: 'k3' }), ['dlq [k3] InvalidRecord fleet.registry.api-keys']],
  [key('kk', '', [{ method: 'HEAD', pathPrefix: '/' }]), []],
  [G(B('kk', ''), 'HEAD'), null],
  [{ http: { method: 'GET', path: sp, headers: { Authorization: B('k', 'n') } } }, [u401]],
  [{ http: { method: 'GET', path: sp } }, [u401]],
])
// presence
const pe = (ev: string, j: Members | string = {}, c = 'client-t', p = '$SYS/brokers/b/clients/'): Members => ({
  mqtt: { topic: `${p}${c}/${ev}`, ...(typeof j === 'string' ? { text: j } : { json: j }) },
})
steps('presence', null, [
  T,
  [pe('connected'), ['presence true c=0 d=']],
  [{ ...at(10), ...pe('connected', { connected_at: START - 1 }) }, ['ign stale_presence']],
  [pe('connected', { connected_at: START }), ['presence true c=0 d=']],
  [pe('disconnected', { reason: 'takenover' }), ['ign session_taken_over']],
  [pe('disconnected', { reason: 'discarded', connected_at: 1 }), ['ign session_taken_over']],
  [pe('disconnected', { connected_at: START - 1, disconnected_at: START + 5 }), ['ign stale_presence']],
  [pe('disconnected', { disconnected_at: START - 1 }), ['ign stale_presence']],
  [
    pe('disconnected', { connected_at: START + 1, disconnected_at: START - 5, reason: 'x' }),
    ['presence false c=1 d=-5 reason=x'],
  ],
  [pe('disconnected', { connected_at: 'x', disconnected_at: -1, reason: 5 }), ['presence false c=1 d=10']],
  [pe('connected', { connected_at: 1.5 }), ['presence true c=10 d=']],
  [pe('connected', '[]'), ['dlq [client-t] InvalidJson $SYS/brokers/b/clients/client-t/connected']],
  [pe('connected', '{'), ['dlq [client-t] InvalidJson $SYS/brokers/b/clients/client-t/connected']],
  [pe('connected', {}, 'nobody'), ['ign unknown_client']],
  [pe('connected', '{', 'nobody'), ['dlq [nobody] InvalidJson $SYS/brokers/b/clients/nobody/connected']],
  [pe('connected', 'x'.repeat(131073)), ['dlq [client-t] PayloadTooLarge $SYS/brokers/b/clients/client-t/connected']],
  [thing('t', 'new'), []],
  [pe('connected', {}, 'client-t'), ['ign unknown_client']],
  [pe('connected', {}, 'new'), ['presence true c=10 d=']],
  [gone(), ['presence †']],
])
steps('presence two', null, [
  [thing('t2', 'c'), []],
  [thing('t1', 'c'), []],
  [pe('connected', { connected_at: START - 7 }, 'c'), ['presence [t2] true c=-7 d=', 'presence [t1] true c=-7 d=']],
  [
    record('presence', 't2', {
      thingName: 't2',
      mqttClientId: 'c',
      online: true,
      connectedAt: START + 100,
      occurredAt: START,
    }),
    [],
  ],
  [
    pe('disconnected', { connected_at: START - 7, reason: 'r' }, 'c'),
    ['presence [t1] false c=-7 d=0 reason=r', 'ign stale_presence'],
  ],
])
steps('reg faults', null, [
  [record('registry.things', 't', { thingName: 'u', mqttClientId: 'c' }), ['dlq InvalidRequest fleet.registry.things']],
  [record('registry.things', 't', { thingName: 't', mqttClientId: '' }), ['dlq InvalidRequest fleet.registry.things']],
  [
    record('registry.things', '$t', { thingName: '$t', mqttClientId: 'c' }),
    ['dlq [$t] InvalidRequest fleet.registry.things'],
  ],
  [record('registry.things', 't', { thingName: 't' }), ['dlq InvalidRecord fleet.registry.things']],
  [
    record('registry.things', null, { thingName: 't', mqttClientId: 'c' }),
    ['dlq [null] InvalidRequest fleet.registry.things'],
  ],
  [record('registry.things', 'a/b', null), ['dlq [a/b] InvalidRequest fleet.registry.things']],
  [record('registry.things', 't', undefined, { text: 'x' }), ['dlq InvalidRecord fleet.registry.things']],
  [record('registry.things', null, null), null],
  [shadowReport({}), [`> shadow/update/rejected {"code":404,"message":"Thing not found","timestamp":${SECONDS}}`]],
  [record('registry.things', 't', { thingName: 't', mqttClientId: 'c', groups: ['g'], tags: { a: 'b' }, zz: 1 }), []],
  [record('registry.things', 't', { thingName: 't', mqttClientId: '' }), ['dlq InvalidRequest fleet.registry.things']],
  [
    shadowReport({}),
    [`> shadow/update/rejected {"code":400,"message":"Missing required node: state","timestamp":${SECONDS}}`],
  ],
])
