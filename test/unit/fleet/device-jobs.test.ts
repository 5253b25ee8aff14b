import { describe, expect, test } from 'vitest'
import { ignoredReasons, line, published, START, START_S, told, valuesOn } from '../../kit/fleet-lines.ts'

const MINUTE = 60_000
const update = (json: object, ms = 0) => ({ ...line.device('a/jobs/j/update', json), ...line.clock(ms) })
const queued = [line.thing('a'), line.job('j', ['a'])]
const reply = async (...lines: readonly object[]) =>
  published(await told([...queued, ...(lines as (typeof queued)[number][])]))[0]

describe('what a request is answered, by the first check that fails', () => {
  test.each([
    [
      'a token before the thing',
      'ghost/jobs/j/update',
      { clientToken: 1, thingName: 'x' },
      'InvalidRequest',
      undefined,
    ],
    [
      'a thing name before the registry',
      'ghost/jobs/j/update',
      { clientToken: 't', thingName: 5 },
      'InvalidRequest',
      't',
    ],
    ['the registry before fields', 'ghost/jobs/j/update', { status: 5 }, 'ResourceNotFound', undefined],
    ['fields before the execution', 'a/jobs/nope/update', { status: 'DONE' }, 'InvalidRequest', undefined],
    ['every field', 'a/jobs/nope/update', { status: 'FAILED', includeJobDocument: 1 }, 'InvalidRequest', undefined],
    [
      'number of an execution',
      'a/jobs/j/update',
      { status: 'FAILED', executionNumber: 2 },
      'ResourceNotFound',
      undefined,
    ],
    ['its range', 'a/jobs/j/get', { executionNumber: 0 }, 'InvalidRequest', undefined],
    ['fields of describe', 'a/jobs/notify/get', { includeJobDocument: 'no' }, 'InvalidRequest', undefined],
    ['the head by number', 'a/jobs/$next/get', { executionNumber: 2 }, 'ResourceNotFound', undefined],
    [
      'step timeouts with a final status',
      'a/jobs/j/update',
      { status: 'FAILED', stepTimeoutInMinutes: 0 },
      'InvalidRequest',
      undefined,
    ],
  ])('%s', async (_, topic, json, code, clientToken) => {
    const answer = await reply(line.device(topic, json))
    expect(answer?.[0]).toMatch(/rejected$/)
    expect(answer?.[1]).toMatchObject({ code, timestamp: START_S })
    expect(answer?.[1]['clientToken']).toBe(clientToken)
    expect(answer?.[1]).not.toHaveProperty('executionState')
  })

  test('fields that a request does not know are not checked', async () => {
    const answer = await reply(line.device('a/jobs/start-next', { status: 5, executionNumber: 'x', thingName: 'a' }))
    expect(answer?.[0]).toBe('jobs/start-next/accepted')
  })
})

describe('a job update', () => {
  test('goes straight from QUEUED to its end: started then, version one higher', async () => {
    const output = await told([...queued, update({ status: 'SUCCEEDED', stepTimeoutInMinutes: 5 }, 1500)])
    expect(valuesOn(output, 'job.executions')).toMatchObject([
      { status: 'SUCCEEDED', versionNumber: 1, startedAt: START + 1500, stepDeadline: null, inProgressDeadline: null },
    ])
  })

  test('gives state and document when asked', async () => {
    const json = {
      status: 'IN_PROGRESS',
      includeJobExecutionState: true,
      includeJobDocument: true,
      expectedVersion: '00',
    }
    expect(await reply(update(json))).toEqual([
      'jobs/j/update/accepted',
      {
        timestamp: START_S,
        jobDocument: { do: 1 },
        executionState: { status: 'IN_PROGRESS', statusDetails: {}, versionNumber: 1 },
      },
    ])
  })

  test('that repeats an accepted one by its bytes is answered as then, though the execution went on', async () => {
    const locked = {
      status: 'IN_PROGRESS',
      statusDetails: { a: 1 },
      expectedVersion: 0,
      includeJobExecutionState: true,
    }
    const lines = [...queued, update(locked), update({ status: 'FAILED', statusDetails: {} }, 1000)]
    const output = await told([...lines, update(locked, 2000)])
    expect(published(output)).toEqual([
      [
        'jobs/j/update/accepted',
        { timestamp: START_S, executionState: { status: 'IN_PROGRESS', statusDetails: { a: 1 }, versionNumber: 1 } },
      ],
    ])
    expect(output).toHaveLength(1)
    const late = published(await told([...lines, update(locked, 10 * MINUTE)]))
    expect(late).toMatchObject([['jobs/j/update/rejected', { code: 'VersionMismatch' }]])
  })

  test('is forgotten with its execution, and the list written as []', async () => {
    const lines = [...queued, update({ status: 'SUCCEEDED', expectedVersion: 0 })]
    expect(valuesOn(await told(lines), 'thing.state')).toMatchObject([
      {
        remembered: [{ topic: '$emqx/things/a/jobs/j/update', version: 1, statusDetailsJson: '{}', acceptedAt: START }],
      },
    ])
    const output = await told([...lines, line.jobOp('DELETE_JOB', 'j', 'd')])
    expect(valuesOn(output, 'thing.state')).toMatchObject([{ remembered: [] }])
  })

  test('with repeatedTerminal = refuse is refused the second time', async () => {
    const lines = [line.settings({ jobs: { repeatedTerminal: 'refuse' } }), ...queued, update({ status: 'FAILED' })]
    const again = async (json: object) => published(await told([...lines, update(json)]))[0]?.[1]['code']
    expect(await again({ status: 'FAILED' })).toBe('InvalidStateTransition')
    expect(await again({ status: 'FAILED', expectedVersion: 0 })).toBe('VersionMismatch')
    expect(await again({ status: 'FAILED', expectedVersion: 1 })).toBe('InvalidStateTransition')
  })

  test('once more the same end with a lock joins the remembered ones', async () => {
    const lines = [...queued, update({ status: 'FAILED' }), update({ status: 'FAILED', expectedVersion: 1 }, 500)]
    expect(valuesOn(await told(lines), 'thing.state')).toMatchObject([{ remembered: [{ version: 1 }] }])
    expect(valuesOn(await told(lines), 'job.executions')).toEqual([])
  })
})

describe('timers', () => {
  test('a plain progress update does not move the step timer, one with a value does', async () => {
    const lines = [...queued, update({ status: 'IN_PROGRESS', stepTimeoutInMinutes: 1 })]
    const plain = [...lines, update({ status: 'IN_PROGRESS' }, 50_000)]
    expect(valuesOn(await told([...plain, line.clock(MINUTE + 1)]), 'job.executions')).toMatchObject([
      { status: 'TIMED_OUT', reason: 'TIMER', versionNumber: 3, occurredAt: START + MINUTE, stepDeadline: null },
    ])
    const moved = [...lines, update({ status: 'IN_PROGRESS', stepTimeoutInMinutes: 1 }, 50_000)]
    expect(await told([...moved, line.clock(110_000)])).toEqual([])
    expect(valuesOn(await told([...moved, line.clock(110_001)]), 'job.executions')).toHaveLength(1)
  })

  test('the timer of the job caps the step timer, which is recorded uncapped', async () => {
    const job = line.job('j', ['a'], { timeoutConfig: { inProgressTimeoutInMinutes: 2 } })
    const lines = [line.thing('a'), job, line.device('a/jobs/start-next', { stepTimeoutInMinutes: 10 })]
    const output = await told(lines)
    expect(published(output)[0]?.[1]).toMatchObject({ execution: { approximateSecondsBeforeTimedOut: 120 } })
    expect(valuesOn(output, 'job.execution.state')).toMatchObject([
      { stepDeadline: START + 10 * MINUTE, inProgressDeadline: START + 2 * MINUTE },
    ])
    expect(valuesOn(await told([...lines, line.clock(2 * MINUTE + 1)]), 'job.executions')).toHaveLength(1)
  })

  test('start-next on a running one is written to the state topic only, with its old reason', async () => {
    const lines = [...queued, line.device('a/jobs/start-next', {})]
    const again = { ...line.device('a/jobs/start-next', { stepTimeoutInMinutes: 1 }), ...line.clock(700) }
    const output = await told([...lines, again])
    expect(valuesOn(output, 'job.executions')).toEqual([])
    expect(valuesOn(output, 'job.execution.state')).toMatchObject([
      {
        reason: 'DEVICE',
        occurredAt: START + 700,
        lastUpdatedAt: START,
        versionNumber: 1,
        stepDeadline: START + 60_700,
      },
    ])
    const idle = await told([...lines, line.device('a/jobs/start-next', {})])
    expect(valuesOn(idle, 'job.execution.state')).toEqual([])
  })
})

test('start-next with nothing pending is accepted without an execution', async () => {
  expect(published(await told([line.thing('a'), line.device('a/jobs/start-next', { clientToken: '' })]))).toEqual([
    ['jobs/start-next/accepted', { timestamp: START_S, clientToken: '' }],
  ])
})

test('a task for a thing that went away counts as removed at once, without a log record', async () => {
  const task = {
    thingName: 'a',
    kind: 'JOB_TASK',
    receivedAt: START,
    task: 'QUEUE_EXECUTION',
    jobId: 'j',
    jobRequestId: 'create-j',
    documentJson: '{}',
  }
  const lines = [line.thing('a'), line.job('j', ['a']), line.gone('a')]
  const output = await told([...lines, line.kafka('thing.inbox', 'a', task)])
  expect(valuesOn(output, 'job.executions')).toEqual([])
  expect(valuesOn(output, 'job.progress')).toMatchObject([{ counts: { REMOVED: 2 } }])
  const twice = await told([...lines.slice(0, 2), line.kafka('thing.inbox', 'a', task)])
  expect(ignoredReasons(twice)).toHaveLength(1)
})
