import { describe, expect, test } from 'vitest'
import { ignoredReasons, keysOn, line, published, START, START_S, told, valuesOn } from '../../kit/fleet-lines.ts'

const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at}`)
const progress = (output: Parameters<typeof valuesOn>[0]) =>
  valuesOn(output, 'job.progress').map(
    (value) => value && [value['fanOut'], value['fannedOut'], value['executionsTotal']],
  )

describe('fan-out', () => {
  test('goes in batches of 500 things and is finished before what it led to', async () => {
    const things = many(1200)
    const output = await told([line.settings({ registryMode: 'open' }), line.job('j', [...things, 't0'])])
    expect(progress(output).slice(0, 4)).toEqual([
      ['QUEUE', 500, null],
      ['QUEUE', 1000, null],
      [null, 1200, 1200],
      [null, 1200, 1200],
    ])
    expect(progress(output)).toHaveLength(3 + 1200)
    expect(valuesOn(output, 'job.progress').at(-1)).toMatchObject({ counts: { QUEUED: 1200 } })
    expect(keysOn(output, 'job.executions')).toEqual(things)
  })

  test('of a deletion ends with the tombstones', async () => {
    const lines = [line.settings({ registryMode: 'open' }), line.job('j', many(600))]
    const output = await told([...lines, line.jobOp('DELETE_JOB', 'j', 'd', { force: true })])
    expect(progress(output)).toEqual([['REMOVE', 500, 600], null])
    expect(valuesOn(output, 'job.state')).toEqual([null])
    expect(valuesOn(output, 'job.executions')).toHaveLength(600)
    expect(valuesOn(output, 'job.executions')[0]).toMatchObject({
      status: 'REMOVED',
      reason: 'JOB_DELETED',
      versionNumber: 1,
      documentJson: null,
    })
    expect(valuesOn(output, 'job.execution.state')).toEqual(Array(600).fill(null))
    expect(published(output).slice(0, 2)).toEqual([
      ['jobs/notify', { timestamp: START_S, jobs: {} }],
      ['jobs/notify-next', { timestamp: START_S }],
    ])
  })

  test('goes on after a restart before anything else, and may complete the job', async () => {
    const state = {
      jobId: 'j',
      requestId: 'r',
      status: 'IN_PROGRESS',
      targetSelection: 'SNAPSHOT',
      documentJson: '{}',
      targets: { thingNames: ['a', 'b'] },
      createdAt: START,
      occurredAt: START,
    }
    const going = { jobId: 'j', fanOut: 'QUEUE', fannedOut: 1, counts: { SUCCEEDED: 1 }, occurredAt: START }
    const lines = [
      line.kafka('job.progress', 'j', going),
      line.kafka('job.state', 'j', state),
      line.thing('a'),
      line.thing('b'),
    ]
    const output = await told([...lines, line.clock(5000)])
    expect(progress(output)).toEqual([
      [null, 2, 2],
      [null, 2, 2],
    ])
    expect(valuesOn(output, 'job.executions')).toMatchObject([{ thingName: 'b', status: 'QUEUED', queuedAt: START }])
    const gone = await told([...lines.slice(0, 3), line.clock(5000)])
    expect(valuesOn(gone, 'job.executions')).toEqual([])
    expect(valuesOn(gone, 'job.progress').at(-1)).toMatchObject({ counts: { SUCCEEDED: 1, REMOVED: 1 } })
    expect(valuesOn(gone, 'job.state')).toMatchObject([{ status: 'COMPLETED' }])
  })
})

describe('CANCEL_JOB_EXECUTION', () => {
  const created = [line.thing('a'), line.thing('b'), line.job('j', ['a', 'b'])]
  const cancel = (requestId: string, more: object) => line.jobOp('CANCEL_JOB_EXECUTION', 'j', requestId, { ...more })

  test('is answered when the thing has decided', async () => {
    const output = await told([...created, cancel('k', { thingName: 'a', expectedVersion: 0 })])
    expect(valuesOn(output, 'results')).toMatchObject([
      { requestId: 'k', status: 'ACCEPTED', jobId: 'j', versionNumber: 1 },
    ])
    expect(valuesOn(output, 'job.progress')).toMatchObject([
      { openRequests: ['k'], counts: { QUEUED: 2 } },
      { openRequests: ['k'], counts: { QUEUED: 1, CANCELED: 1 } },
      { openRequests: [], counts: { QUEUED: 1, CANCELED: 1 } },
    ])
    expect(valuesOn(output, 'job.executions')).toMatchObject([
      { status: 'CANCELED', reason: 'OPERATOR', startedAt: null },
    ])
  })

  test.each([
    ['an unknown thing', { thingName: 'x' }, 'EXECUTION_NOT_FOUND', null],
    ['another version', { thingName: 'a', expectedVersion: 1 }, 'VERSION_CONFLICT', 0],
    ['no thing name', { thingName: 'a/b' }, 'INVALID_REQUEST', null],
    ['a negative version', { thingName: 'a', expectedVersion: -1 }, 'INVALID_REQUEST', null],
  ])('is refused for %s', async (_, more, code, versionNumber) => {
    const output = await told([...created, cancel('k', more)])
    expect(valuesOn(output, 'results')).toMatchObject([{ status: 'REJECTED', code, versionNumber, jobId: null }])
  })

  test('spares a running execution without force and completes the job with it', async () => {
    const running = [...created.slice(0, 1), line.job('j', ['a']), line.device('a/jobs/start-next', {})]
    const refused = await told([...running, cancel('k', { thingName: 'a' })])
    expect(valuesOn(refused, 'results')).toMatchObject([{ code: 'INVALID_STATE_TRANSITION', versionNumber: null }])
    const forced = await told([...running, cancel('k', { thingName: 'a', force: true })])
    expect(valuesOn(forced, 'job.state')).toMatchObject([{ status: 'COMPLETED' }])
    expect(valuesOn(forced, 'job.executions')).toMatchObject([
      { status: 'CANCELED', versionNumber: 2, startedAt: START },
    ])
  })

  test('is dropped while it is open, and answered even when its job is gone', async () => {
    const open = { jobId: 'j', openRequests: ['k'], executionsTotal: 1, occurredAt: START }
    const repeat = await told([line.thing('a'), line.kafka('job.progress', 'j', open), cancel('k', { thingName: 'a' })])
    expect(ignoredReasons(repeat)).toEqual(['open_request'])
    const answer = {
      jobId: 'j',
      jobRequestId: 'other',
      kind: 'EXECUTION_ANSWER',
      thingName: 'a',
      requestId: 'k',
      code: 'EXECUTION_NOT_FOUND',
      occurredAt: START,
    }
    const late = await told([...created, line.kafka('job.inbox', 'j', answer)])
    expect(valuesOn(late, 'results')).toMatchObject([{ requestId: 'k', code: 'EXECUTION_NOT_FOUND' }])
    expect(valuesOn(late, 'job.progress')).toEqual([])
    const changed = { ...answer, kind: 'EXECUTION_CHANGED', status: 'FAILED', requestId: null, code: null }
    expect(ignoredReasons(await told([...created, line.kafka('job.inbox', 'j', changed)]))).toEqual(['unknown_job'])
  })
})

describe('a job that is over', () => {
  test('stays CANCELED when its last running execution ends', async () => {
    const lines = [line.thing('a'), line.job('j', ['a']), line.device('a/jobs/start-next', {})]
    const cancelled = [...lines, line.jobOp('CANCEL_JOB', 'j', 'k')]
    const output = await told([...cancelled, line.device('a/jobs/j/update', { status: 'SUCCEEDED' })])
    expect(valuesOn(output, 'job.state')).toEqual([])
    expect(valuesOn(output, 'job.progress')).toMatchObject([{ counts: { SUCCEEDED: 1 }, fanOut: null, fannedOut: 1 }])
    const forced = await told([...lines, line.jobOp('CANCEL_JOB', 'j', 'k', { force: true })])
    expect(valuesOn(forced, 'job.executions')).toMatchObject([{ status: 'CANCELED', reason: 'OPERATOR' }])
    expect(valuesOn(forced, 'job.state')).toMatchObject([{ status: 'CANCELED' }])
  })

  test('completes when its last thing is unregistered; nothing is published', async () => {
    const lines = [line.thing('a'), line.job('j', ['a']), line.job('k', ['a'])]
    const output = await told([...lines, line.gone('a')])
    expect(published(output)).toEqual([])
    expect(valuesOn(output, 'job.executions')).toMatchObject([
      { jobId: 'j', status: 'REMOVED', reason: 'THING_REMOVED' },
      { jobId: 'k', status: 'REMOVED', reason: 'THING_REMOVED' },
    ])
    expect(keysOn(output, 'job.execution.state')).toEqual(['a/j', 'a/k'])
    expect(valuesOn(output, 'job.execution.state')).toEqual([null, null])
    expect(valuesOn(output, 'job.state')).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }])
  })
})

test('CREATE_JOB checks in order: form, existence, targets, size', async () => {
  const big = { documentJson: JSON.stringify({ a: 'x'.repeat(32_768) }) }
  const code = async (job: object) =>
    valuesOn(await told([line.thing('a'), line.job('j', ['a']), job as never]), 'results')[0]?.['code']
  expect(await code(line.job('j', ['nobody'], { requestId: 'n' }))).toBe('JOB_EXISTS')
  expect(await code(line.job('k', ['nobody'], big))).toBe('INVALID_TARGET')
  expect(await code(line.job('k', ['a'], big))).toBe('PAYLOAD_TOO_LARGE')
  expect(await code(line.job('k', Array(10_001).fill('a') as string[], big))).toBe('INVALID_REQUEST')
  expect(await code(line.job('k', ['a'], { documentJson: '\ufeff{}' }))).toBe('INVALID_REQUEST')
  expect(await code(line.job('k', ['a'], { targetSelection: '' }))).toBe('INVALID_REQUEST')
  expect(await code(line.kafka('job.requests', 'k', { op: 'CANCEL_JOB', requestId: 'n' }))).toBe('INVALID_REQUEST')
})

test('an execution of an earlier job of the same id is forgotten first', async () => {
  const old = {
    jobId: 'j',
    thingName: 'a',
    jobRequestId: 'old',
    status: 'SUCCEEDED',
    versionNumber: 4,
    sequence: 7,
    queuedAt: START,
    lastUpdatedAt: START,
    occurredAt: START,
  }
  const lines = [line.thing('a'), line.kafka('job.execution.state', 'a/j', old)]
  const output = await told([...lines, line.job('j', ['a'])])
  expect(valuesOn(output, 'job.execution.state')).toMatchObject([
    null,
    { jobRequestId: 'create-j', versionNumber: 0, sequence: 8, documentJson: '{"do":1}' },
  ])
  expect(published(output).map(([topic]) => topic)).toEqual(['jobs/notify', 'jobs/notify-next'])
  const waiting = [line.thing('a'), line.kafka('job.execution.state', 'a/j', { ...old, status: 'QUEUED' })]
  // The ids are the same, the head is another job.
  expect(published(await told([...waiting, line.job('j', ['a'])])).map(([topic]) => topic)).toEqual([
    'jobs/notify-next',
  ])
})
