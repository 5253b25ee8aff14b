import { describe, expect, test } from 'vitest'
import { isSound, makePoison, makePunch, type Punch } from '../../../faults/flow/punch.ts'
import type { SentPunch } from '../../../faults/flow/punch-flow.ts'
import { LinkTrace } from '../../../faults/stage/link-trace.ts'
import { judgeCommands } from '../../../faults/verdict/judge-commands.ts'
import { judgePunches } from '../../../faults/verdict/judge-punches.ts'
import type { StoredPunch } from '../../../faults/verdict/stored.ts'
import type { CommandState, CommandStatus } from '../../../src/records/generated/command-status.ts'

/** `make faults` is only worth what its judges see. Each test fails when its judge looks away. */

const sent = (...punches: readonly Punch[]): Map<string, SentPunch> =>
  new Map(punches.map((punch) => [punch.id, { punch, sentAt: 1, acknowledgedAt: 2, again: 0 }]))

const stored = (punch: Punch, offset: number, more: Partial<StoredPunch> = {}): StoredPunch => ({
  id: punch.id,
  in: 'attendance',
  at: 1000 + offset,
  deviceSn: punch.deviceSn,
  partition: 0,
  offset,
  sound: true,
  ...more,
})

const [one, two, three] = [1, 2, 3].map((number) => makePunch(number, 'A')) as [Punch, Punch, Punch]
const judge = (
  of: Map<string, SentPunch>,
  records: readonly StoredPunch[],
  brokerDies = false,
  trace = new LinkTrace(),
) => judgePunches(of, records, [], trace, brokerDies, [1000, 1010])

describe('punches', () => {
  test('that are there once are neither lost nor repeated', () => {
    const verdict = judge(sent(one, two), [stored(one, 0), stored(two, 1)])
    expect(verdict).toMatchObject({ sent: 2, lost: [], repeated: [], reordered: 0, wrong: [] })
  })

  test('that the broker took and Kafka has not are lost', () => {
    expect(judge(sent(one, two), [stored(two, 0)]).lost).toEqual(['p1'])
  })

  test('that the broker never acknowledged are not counted as sent', () => {
    const of = sent(one)
    of.set('p2', { punch: two, sentAt: 1, acknowledgedAt: null, again: 0 })
    expect(judge(of, [stored(one, 0)])).toMatchObject({ sent: 1, lost: [] })
  })

  test('are the loss of a broker that died only if the bridge has not acknowledged them', () => {
    const trace = new LinkTrace()
    trace.acknowledged.add('p2')
    expect(judge(sent(one, two), [], true, trace)).toMatchObject({ lost: ['p2'], lostByBroker: ['p1'] })
    expect(judge(sent(one, two), [], false, trace)).toMatchObject({ lost: ['p1', 'p2'], lostByBroker: [] })
  })

  test('are repeated when there is more than one record of them, however many', () => {
    expect(judge(sent(one), [stored(one, 0), stored(one, 1), stored(one, 2)]).repeated).toEqual(['p1'])
  })

  test('are reordered when a first record stands behind a later one; a repeat is none', () => {
    const records = [stored(two, 0), stored(one, 1), stored(three, 2), stored(two, 3)]
    expect(judge(sent(one, two, three), records).reordered).toBe(1)
  })

  test('are wrong when they are changed, misplaced, or nobody sent them', () => {
    const poison = makePoison(4, 'A')
    const records = [
      stored(one, 0, { sound: false }),
      stored(two, 1, { in: 'deadLetter' }),
      stored(three, 2),
      stored(poison, 3, { in: 'deadLetter' }),
    ]
    expect(judge(sent(one, two, poison), records).wrong).toEqual(['p1', 'p2', 'p3'])
  })

  test('stall for as long as nothing is stored', () => {
    expect(judge(sent(one, two), [stored(one, 1), stored(two, 7)]).longestStallMs).toBe(6)
  })

  test('recover with the last first record of what had waited', () => {
    const fault = { from: 1000, gone: 1002, waiting: ['p1', 'p2'] }
    const records = [stored(one, 3), stored(two, 5), stored(one, 9)]
    const verdict = judgePunches(sent(one, two), records, [fault], new LinkTrace(), false, [1000, 1010])
    expect(verdict.recoveryMs).toEqual([3])
  })

  test('are sound only with every member as it was sent', () => {
    const { user_id, att_time, att_state, record_id, check } = JSON.parse(one.payload) as Record<string, unknown>
    const event = {
      deviceSn: 'A',
      userId: user_id,
      timeRaw: String(att_time),
      stateRaw: String(att_state),
      deviceRecordId: record_id,
      attributes: { check },
    }
    expect(isSound(event)).toBe(true)
    for (const name of ['deviceSn', 'userId', 'timeRaw', 'stateRaw', 'deviceRecordId']) {
      expect(isSound({ ...event, [name]: 'other' })).toBe(false)
    }
  })
})

describe('commands', () => {
  const asked = ['c1', 'c2'].map((commandId) => ({ deviceSn: 'A', commandId, op: 'ping' }))
  const status = (commandId: string, name: CommandState, eventId = `${commandId}-${name}`): CommandStatus =>
    ({ commandId, status: name, eventId }) as CommandStatus
  const ended = [status('c1', 'ACCEPTED'), status('c1', 'PUBLISHED'), status('c2', 'EXPIRED')]

  test('without an end are lost, and so are published ones that no device saw', () => {
    expect(judgeCommands(asked, ended, [], false)).toMatchObject({ sent: 2, lost: ['c1'], wrong: [] })
    expect(judgeCommands(asked, ended.slice(0, 2), [], true)).toMatchObject({ lost: ['c2'], lostByBroker: ['c1'] })
  })

  test('with two ends are wrong; the same end told twice is none', () => {
    expect(judgeCommands(asked, [...ended, status('c2', 'EXPIRED')], [], false).wrong).toEqual([])
    expect(judgeCommands(asked, [...ended, status('c2', 'PUBLISHED')], [], false).wrong).toEqual(['c2'])
  })
})
