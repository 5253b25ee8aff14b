import { device, job, onJob, record, response, send, shadowReport, thing } from './lines.ts'
import { at, SECONDS, START, type Step, steps } from './step-table.ts'

const T: Step = [thing(), []]
const J1: Step = [job('j1')]
const lock = device('jobs/j1/update', { status: 'IN_PROGRESS', expectedVersion: 0 })
steps('locks forgotten with job', null, [
  T,
  J1,
  [lock, ['locks jobs/j1/update@1{}'], ['locks']],
  [onJob('DELETE_JOB', 'j1', 'd', { force: true }), ['locks '], ['locks']],
  [job('j1', ['t'], { requestId: 'again' }), [], ['locks']],
  [lock, ['locks jobs/j1/update@1{}'], ['locks']],
])
steps('locks of others stay', null, [
  T,
  J1,
  [job('j2'), null],
  [lock, null],
  [device('jobs/j2/update', { status: 'FAILED', expectedVersion: 0 }), null],
  [onJob('DELETE_JOB', 'j1', 'd', { force: true }), ['locks jobs/j2/update@1{}'], ['locks']],
  [onJob('DELETE_JOB', 'j2', 'd2'), ['locks '], ['locks']],
])
steps('no locks no record', null, [T, J1, [onJob('DELETE_JOB', 'j1', 'd', { force: true }), [], ['locks']]])
steps('disconnect first', null, [
  T,
  [
    { mqtt: { topic: '$SYS/brokers/b/clients/client-t/disconnected', json: { reason: 'normal' } } },
    ['presence false c= d=0 reason=normal'],
  ],
  [
    { mqtt: { topic: '$SYS/brokers/b/clients/client-t/connected', json: { connected_at: 0 } } },
    ['presence true c=-1782014405000 d='],
  ],
])
steps('restored fan-out of a gone thing', null, [
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
  [record('job.progress', 'j', { jobId: 'j', fanOut: 'QUEUE', fannedOut: 0, counts: {}, occurredAt: START }), []],
  [{}, ['progress [j] null 1 1 {} ', 'progress [j] null 1 1 {"REMOVED":1} ', 'job [j] COMPLETED']],
])
steps('open mode targets', { fleet: { registryMode: 'open' } }, [
  [job('j1', ['$x']), ['result [j1] r-j1 REJECTED code=INVALID_TARGET']],
  [job('j1', ['']), ['result [j1] r-j1 REJECTED code=INVALID_TARGET again']],
  [job('j2', ['ok', '']), ['result [j2] r-j2 REJECTED code=INVALID_TARGET']],
  [job('j3', ['ok']), ['result [j3] r-j3 ACCEPTED jobId=j3'], ['result']],
])
steps('repeat before other checks', null, [
  T,
  [shadowReport('{"state":{"reported":{"a":1}}}'), null],
  [shadowReport('{"state":{"reported":{"a":1}},"version":1}'), null],
  [shadowReport({ state: { reported: { a: 9 } } }), null],
  [
    shadowReport('{"state":{"reported":{"a":1}},"version":1}'),
    [
      `> shadow/update/accepted {"metadata":{"reported":{"a":{"timestamp":${SECONDS}}}},"state":{"reported":{"a":1}},"timestamp":${SECONDS},"version":2}`,
    ],
  ],
])
steps('lock via repeated version member', null, [
  T,
  [shadowReport('{"state":{"reported":{"a":1}}}'), null],
  [shadowReport('{"version":7,"state":{"reported":{"a":1}},"version":1}'), ['locks shadow/update@2'], ['locks']],
])
steps('send puback on its own line', null, [
  T,
  [{ puback: 128 }, []],
  [shadowReport({ state: { reported: { a: 1 } } }), null],
  [send('r'), null],
  [{ puback: 0 }, []],
  [send('r2'), ['exec r2 SENT @0'], ['exec']],
])
steps('forget by rememberHours', { fleet: { commands: { rememberHours: 1 } } }, [
  T,
  [send('r'), null],
  [response('r', { status: 'FAILED' }), null],
  [at(3600000), []],
  [at(3600001), ['command.state [t/r] †']],
])
steps('override then forget', { fleet: { commands: { lateResponse: 'override', rememberHours: 1 } } }, [
  T,
  [send('r', { ttl: 1 }), null],
  [{ ...at(10000), ...response('r', { status: 'FAILED' }) }, null],
  [at(3601001), []],
  [at(3610000), []],
  [at(3610001), ['command.state [t/r] †']],
])
steps('stored result dropped equals', null, [
  T,
  [send('r'), null],
  [response('r', { status: 'FAILED', result: [1] }), null],
  [response('r', { status: 'FAILED' }), ['ign repeated_response']],
  [response('r', { status: 'FAILED', result: {} }), null],
])
steps('own echo order: before size? token', null, [
  [shadowReport('{"state":{"desired":{}},"clientToken":5}'), ['ign own_echo']],
])
steps('dup eventType', null, [
  T,
  [device('events/x', '{"eventType":"y","severity":"info","eventType":"x"}'), [`event x info {} 0 broker`]],
])

/** Guards fleet/shadow/report.ts and fleet/presence.ts `replaceLoneSurrogates`: avsc writes one as bytes that are no UTF-8. */
steps('a lone surrogate stays in JSON and is replaced in a text of a record', null, [
  T,
  [
    shadowReport('{"state":{"reported":{"a":"\\ud800"}},"clientToken":"\\ud800x"}'),
    ['change v1 REPORTED {"a":"\\ud800"} delta={} clientToken=\ufffdx'],
    ['change'],
  ],
  [
    {
      mqtt: {
        topic: '$SYS/brokers/b/clients/client-t/disconnected',
        text: '{"reason":"\\udc00x","disconnected_at":1782014405000}',
      },
    },
    ['presence false c= d=0 reason=\ufffdx'],
  ],
])
