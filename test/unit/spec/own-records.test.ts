import { createHash } from 'node:crypto'
import { device, job, onJob, record, response, send, shadowReport, thing } from './lines.ts'
import { at, type Members, SECONDS, START, type Step, steps } from './step-table.ts'

const T: Step = [thing(), []]
// unknown in one batch etc. inbox input
const IB = (v: Members, key = 't'): Members =>
  record('thing.inbox', key, { thingName: 't', receivedAt: START - 50, ...v })
steps('inbox device', null, [
  T,
  [
    IB({
      kind: 'DEVICE_MESSAGE',
      topic: '$emqx/things/t/events/x',
      payload: Buffer.from('{"eventType":"x","severity":"info"}').toString('base64'),
    }),
    [`event x info {} -50 broker`],
  ],
  [
    IB({
      kind: 'DEVICE_MESSAGE',
      topic: '$emqx/things/t/shadow/update',
      payload: Buffer.from('{"state":{"reported":{"a":1}}}').toString('base64'),
    }),
    [
      `> shadow/update/accepted {"metadata":{"reported":{"a":{"timestamp":${SECONDS}}}},"state":{"reported":{"a":1}},"timestamp":${SECONDS},"version":1}`,
    ],
    ['>'],
  ],
  [
    IB({
      kind: 'PRESENCE',
      topic: '$SYS/brokers/b/clients/client-t/connected',
      payload: Buffer.from('{}').toString('base64'),
    }),
    ['presence true c=-50 d='],
  ],
])
steps('inbox timer', null, [
  T,
  [send('r', { ttl: 10 }), null],
  [IB({ kind: 'TIMER', executionId: 'r', deadline: START + 9999 }), ['ign timer_overtaken']],
  [
    IB({ kind: 'TIMER', executionId: 'r', deadline: START + 10000 }),
    ['exec r TIMED_OUT reason=NO_RESPONSE @0'],
    ['exec'],
  ],
  [at(20000), []],
])
steps('inbox publish result', null, [
  T,
  [send('r'), null],
  [
    IB({ kind: 'PUBLISH_RESULT', executionId: 'r', reasonCode: 16 }),
    ['exec r FAILED reason=NO_SUBSCRIBER @0', 'exec.state [t/r] r FAILED reason=NO_SUBSCRIBER @0'],
  ],
  [IB({ kind: 'PUBLISH_RESULT', executionId: 'r', reasonCode: 16 }), ['ign execution_not_open']],
  [IB({ kind: 'PUBLISH_RESULT', executionId: 'zz', reasonCode: 16 }), ['ign execution_not_open']],
  [send('r2'), null],
  [
    IB({ kind: 'PUBLISH_RESULT', executionId: 'r2', reasonCode: 135 }),
    ['exec r2 FAILED reason=PUBLISH_REFUSED @0', 'exec.state [t/r2] r2 FAILED reason=PUBLISH_REFUSED @0'],
  ],
  [send('r3'), null],
  [IB({ kind: 'PUBLISH_RESULT', executionId: 'r3', reasonCode: 0 }), ['ign publication_done']],
])
const JI = (v: Members, key = 'j'): Members =>
  record('job.inbox', key, { jobId: 'j', jobRequestId: 'q', thingName: 't', occurredAt: START, ...v })
steps('job inbox', null, [
  T,
  [JI({ kind: 'EXECUTION_CHANGED', previousStatus: null, status: 'QUEUED', versionNumber: 0 }), ['ign unknown_job']],
  [
    JI({ kind: 'EXECUTION_ANSWER', requestId: 'c', code: 'EXECUTION_NOT_FOUND' }),
    ['result [j] c REJECTED code=EXECUTION_NOT_FOUND'],
  ],
  [
    JI({ kind: 'EXECUTION_ANSWER', requestId: 'c2', versionNumber: 4, status: 'CANCELED' }),
    ['result [j] c2 ACCEPTED versionNumber=4 jobId=j'],
  ],
  [
    JI({ kind: 'EXECUTION_ANSWER', requestId: 'c3', versionNumber: 4, code: 'VERSION_CONFLICT' }),
    ['result [j] c3 REJECTED code=VERSION_CONFLICT versionNumber=4'],
  ],
])
steps('job inbox other incarnation', null, [
  T,
  [job('j'), null],
  [
    JI({ kind: 'EXECUTION_CHANGED', previousStatus: 'QUEUED', status: 'SUCCEEDED', versionNumber: 1 }),
    ['ign unknown_job'],
  ],
  [
    JI({
      jobRequestId: 'r-j',
      kind: 'EXECUTION_CHANGED',
      previousStatus: 'QUEUED',
      status: 'SUCCEEDED',
      versionNumber: 1,
    }),
    ['progress [j] null 1 1 {"SUCCEEDED":1} ', 'job [j] COMPLETED'],
  ],
])
steps('open request', null, [
  T,
  [
    record('job.state', 'j', {
      jobId: 'j',
      requestId: 'q',
      status: 'IN_PROGRESS',
      targetSelection: 'SNAPSHOT',
      documentJson: '{}',
      targets: { thingNames: ['t'] },
      createdAt: START,
      occurredAt: START,
    }),
    [],
  ],
  [
    record('job.progress', 'j', {
      jobId: 'j',
      fannedOut: 1,
      executionsTotal: 1,
      counts: { QUEUED: 1 },
      openRequests: ['c'],
      occurredAt: START,
    }),
    [],
  ],
  [onJob('CANCEL_JOB_EXECUTION', 'j', 'c', { thingName: 't' }), ['ign open_request']],
  [onJob('NOPE', 'j', 'c'), ['ign open_request']],
  [
    JI({ kind: 'EXECUTION_ANSWER', requestId: 'c', code: 'EXECUTION_NOT_FOUND' }),
    ['progress [j] null 1 1 {"QUEUED":1} ', 'result [j] c REJECTED code=EXECUTION_NOT_FOUND'],
  ],
  [
    onJob('CANCEL_JOB_EXECUTION', 'j', 'c', { thingName: 't' }),
    ['result [j] c REJECTED code=EXECUTION_NOT_FOUND again'],
  ],
])
const OB = (v: Members): Members =>
  record('mqtt.outbox', 't', {
    thingName: 't',
    topic: '$emqx/commands/things/t/executions/r/request',
    payload: Buffer.from('{"a":1}').toString('base64'),
    createdAt: START,
    ...v,
  })
steps('outbox', null, [
  T,
  [OB({}), ['> r/request {"a":1}']],
  [OB({ expiresAt: START + 1001, executionId: 'r' }), ['> r/request {"a":1} ~2']],
  [OB({ expiresAt: START + 1000 }), ['> r/request {"a":1} ~1']],
  [OB({ expiresAt: START }), ['ign expired']],
  [OB({ expiresAt: START - 1 }), ['ign expired']],
])
// restore
const SS = (v: Members = {}): Members =>
  record('shadow.state', 't', {
    thingName: 't',
    version: 5,
    reportedJson: '{"a":1}',
    desiredJson: '{"a":2}',
    deltaJson: '{"a":2}',
    metadataJson: '{"reported":{"a":{"timestamp":1}},"desired":{"a":{"timestamp":2}}}',
    lastPublishedDeltaJson: '{"a":2}',
    updatedAt: START,
    ...v,
  })
steps('restore shadow', null, [
  [SS(), []],
  T,
  [
    shadowReport({ state: { reported: { b: 1 } }, version: 5 }),
    [
      `> shadow/update/accepted {"metadata":{"reported":{"b":{"timestamp":${SECONDS}}}},"state":{"reported":{"b":1}},"timestamp":${SECONDS},"version":6}`,
    ],
    ['>'],
  ],
  [SS({ lastPublishedDeltaJson: '{}' }), []],
  [
    shadowReport({ state: { reported: { b: 1 } } }),
    [
      `> shadow/update/accepted {"metadata":{"reported":{"b":{"timestamp":${SECONDS}}}},"state":{"reported":{"b":1}},"timestamp":${SECONDS},"version":6}`,
      `> shadow/update/delta {"metadata":{"a":{"timestamp":2}},"state":{"a":2},"timestamp":${SECONDS},"version":6}`,
    ],
    ['>'],
  ],
  [record('shadow.state', 't', null), []],
  [shadowReport({ state: { reported: { b: 1 } }, version: 6 }), null],
])
for (const [n, v] of [
  ['bad json', { reportedJson: '{' }],
  ['array', { desiredJson: '[]' }],
  ['key', { thingName: 'u' }],
  ['meta', { metadataJson: '5' }],
  ['wrong type', { version: 'x' }],
  ['last null', { lastPublishedDeltaJson: 'null' }],
] as const)
  steps('restore bad ' + n, null, [T, [SS(v), ['ign invalid_record']]])
steps('restore raw text', null, [
  [record('shadow.state', 't', undefined, { text: '{}' }), ['ign invalid_record']],
  [record('results', 't', undefined, { base64: 'AAAAAAE=' }), ['ign invalid_record']],
  [record('results', 't', { requestId: 'r' }), ['ign invalid_record']],
  [record('results', 't', { requestId: 'r', status: 'MAYBE', occurredAt: START }), ['ign invalid_record']],
])
steps('restore results', null, [
  T,
  [
    record('results', 't', {
      requestId: 'r',
      status: 'REJECTED',
      code: 'X',
      message: 'm',
      occurredAt: START - 86399999,
    }),
    [],
  ],
  [record('results', 't', { requestId: 'r2', status: 'ACCEPTED', duplicate: true, occurredAt: START }), []],
  [send('r'), ['result r REJECTED code=X again']],
  [send('r2'), ['result r2 ACCEPTED executionId=r2'], ['result']],
  [record('results', 't', { requestId: 'r3', status: 'ACCEPTED', executionId: 'q', occurredAt: START - 86400000 }), []],
  [send('r3'), ['result r3 ACCEPTED executionId=r3'], ['result']],
])
const CS = (ex: string, v: Members = {}): Members =>
  record('command.state', 't/' + ex, {
    executionId: ex,
    commandId: 'r-' + ex,
    thingName: 't',
    action: 'a',
    status: 'SENT',
    ttlSeconds: 30,
    sentAt: START - 10000,
    deadline: START + 20000,
    occurredAt: START - 10000,
    ...v,
  })
steps('restore key variants', null, [
  [
    record('command.state', 't', {
      executionId: 'a',
      commandId: 'q',
      thingName: 't',
      action: 'a',
      status: 'SENT',
      ttlSeconds: 30,
      sentAt: START,
      deadline: START,
      occurredAt: START,
    }),
    ['ign invalid_record'],
  ],
  [
    record('command.state', 'u/a', {
      executionId: 'a',
      commandId: 'q',
      thingName: 't',
      action: 'a',
      status: 'SENT',
      ttlSeconds: 30,
      sentAt: START,
      deadline: START,
      occurredAt: START,
    }),
    ['ign invalid_record'],
  ],
])
const JS = (id: string, v: Members = {}): Members =>
  record('job.execution.state', 't/' + id, {
    jobId: id,
    thingName: 't',
    jobRequestId: 'q',
    status: 'QUEUED',
    versionNumber: 0,
    documentJson: '{"d":1}',
    sequence: 5,
    queuedAt: START - 1000,
    lastUpdatedAt: START - 1000,
    occurredAt: START,
    ...v,
  })
steps('restore locks', null, [
  T,
  [shadowReport({ state: { reported: { a: 1 } } }), null],
  [
    record('thing.state', 't', {
      thingName: 't',
      remembered: [
        {
          topic: '$emqx/things/t/shadow/update',
          digest: createHash('sha256').update('{"state":{"reported":{"q":1}},"version":9}').digest('hex'),
          version: 10,
          acceptedAt: START - 1000,
        },
      ],
      updatedAt: START,
    }),
    [],
  ],
  [
    shadowReport('{"state":{"reported":{"q":1}},"version":9}'),
    [
      `> shadow/update/accepted {"metadata":{"reported":{"q":{"timestamp":${SECONDS - 1}}}},"state":{"reported":{"q":1}},"timestamp":${SECONDS - 1},"version":10}`,
    ],
  ],
])
steps('timers equal order', null, [
  T,
  [send('b', { ttl: 5 }), null],
  [send('a', { ttl: 5 }), null],
  [at(9000), ['exec b TIMED_OUT reason=NO_RESPONSE @5000', 'exec a TIMED_OUT reason=NO_RESPONSE @5000'], ['exec']],
])

steps(
  'restored commands: what is due goes on before the first line that restores nothing, earlier deadlines first',
  null,
  [
    [CS('b', { deadline: START - 5 }), []],
    [CS('a', { deadline: START - 10 }), []],
    [CS('c', { deadline: START - 5 }), []],
    [CS('d', { deadline: START }), []],
    [CS('e', { status: 'FAILED', reason: 'DEVICE', occurredAt: START - 86400000 }), []],
    [CS('f', { status: 'FAILED', reason: 'DEVICE', occurredAt: START - 86400001 }), []],
    [thing(), []],
    [record('results', 't', { requestId: 'zz', status: 'ACCEPTED', occurredAt: START }), []],
    [
      at(500),
      [
        ...['a', 'b', 'c', 'd'].map((id) => `exec ${id} TIMED_OUT reason=NO_RESPONSE @0`),
        ...['a', 'b', 'c', 'd'].map((id) => `exec.state [t/${id}] ${id} TIMED_OUT reason=NO_RESPONSE @0`),
        'command.state [t/f] †',
        'command.state [t/e] †',
      ],
    ],
    [send('x', { executionId: 'e' }), ['result x ACCEPTED executionId=e'], ['result']],
  ],
)
steps('restored command: due before the response', null, [
  [CS('a', { deadline: START - 10 }), []],
  [thing(), []],
  [
    response('a', { status: 'SUCCEEDED' }),
    [
      'exec a TIMED_OUT reason=NO_RESPONSE @0',
      'exec a TIMED_OUT reason=LATE_RESPONSE reportedStatus=SUCCEEDED @0',
      'exec.state [t/a] a TIMED_OUT reason=NO_RESPONSE @0',
    ],
  ],
])
steps('restored executions: order, deadlines, sequence', null, [
  [thing(), []],
  [JS('a', { sequence: 7 }), []],
  [JS('b', { sequence: 6 }), []],
  [JS('c', { queuedAt: START - 2000, sequence: 9 }), []],
  [
    JS('d', {
      status: 'IN_PROGRESS',
      versionNumber: 4,
      startedAt: START - 5000,
      queuedAt: START,
      sequence: 20,
      stepDeadline: START + 10000,
      inProgressTimeoutInMinutes: 1,
      inProgressDeadline: START + 5000,
    }),
    [],
  ],
  [job('z'), ['run z/t QUEUED v0 #21 @0'], ['run']],
  [device('jobs/b/update', { status: 'REJECTED' }), null],
  [at(5000), []],
  [at(5001), ['run d/t TIMED_OUT v5 reason=TIMER #20 @5000'], ['run']],
  [device('jobs/c/update', { status: 'REJECTED' }), null],
  [device('jobs/start-next', ''), ['run a/t IN_PROGRESS v1 reason=DEVICE #7 @5001'], ['run']],
])
const jobState = record('job.state', 'j', {
  jobId: 'j',
  requestId: 'q',
  status: 'IN_PROGRESS',
  targetSelection: 'SNAPSHOT',
  documentJson: '{}',
  targets: { thingNames: ['t', 'u'] },
  createdAt: START,
  occurredAt: START,
})
steps('restored fan-out: goes on where it stood', null, [
  [thing('u'), []],
  [thing(), []],
  [jobState, []],
  [record('job.progress', 'j', { jobId: 'j', fanOut: 'QUEUE', fannedOut: 1, counts: {}, occurredAt: START }), []],
  [
    at(1000),
    ['progress [j] null 2 2 {} ', 'run [u] j/u QUEUED v0 #1 @0', 'progress [j] null 2 2 {"QUEUED":1} '],
    ['progress', 'run'],
  ],
])
const many = Array.from({ length: 1200 }, (_, index) => `n${index}`)
steps('a fan-out of 1200 things: batches of 500, finished before what it led to', { fleet: { registryMode: 'open' } }, [
  [
    job('j', many),
    [
      'progress [j] QUEUE 500 null {} ',
      'progress [j] QUEUE 1000 null {} ',
      'progress [j] null 1200 1200 {} ',
      ...many.map((_, index) => `progress [j] null 1200 1200 {"QUEUED":${index + 1}} `),
    ],
    ['progress'],
  ],
  [
    onJob('DELETE_JOB', 'j', 'd', { force: true }),
    [
      'progress [j] REMOVE 500 1200 {"QUEUED":1200} ',
      'progress [j] REMOVE 1000 1200 {"QUEUED":1200} ',
      'job.progress [j] †',
    ],
    ['progress', 'job.progress'],
  ],
])
