import { expect, test } from 'vitest'
import { parseSettings } from '../../../src/config/parse.ts'
import { FleetDecider } from '../../../src/fleet/decider.ts'
import { inboxRecord } from '../../../src/fleet/inbox.ts'
import { FleetRegistry } from '../../../src/fleet/registry.ts'
import { FleetState } from '../../../src/fleet/state.ts'
import type { InboxRecord } from '../../../src/records/generated/inbox-record.ts'

const T0 = 1_748_390_400_000
const base = { thingName: 't', kind: 'JOB_TASK', receivedAt: T0, jobId: 'j', jobRequestId: 'r' } as const

function refused(record: InboxRecord) {
  const { fleet } = parseSettings({ fleet: { registryMode: 'open' } })
  const decider = new FleetDecider(fleet, new FleetRegistry(fleet), new FleetState(fleet))
  const input = { topic: 'fleet.thing.inbox', key: 't', value: Buffer.from('the task') }
  const { records } = decider.refusedThingInput(input, record, T0, 'too large')
  return records.map(({ channel, key, value }) => ({ channel, key, value }))
}

/**
 * The state topic of executions may take less than the inbox that the task came by. Guards fleet/decider.ts
 * `refusedThingInput`: seen to fail, with a dead letter alone, without `refuseJobTask`.
 */
test('a job does not wait for a thing whose execution Kafka refuses', () => {
  expect(refused(inboxRecord({ ...base, task: 'QUEUE_EXECUTION', documentJson: '{}' }))).toMatchObject([
    { channel: 'fleetDeadLetter', key: 't', value: { code: 'PayloadTooLarge' } },
    {
      channel: 'jobInbox',
      key: 'j',
      value: { kind: 'EXECUTION_CHANGED', previousStatus: null, status: 'REMOVED', jobRequestId: 'r', thingName: 't' },
    },
  ])
})

test('who asked for the end of an execution is answered, though Kafka refuses it', () => {
  expect(refused(inboxRecord({ ...base, task: 'CANCEL_EXECUTION', requestId: 'asked' }))).toMatchObject([
    { channel: 'fleetDeadLetter' },
    {
      channel: 'jobInbox',
      key: 'j',
      value: { kind: 'EXECUTION_ANSWER', requestId: 'asked', code: 'PAYLOAD_TOO_LARGE', jobRequestId: 'r' },
    },
  ])
  expect(refused(inboxRecord({ ...base, task: 'CANCEL_EXECUTION' }))).toHaveLength(1)
})
