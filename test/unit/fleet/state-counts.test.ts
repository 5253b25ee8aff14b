import { describe, expect, it } from 'vitest'
import { parseSettings } from '../../../src/config/parse.ts'
import { sumOf } from '../../../src/engine/fleet-measure.ts'
import { FleetState } from '../../../src/fleet/state.ts'
import { fromPlain } from '../../../src/records/plain.ts'

const command = (status: string) =>
  fromPlain('CommandExecution', {
    executionId: 'c',
    commandId: 'c',
    thingName: 't',
    action: 'a',
    status,
    ttlSeconds: 1,
    sentAt: 0,
    deadline: 1,
    occurredAt: 0,
  })
const execution = (status: string) =>
  fromPlain('JobExecution', {
    jobId: 'j',
    thingName: 't',
    jobRequestId: 'r',
    status,
    versionNumber: 0,
    sequence: 1,
    queuedAt: 0,
    lastUpdatedAt: 0,
    occurredAt: 0,
  })
const job = (status: string) =>
  fromPlain('JobState', {
    jobId: 'j',
    requestId: 'r',
    status,
    targetSelection: 'SNAPSHOT',
    documentJson: '{}',
    targets: {},
    createdAt: 0,
    occurredAt: 0,
  })

/** Guards fleet/state.ts: each `counts.move`. */
describe('counts of a state', () => {
  it('follow every record: a new one, a change, the same again, a tombstone', () => {
    const state = new FleetState(parseSettings({}).fleet)
    const { counts } = state
    const open = () => [
      counts.of('command', 'SENT'),
      counts.of('execution', 'QUEUED'),
      counts.of('execution', 'IN_PROGRESS'),
      counts.of('job', 'IN_PROGRESS'),
      counts.of('job', 'COMPLETED'),
    ]
    for (const again of [1, 2]) {
      state.apply({ channel: 'commandState', key: 't/c', value: command('SENT') })
      state.apply({ channel: 'jobExecutionState', key: 't/j', value: execution('QUEUED') })
      state.apply({ channel: 'jobState', key: 'j', value: job('IN_PROGRESS') })
      expect([again, ...open()]).toEqual([again, 1, 1, 0, 1, 0])
    }
    state.apply({ channel: 'commandState', key: 't/c', value: command('SUCCEEDED') })
    state.apply({ channel: 'jobExecutionState', key: 't/j', value: execution('IN_PROGRESS') })
    state.apply({ channel: 'jobProgress', key: 'j', value: fromPlain('JobProgress', { jobId: 'j', occurredAt: 0 }) })
    expect(open()).toEqual([0, 0, 1, 1, 0])
    state.apply({ channel: 'jobState', key: 'j', value: job('COMPLETED') })
    expect(open()).toEqual([0, 0, 1, 0, 1])
    for (const channel of ['jobState', 'jobProgress'] as const) state.apply({ channel, key: 'j', value: null })
    state.apply({ channel: 'commandState', key: 't/c', value: null })
    state.apply({ channel: 'jobExecutionState', key: 't/j', value: null })
    expect([...open(), counts.of('command', 'SUCCEEDED')]).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('of partitions are added up, and the latest timer stands for all', () => {
    const one = { ...sumOf([]), unrestored: 5, commandsOpen: 1, jobsCompleted: 2, timerLagMs: 30 }
    expect(sumOf([one, { ...one, timerLagMs: 10 }])).toEqual({
      ...sumOf([]),
      unrestored: 10,
      commandsOpen: 2,
      jobsCompleted: 4,
      timerLagMs: 30,
    })
  })
})
