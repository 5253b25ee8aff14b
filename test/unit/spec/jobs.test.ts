import { device, gone, job, onJob, record, thing } from './lines.ts'
import { at, type Members, SECONDS, type Step, steps } from './step-table.ts'

const T: Step = [thing(), []]
type Opt = { l?: number; q?: number; s?: number; d?: Members; apx?: number; next?: number }
const sm = (id: string, v = 0, o: Opt = {}) =>
  JSON.stringify({
    executionNumber: 1,
    jobId: id,
    lastUpdatedAt: o.l ?? SECONDS,
    queuedAt: o.q ?? SECONDS,
    ...(o.s != null ? { startedAt: o.s } : {}),
    versionNumber: v,
  })
const exe = (id: string, st: string, v: number, o: Opt = {}) =>
  JSON.stringify({
    ...(o.apx != null ? { approximateSecondsBeforeTimedOut: o.apx } : {}),
    executionNumber: 1,
    jobDocument: { do: 1 },
    jobId: id,
    lastUpdatedAt: o.l ?? SECONDS,
    queuedAt: o.q ?? SECONDS,
    ...(o.s != null ? { startedAt: o.s } : {}),
    status: st,
    ...(o.d ? { statusDetails: o.d } : {}),
    ...(o.next ? {} : { thingName: 't' }),
    versionNumber: v,
  })
const notify = (ip: string, q: string, t = SECONDS) =>
  `> jobs/notify {"jobs":{${[ip.length ? `"IN_PROGRESS":[${ip}]` : '', q.length ? `"QUEUED":[${q}]` : ''].filter((x) => x).join()}},"timestamp":${t}}`
const next = (x: string | null, t = SECONDS) => `> jobs/notify-next {${x ? `"execution":${x},` : ''}"timestamp":${t}}`
const rj = (sub: string, j: unknown, code: string, o: { tok?: string; es?: string } = {}) =>
  steps(`${code} ${sub} ${JSON.stringify(j).slice(0, 160)}`, null, [
    T,
    J1,
    [
      device(`jobs/${sub}`, j),
      [
        `> jobs/${sub}/rejected {${o.tok === undefined ? '' : `"clientToken":"${o.tok}",`}"code":"${code}",${o.es === undefined ? '' : `"executionState":${o.es},`}"message":"<any>","timestamp":${SECONDS}}`,
      ],
    ],
  ])
const acc = (sub: string, body = '', t = SECONDS) =>
  `> jobs/${sub}/accepted {${body ? body + ',' : ''}"timestamp":${t}}`
const es = (s: string, v: number, d: Members = {}) => JSON.stringify({ status: s, statusDetails: d, versionNumber: v })
const P = ['>']
const J1: Step = [job('j1')]
steps('start & update', null, [
  T,
  J1,
  [
    {
      ...at(1500),
      ...device('jobs/start-next', {
        stepTimeoutInMinutes: 1,
        statusDetails: { a: 1 },
        clientToken: 'k',
        thingName: 't',
      }),
    },
    [
      acc(
        'start-next',
        `"clientToken":"k","execution":${exe('j1', 'IN_PROGRESS', 1, { s: SECONDS + 1, l: SECONDS + 1, d: { a: 1 }, apx: 60 })}`,
        SECONDS + 1,
      ),
      'run j1/t IN_PROGRESS v1 reason=DEVICE {"a":1} step=61500 #1 @1500',
      'run.state [t/j1] j1/t IN_PROGRESS v1 reason=DEVICE {"a":1} step=61500 #1 @1500',
    ],
    ['>', 'run', 'run.state'],
  ],
  [
    { ...at(2600), ...device('jobs/start-next', '') },
    [
      acc(
        'start-next',
        `"execution":${exe('j1', 'IN_PROGRESS', 1, { s: SECONDS + 1, l: SECONDS + 1, d: { a: 1 }, apx: 58 })}`,
        SECONDS + 2,
      ),
    ],
  ],
  [
    { ...at(3500), ...device('jobs/start-next', { stepTimeoutInMinutes: 2, statusDetails: { z: 1 } }) },
    [
      acc(
        'start-next',
        `"execution":${exe('j1', 'IN_PROGRESS', 1, { s: SECONDS + 1, l: SECONDS + 1, d: { a: 1 }, apx: 120 })}`,
        SECONDS + 3,
      ),
      'run.state [t/j1] j1/t IN_PROGRESS v1 reason=DEVICE {"a":1} step=123500 #1 @3500',
    ],
  ],
  [
    device('jobs/j1/update', {
      status: 'IN_PROGRESS',
      includeJobExecutionState: true,
      includeJobDocument: true,
      clientToken: '',
    }),
    [
      acc(
        'j1/update',
        `"clientToken":"","executionState":${es('IN_PROGRESS', 2, { a: 1 })},"jobDocument":{"do":1}`,
        SECONDS + 3,
      ),
      'run j1/t IN_PROGRESS v2 reason=DEVICE {"a":1} step=123500 #1 @3500',
      'run.state [t/j1] j1/t IN_PROGRESS v2 reason=DEVICE {"a":1} step=123500 #1 @3500',
    ],
  ],
  [
    device('jobs/j1/update', { status: 'IN_PROGRESS', statusDetails: {}, includeJobExecutionState: true }),
    [acc('j1/update', `"executionState":${es('IN_PROGRESS', 3)}`, SECONDS + 3)],
    P,
  ],
  [
    device('jobs/j1/get', {}),
    [
      acc(
        'j1/get',
        `"execution":${exe('j1', 'IN_PROGRESS', 3, { s: SECONDS + 1, l: SECONDS + 3, apx: 120 })}`,
        SECONDS + 3,
      ),
    ],
  ],
  [
    at(123501),
    [
      notify('', '', SECONDS + 123),
      next(null, SECONDS + 123),
      'run j1/t TIMED_OUT v4 reason=TIMER #1 @123500',
      'job [j1] COMPLETED',
    ],
    ['>', 'run', 'job'],
  ],
  [device('jobs/j1/get', {}), null],
])
for (const s of ['get', 'start-next', 'j1/get', 'j1/update']) {
  for (const j of ['[]', '5', '{', '\ufeff{}', Buffer.from([0xff])]) rj(s, j, 'InvalidJson')
  for (const j of [
    { clientToken: 5 },
    { clientToken: 'x'.repeat(65) },
    { clientToken: 'x'.repeat(65), thingName: 'u' },
  ])
    rj(s, j, 'InvalidRequest')
  for (const j of [
    { thingName: 'u', clientToken: 'k' },
    { thingName: 5, clientToken: 'k' },
    { thingName: '', clientToken: 'k' },
  ])
    rj(s, j, 'InvalidRequest', { tok: 'k' })
}
for (const j of [
  { statusDetails: 5 },
  { statusDetails: [] },
  { statusDetails: 'x' },
  { stepTimeoutInMinutes: 0 },
  { stepTimeoutInMinutes: 10081 },
  { stepTimeoutInMinutes: '5' },
  { stepTimeoutInMinutes: 1.5 },
  { stepTimeoutInMinutes: -1 },
  { statusDetails: { a: 'x'.repeat(8185) } },
]) {
  rj('start-next', { ...j, clientToken: 'k' }, 'InvalidRequest', { tok: 'k' })
  rj('j1/update', { ...j, status: 'SUCCEEDED', clientToken: 'k' }, 'InvalidRequest', { tok: 'k' })
  rj('nope/update', { ...j, status: 'SUCCEEDED', clientToken: 'k' }, 'InvalidRequest', { tok: 'k' })
}
for (const j of [
  {},
  { status: null },
  { status: 5 },
  { status: 'QUEUED' },
  { status: 'CANCELED' },
  { status: 'TIMED_OUT' },
  { status: 'REMOVED' },
  { status: 'succeeded' },
  { status: 'SUCCEEDED', expectedVersion: -1 },
  { status: 'SUCCEEDED', expectedVersion: 1.5 },
  { status: 'SUCCEEDED', expectedVersion: 'x' },
  { status: 'SUCCEEDED', expectedVersion: '' },
  { status: 'SUCCEEDED', expectedVersion: '-0' },
  { status: 'SUCCEEDED', expectedVersion: ' 0' },
  { status: 'SUCCEEDED', expectedVersion: true },
  { status: 'SUCCEEDED', executionNumber: 0 },
  { status: 'SUCCEEDED', executionNumber: '1' },
  { status: 'SUCCEEDED', executionNumber: 1.5 },
  { status: 'SUCCEEDED', includeJobExecutionState: 'true' },
  { status: 'SUCCEEDED', includeJobDocument: 1 },
])
  rj('j1/update', j, 'InvalidRequest')
for (const j of [
  { includeJobDocument: 'x' },
  { includeJobDocument: 0 },
  { executionNumber: 0 },
  { executionNumber: -1 },
  { executionNumber: 1.5 },
  { executionNumber: '1' },
]) {
  rj('j1/get', j, 'InvalidRequest')
  rj('$next/get', j, 'InvalidRequest')
  rj('zzz/get', j, 'InvalidRequest')
}
rj('j1/get', { executionNumber: 2 }, 'ResourceNotFound')
rj('j1/update', { status: 'SUCCEEDED', executionNumber: 2, expectedVersion: 9 }, 'ResourceNotFound')
rj('$next/update', { status: 'SUCCEEDED' }, 'ResourceNotFound')
rj('$next/get', { executionNumber: 2 }, 'ResourceNotFound')
rj('bad id/get', {}, 'ResourceNotFound')
rj('notify/get', {}, 'ResourceNotFound')
rj('get/get', {}, 'ResourceNotFound')
rj('start-next/update', { status: 'FAILED' }, 'ResourceNotFound')
rj('/get', {}, 'ResourceNotFound')
rj('j1/update', '', 'InvalidRequest')
rj('j1/update', { status: 'SUCCEEDED', expectedVersion: 1 }, 'VersionMismatch', { es: es('QUEUED', 0) })
rj('j1/update', { status: 'SUCCEEDED', expectedVersion: '0001' }, 'VersionMismatch', { es: es('QUEUED', 0) })
rj('j1/update', '{"status":"SUCCEEDED","expectedVersion":"99999999999999999999"}', 'VersionMismatch', {
  es: es('QUEUED', 0),
})
steps('lock forms', null, [
  T,
  J1,
  [
    device('jobs/j1/update', { status: 'IN_PROGRESS', expectedVersion: 0 }),
    ['run j1/t IN_PROGRESS v1 reason=DEVICE #1 @0'],
    ['run'],
  ],
  [
    device('jobs/j1/update', { status: 'IN_PROGRESS', expectedVersion: '01' }),
    ['run j1/t IN_PROGRESS v2 reason=DEVICE #1 @0'],
    ['run'],
  ],
  [
    device('jobs/j1/update', '{"status":"IN_PROGRESS","expectedVersion":2.0,"executionNumber":1.0}'),
    ['run j1/t IN_PROGRESS v3 reason=DEVICE #1 @0', 'locks jobs/j1/update@1{},jobs/j1/update@2{},jobs/j1/update@3{}'],
    ['run', 'locks'],
  ],
  [
    device('jobs/j1/update', { status: 'IN_PROGRESS', expectedVersion: null }),
    ['run j1/t IN_PROGRESS v4 reason=DEVICE #1 @0'],
    ['run', 'locks'],
  ],
])
steps('repeat', null, [
  T,
  J1,
  [
    device('jobs/j1/update', {
      status: 'IN_PROGRESS',
      expectedVersion: 0,
      statusDetails: { p: 1 },
      includeJobExecutionState: true,
      includeJobDocument: true,
    }),
    null,
  ],
  [device('jobs/j1/update', { status: 'IN_PROGRESS', statusDetails: { p: 2 } }), null],
  [
    {
      ...at(5000),
      ...device('jobs/j1/update', {
        status: 'IN_PROGRESS',
        expectedVersion: 0,
        statusDetails: { p: 1 },
        includeJobExecutionState: true,
        includeJobDocument: true,
      }),
    },
    [acc('j1/update', `"executionState":${es('IN_PROGRESS', 1, { p: 1 })},"jobDocument":{"do":1}`)],
  ],
  [
    {
      ...at(600000),
      ...device('jobs/j1/update', {
        status: 'IN_PROGRESS',
        expectedVersion: 0,
        statusDetails: { p: 1 },
        includeJobExecutionState: true,
        includeJobDocument: true,
      }),
    },
    null,
  ],
])
steps('same terminal', null, [
  T,
  J1,
  [
    device('jobs/j1/update', { status: 'FAILED', statusDetails: { e: 1 }, expectedVersion: 0 }),
    [
      acc('j1/update'),
      notify('', ''),
      next(null),
      'run j1/t FAILED v1 reason=DEVICE {"e":1} #1 @0',
      'job [j1] COMPLETED',
      'locks jobs/j1/update@1{"e":1}',
    ],
    ['>', 'run', 'job', 'locks'],
  ],
  [device('jobs/j1/update', { status: 'FAILED' }), [acc('j1/update')]],
  [
    device('jobs/j1/update', { status: 'FAILED', expectedVersion: 1, includeJobExecutionState: true }),
    [
      acc('j1/update', `"executionState":${es('FAILED', 1, { e: 1 })}`),
      'locks jobs/j1/update@1{"e":1},jobs/j1/update@1{"e":1}',
    ],
  ],
  [
    device('jobs/j1/update', {
      status: 'FAILED',
      expectedVersion: 0,
      statusDetails: { q: 1 },
      includeJobExecutionState: true,
    }),
    [acc('j1/update', `"executionState":${es('FAILED', 1, { e: 1 })}`)],
    P,
  ],
  [device('jobs/j1/update', { status: 'FAILED', expectedVersion: 2 }), null],
  [device('jobs/j1/update', { status: 'SUCCEEDED', expectedVersion: 0 }), null],
  [device('jobs/j1/update', { status: 'SUCCEEDED', expectedVersion: 1 }), null],
  [device('jobs/j1/update', { status: 'FAILED', statusDetails: 5 }), null],
])
steps('refuse', { fleet: { jobs: { repeatedTerminal: 'refuse', firstVersion: 1 } } }, [
  T,
  J1,
  [
    device('jobs/j1/update', { status: 'FAILED', expectedVersion: 1 }),
    ['run j1/t FAILED v2 reason=DEVICE #1 @0'],
    ['run'],
  ],
  [device('jobs/j1/update', { status: 'FAILED' }), null],
  [device('jobs/j1/update', { status: 'FAILED', expectedVersion: 1 }), [acc('j1/update')]],
  [device('jobs/j1/update', { status: 'FAILED', expectedVersion: 1, clientToken: 'z' }), null],
  [device('jobs/j1/update', { status: 'FAILED', expectedVersion: 2 }), null],
])
// in-progress timer
const JT = (m: number): Members => job('j1', ['t'], { timeoutConfig: { inProgressTimeoutInMinutes: m } })
steps('ip timer', null, [
  T,
  [JT(1), null],
  [at(120000), []],
  [
    device('jobs/start-next', { stepTimeoutInMinutes: 5 }),
    [
      acc(
        'start-next',
        `"execution":${exe('j1', 'IN_PROGRESS', 1, { s: SECONDS + 120, l: SECONDS + 120, apx: 60 })}`,
        SECONDS + 120,
      ),
      'run j1/t IN_PROGRESS v1 reason=DEVICE step=420000 cap=180000 #1 @120000',
    ],
    ['>', 'run'],
  ],
  [
    { ...at(179999), ...device('jobs/j1/get', {}) },
    [
      acc(
        'j1/get',
        `"execution":${exe('j1', 'IN_PROGRESS', 1, { s: SECONDS + 120, l: SECONDS + 120, apx: 0 })}`,
        SECONDS + 179,
      ),
    ],
  ],
  [
    { ...at(180000), ...device('jobs/j1/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: 9 }) },
    [acc('j1/update', '', SECONDS + 180), 'run j1/t IN_PROGRESS v2 reason=DEVICE step=720000 cap=180000 #1 @180000'],
    ['>', 'run'],
  ],
  [
    at(180001),
    [notify('', '', SECONDS + 180), next(null, SECONDS + 180), 'run j1/t TIMED_OUT v3 reason=TIMER #1 @180000'],
    ['>', 'run'],
  ],
])
steps('ip timer via update & terminal clears', null, [
  T,
  [JT(1), null],
  [
    device('jobs/j1/update', { status: 'IN_PROGRESS' }),
    ['run j1/t IN_PROGRESS v1 reason=DEVICE cap=60000 #1 @0'],
    ['run'],
  ],
  [
    device('jobs/j1/update', { status: 'SUCCEEDED', stepTimeoutInMinutes: 3 }),
    ['run j1/t SUCCEEDED v2 reason=DEVICE #1 @0'],
    ['run'],
  ],
  [at(999999), []],
])
steps('step via update, not rearmed by plain', null, [
  T,
  J1,
  [device('jobs/j1/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: 1 }), null],
  [{ ...at(30000), ...device('jobs/j1/update', { status: 'IN_PROGRESS' }) }, null],
  [at(60001), ['run j1/t TIMED_OUT v3 reason=TIMER #1 @60000'], ['run']],
])
// create errors
const ce = (name: string, m: Members, code = 'INVALID_REQUEST', id = 'jx') =>
  steps('create ' + name, null, [
    T,
    [job(id, ['t'], { requestId: 'q', ...m }), [`result [${id}] q REJECTED code=${code}`]],
  ])
for (const id of ['get', 'start-next', 'notify', 'notify-next', 'a b', 'a'.repeat(65), 'a.b', ''])
  if (id) ce('id ' + id, {}, 'INVALID_REQUEST', id)
for (const [n, m] of [
  ['doc null', { documentJson: null }],
  ['doc arr', { documentJson: '[]' }],
  ['doc null text', { documentJson: 'null' }],
  ['doc bad', { documentJson: '{' }],
  ['no target', { targets: null }],
  ['empty targets', { targets: { thingNames: [], thingGroupNames: [] } }],
  ['too many', { targets: { thingNames: Array(9999).fill('t'), thingGroupNames: ['a', 'b'] } }],
  ['sel', { targetSelection: 'snapshot' }],
  ['sel empty', { targetSelection: '' }],
  ['timeout 0', { timeoutConfig: { inProgressTimeoutInMinutes: 0 } }],
  ['timeout big', { timeoutConfig: { inProgressTimeoutInMinutes: 10081 } }],
  ['order doc unknown thing', { documentJson: '[]', targets: { thingNames: ['zz'] } }],
] as const)
  ce(n, m)
ce('unknown thing', { targets: { thingNames: ['t', 'zz'] } }, 'INVALID_TARGET')
ce('group', { targets: { thingGroupNames: ['g'] } }, 'INVALID_TARGET')
ce(
  'unknown + large',
  { targets: { thingNames: ['zz'] }, documentJson: '{"a":"' + 'x'.repeat(33000) + '"}' },
  'INVALID_TARGET',
)
ce('large', { documentJson: '{"a":"' + 'x'.repeat(32761) + '"}' }, 'PAYLOAD_TOO_LARGE')
steps('exists etc', null, [
  T,
  [
    job('j1', ['t'], { documentJson: '{"a":"' + 'x'.repeat(32760) + '"}', timeoutConfig: {} }),
    ['result [j1] r-j1 ACCEPTED jobId=j1'],
    ['result'],
  ],
  [job('j1', ['zz'], { requestId: 'q2' }), ['result [j1] q2 REJECTED code=JOB_EXISTS']],
  [job('j1', ['t'], { requestId: 'q3', documentJson: '[' }), ['result [j1] q3 REJECTED code=INVALID_REQUEST']],
  [job('j1', ['t']), ['result [j1] r-j1 ACCEPTED jobId=j1 again']],
  [
    record('job.requests', 'rq', {
      op: 'CREATE_JOB',
      requestId: 'rq',
      targets: { thingNames: ['t'] },
      documentJson: '{}',
    }),
    ['result [rq] rq ACCEPTED jobId=rq'],
    ['result'],
  ],
  [
    record('job.requests', 'r.q', {
      op: 'CREATE_JOB',
      requestId: 'r.q',
      targets: { thingNames: ['t'] },
      documentJson: '{}',
    }),
    ['result [r.q] r.q REJECTED code=INVALID_REQUEST'],
  ],
  [
    record('job.requests', 'other', {
      op: 'CREATE_JOB',
      requestId: 'rq2',
      targets: { thingNames: ['t'] },
      documentJson: '{}',
    }),
    ['result [other] rq2 REJECTED code=INVALID_REQUEST'],
  ],
  [
    record('job.requests', null, { op: 'CANCEL_JOB', requestId: 'c0' }),
    ['result [null] c0 REJECTED code=INVALID_REQUEST'],
  ],
  [
    record('job.requests', 'j1', { op: 'CANCEL_JOB', requestId: 'c1' }),
    ['result [j1] c1 REJECTED code=INVALID_REQUEST'],
  ],
])
steps('cancel/delete errors', null, [
  T,
  [onJob('CANCEL_JOB', 'no', 'c1'), ['result [no] c1 REJECTED code=JOB_NOT_FOUND']],
  [onJob('DELETE_JOB', 'no', 'c2'), ['result [no] c2 REJECTED code=JOB_NOT_FOUND']],
  [onJob('CANCEL_JOB', 'a b', 'c3'), ['result [a b] c3 REJECTED code=INVALID_REQUEST']],
  [onJob('DELETE_JOB', 'get', 'c4'), ['result [get] c4 REJECTED code=INVALID_REQUEST']],
  [onJob('CANCEL_JOB_EXECUTION', 'no', 'c5', { thingName: 't' }), ['result [no] c5 REJECTED code=EXECUTION_NOT_FOUND']],
  [onJob('CANCEL_JOB_EXECUTION', 'no', 'c6'), ['result [no] c6 REJECTED code=INVALID_REQUEST']],
  [onJob('CANCEL_JOB_EXECUTION', 'no', 'c7', { thingName: '$t' }), ['result [no] c7 REJECTED code=INVALID_REQUEST']],
  [
    onJob('CANCEL_JOB_EXECUTION', 'no', 'c8', { thingName: 't', expectedVersion: -1 }),
    ['result [no] c8 REJECTED code=INVALID_REQUEST'],
  ],
  J1,
  // Handed to a thing that the job never had, too: the thing answers.
  [
    onJob('CANCEL_JOB_EXECUTION', 'j1', 'c9', { thingName: 'u' }),
    [
      'progress [j1] null 1 1 {"QUEUED":1} c9',
      'progress [j1] null 1 1 {"QUEUED":1} ',
      'result [j1] c9 REJECTED code=EXECUTION_NOT_FOUND',
    ],
  ],
  [
    onJob('CANCEL_JOB_EXECUTION', 'j1', 'd1', { thingName: 't', expectedVersion: 5 }),
    ['result [j1] d1 REJECTED code=VERSION_CONFLICT versionNumber=0'],
    ['result'],
  ],
  [device('jobs/start-next', ''), null],
  [
    onJob('CANCEL_JOB_EXECUTION', 'j1', 'd2', { thingName: 't' }),
    ['result [j1] d2 REJECTED code=INVALID_STATE_TRANSITION'],
    ['result'],
  ],
  [
    onJob('CANCEL_JOB_EXECUTION', 'j1', 'd3', { thingName: 't', expectedVersion: 0 }),
    ['result [j1] d3 REJECTED code=VERSION_CONFLICT versionNumber=1'],
    ['result'],
  ],
  [
    onJob('CANCEL_JOB_EXECUTION', 'j1', 'd4', { thingName: 't', expectedVersion: 1, force: true }),
    [
      'result [j1] d4 ACCEPTED versionNumber=2 jobId=j1',
      'job [j1] COMPLETED',
      notify('', ''),
      next(null),
      'run j1/t CANCELED v2 reason=OPERATOR #1 @0',
    ],
    ['result', 'job', '>', 'run'],
  ],
  [
    onJob('CANCEL_JOB_EXECUTION', 'j1', 'd4', { thingName: 't', expectedVersion: 1, force: true }),
    ['result [j1] d4 ACCEPTED versionNumber=2 jobId=j1 again'],
  ],
  [
    onJob('CANCEL_JOB_EXECUTION', 'j1', 'd5', { thingName: 't', force: true }),
    ['result [j1] d5 REJECTED code=INVALID_STATE_TRANSITION'],
    ['result'],
  ],
  [onJob('CANCEL_JOB', 'j1', 'd6', { force: true }), ['result [j1] d6 REJECTED code=INVALID_STATE_TRANSITION']],
])
steps('cancel job', null, [
  T,
  [thing('u'), []],
  [job('j1', ['t', 'u', 't']), null],
  [device('jobs/start-next', ''), null],
  [
    onJob('CANCEL_JOB', 'j1', 'c'),
    [
      'result [j1] c ACCEPTED jobId=j1',
      'job [j1] CANCELED',
      '> $emqx/things/u/jobs/notify {"jobs":{},"timestamp":' + SECONDS + '}',
      '> $emqx/things/u/jobs/notify-next {"timestamp":' + SECONDS + '}',
      'run [u] j1/u CANCELED v1 reason=OPERATOR #1 @0',
    ],
    ['result', 'job', '>', 'run'],
  ],
  [device('jobs/j1/update', { status: 'SUCCEEDED' }), ['run j1/t SUCCEEDED v2 reason=DEVICE #1 @0'], ['run', 'job']],
  [
    onJob('DELETE_JOB', 'j1', 'd'),
    [
      'result [j1] d ACCEPTED jobId=j1',
      'job.state [j1] †',
      'job.progress [j1] †',
      'job.execution.state [t/j1] †',
      'job.execution.state [u/j1] †',
    ],
  ],
  [job('j1', ['t'], { requestId: 'new' }), ['run j1/t QUEUED v0 #1 @0'], ['run']],
])
steps('delete force', null, [
  T,
  J1,
  [onJob('DELETE_JOB', 'j1', 'd'), ['result [j1] d REJECTED code=INVALID_STATE_TRANSITION']],
  [job('j2'), null],
  [
    onJob('DELETE_JOB', 'j1', 'd2', { force: true }),
    [
      'result [j1] d2 ACCEPTED jobId=j1',
      notify('', sm('j2')),
      next(exe('j2', 'QUEUED', 0, { next: 1 })),
      'run j1/t REMOVED v1 reason=JOB_DELETED #1 @0',
      'job.state [j1] †',
      'job.execution.state [t/j1] †',
    ],
    ['result', '>', 'run', 'job.state', 'job.execution.state', 'run.state'],
  ],
  [device('jobs/j1/get', ''), null],
])
steps('gone', null, [
  T,
  [thing('u'), []],
  [job('j1', ['t', 'u']), null],
  [job('j2'), null],
  [
    device('jobs/j2/update', { status: 'IN_PROGRESS' }),
    [acc('j2/update'), next(exe('j2', 'IN_PROGRESS', 1, { next: 1, s: SECONDS }))],
    P,
  ],
  [
    gone(),
    [
      'run j1/t REMOVED v1 reason=THING_REMOVED #1 @0',
      'run j2/t REMOVED v2 reason=THING_REMOVED #2 @0',
      'job [j2] COMPLETED',
      'job.execution.state [t/j1] †',
      'job.execution.state [t/j2] †',
    ],
    ['run', 'job', '>', 'job.execution.state'],
  ],
  [{ mqtt: { topic: '$emqx/things/u/jobs/j1/update', json: { status: 'FAILED' } } }, ['job [j1] COMPLETED'], ['job']],
])
steps('$next none', null, [
  T,
  [device('jobs/$next/get', { executionNumber: 7 }), [acc('$next/get')]],
  [device('jobs/start-next', { clientToken: 'k' }), [acc('start-next', '"clientToken":"k"')]],
  [device('jobs/get', '{}'), [acc('get', '"inProgressJobs":[],"queuedJobs":[]')]],
])
steps('continuous', null, [
  T,
  [job('j1', ['t'], { targetSelection: 'CONTINUOUS' }), null],
  [device('jobs/j1/update', { status: 'SUCCEEDED' }), [], ['job']],
  [onJob('CANCEL_JOB', 'j1', 'c'), ['job [j1] CANCELED'], ['job']],
])
steps('gone before recreated', null, [
  T,
  J1,
  [gone(), null],
  [thing(), []],
  [device('jobs/get', ''), [acc('get', '"inProgressJobs":[],"queuedJobs":[]')]],
  [job('j2'), ['run j2/t QUEUED v0 #1 @0'], ['run']],
])
steps('order running first', null, [
  T,
  J1,
  [job('j2'), null],
  [job('j3'), null],
  [device('jobs/j3/update', { status: 'IN_PROGRESS' }), null],
  [
    { ...at(1000), ...device('jobs/j2/update', { status: 'IN_PROGRESS' }) },
    [
      acc('j2/update', '', SECONDS + 1),
      next(exe('j2', 'IN_PROGRESS', 1, { next: 1, s: SECONDS + 1, l: SECONDS + 1 }), SECONDS + 1),
    ],
    P,
  ],
  [
    device('jobs/start-next', ''),
    [acc('start-next', `"execution":${exe('j2', 'IN_PROGRESS', 1, { s: SECONDS + 1, l: SECONDS + 1 })}`, SECONDS + 1)],
  ],
])
