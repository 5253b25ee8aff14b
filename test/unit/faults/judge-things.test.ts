import { describe, expect, test } from 'vitest'
import { judgeThings } from '../../../faults/things/judge-things.ts'
import type { SeenPublication, SentReport, ThingFacts } from '../../../faults/things/thing-flow.ts'
import type { FleetRecord } from '../../kit/fleet-records.ts'

/** The rows of things are only worth what their judge sees. Each test fails when it looks away. */

type Members = Readonly<Record<string, unknown>>
type Channel = FleetRecord['channel']

const record = (channel: Channel, value: Members): FleetRecord => ({ channel, place: '', key: 'a', value })
const payload = (json: object) => Buffer.from(JSON.stringify(json))
const update = '$emqx/things/a/shadow/update'
const answerOf = (n: number): object => ({ version: n, clientToken: `a-${n}` })
const inbox = (n: number) => record('thingInbox', { topic: update, payload: payload({ clientToken: `a-${n}` }) })
const answer = (n: number, json = answerOf(n)) =>
  record('mqttOutbox', { topic: `${update}/accepted`, payload: payload(json) })
const change = (n: number, version = n) =>
  record('shadowChanges', { thingName: 'a', section: 'REPORTED', clientToken: `a-${n}`, version })
const state = (version: number) => record('shadowState', { thingName: 'a', version })
const told = (n: number): SeenPublication => ({
  thing: 'a',
  topic: `${update}/accepted`,
  text: JSON.stringify(answerOf(n)),
})
const report = (n: number): SentReport => {
  return { token: `a-${n}`, thing: 'a', locked: n > 1, acknowledgedAt: 1, answeredAt: 2, version: n }
}
const facts = (more: Partial<ThingFacts>): ThingFacts => {
  return { reports: [], events: [], requests: [], jobs: new Map(), seen: [], ...more }
}
/** Reports 1 and 2, done once, the second told twice. */
const good = [inbox(1), inbox(2), inbox(2), change(1), change(2), state(1), state(2), answer(1), answer(2), answer(2)]
const said = { reports: [report(1), report(2)], seen: [told(1), told(2), told(2)] }

describe('reports', () => {
  const judge = (records: readonly FleetRecord[], seen = said.seen) => judgeThings(facts({ ...said, seen }), records)

  test('done once and answered as often as they came are well', () => {
    expect(judge(good)).toMatchObject({
      reports: { sent: 2, lost: [] },
      publications: { sent: 3, lost: [], repeated: 0 },
      wrong: [],
    })
  })

  test('are lost without a change, and without an answer at the thing', () => {
    expect(judge(good.filter((each) => each !== good[4])).reports.lost).toEqual(['a-2'])
    expect(judge(good, [told(1)]).reports.lost).toEqual(['a-2'])
  })

  test('that were never acknowledged are not sent', () => {
    const never = { ...report(3), acknowledgedAt: null }
    expect(judgeThings(facts({ reports: [never] }), []).reports).toEqual({ sent: 0, lost: [] })
  })

  test('are wrong when done twice, answered otherwise or not as often as they came, or rejected', () => {
    expect(judge([...good, change(2, 3), state(3)]).wrong).toEqual(['a-2 was applied 2 times'])
    expect(judge([...good, inbox(2)]).wrong).toEqual(['a-2 stands 3 times in the inbox and has 2 answers'])
    const other = [...good.slice(0, -1), answer(2, { version: 9, clientToken: 'a-2' })]
    expect(judge(other).wrong[0]).toContain('a-2 has different answers')
    const refused = record('mqttOutbox', { topic: `${update}/rejected`, payload: payload(answerOf(2)) })
    expect(judge([...good, inbox(2), refused]).wrong.join()).toContain('a-2 was rejected')
  })

  test('are wrong when versions have a gap, or the state is not the last of them', () => {
    expect(judge([...good, change(3, 4), state(3)]).wrong).toEqual(['the shadow of a goes from version 2 to 4'])
    expect(judge([...good, state(1)]).wrong).toEqual(['the state of a is not at its last version'])
  })
})

describe('publications', () => {
  const outbox = [answer(1), answer(2), answer(3)]
  const judge = (...seen: SeenPublication[]) => judgeThings(facts({ seen }), outbox)

  test('may come again, also behind later ones', () => {
    expect(judge(told(1), told(2), told(1), told(2), told(3)).publications).toEqual({ sent: 3, lost: [], repeated: 2 })
    expect(judge(told(1), told(2), told(1), told(2), told(3)).wrong.join()).not.toContain('told')
  })

  test('that never came are lost', () => {
    expect(judge(told(1), told(3)).publications.lost).toHaveLength(1)
  })

  test('are wrong when nobody committed them, or for the first time behind a later one', () => {
    expect(judge(told(1), told(2), told(3), told(4)).wrong.join()).toContain('told and not committed')
    expect(judge(told(2), told(1), told(3)).wrong.join()).toContain('told out of order')
  })
})

describe('events, requests and jobs', () => {
  test('events are lost when none is written, and wrong when not one for each that came', () => {
    const came = record('thingInbox', {
      thingName: 'a',
      topic: '$emqx/things/a/events/tick',
      payload: payload({ data: { n: 1 } }),
    })
    const written = record('fleetEvents', { thingName: 'a', dataJson: '{"n":1}' })
    const judge = (...records: FleetRecord[]) => judgeThings(facts({ events: ['a 1'] }), records)
    expect(judge(came, written)).toMatchObject({ events: { sent: 1, lost: [] }, wrong: [] })
    expect(judge(came).events.lost).toEqual(['a 1'])
    expect(judge(came, written, written).wrong).toHaveLength(1)
  })

  test('requests have one result, and their commands one end', () => {
    const result = record('results', { requestId: 'q', status: 'ACCEPTED' })
    const step = (status: string, reason: string | null) =>
      record('commandExecutions', { executionId: 'q', status, reason })
    const [sent, done] = [step('SENT', null), step('SUCCEEDED', 'DEVICE')]
    const judge = (...records: FleetRecord[]) => judgeThings(facts({ requests: ['q'] }), records)
    expect(judge(result, sent, done)).toMatchObject({ requests: { sent: 1, lost: [] }, wrong: [] })
    expect(judge(sent, done).requests.lost).toEqual(['q'])
    expect(judge(result, result).wrong).toEqual(['request q has 2 results'])
    expect(judge(result, sent, done, done).wrong).toHaveLength(1)
    expect(judge(record('results', { requestId: 'q', status: 'REJECTED' })).wrong).toHaveLength(1)
  })

  test('jobs end once in every thing, and once themselves, with the right count', () => {
    const steps = ['QUEUED', 'IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED'].map((status, versionNumber) =>
      record('jobExecutions', { jobId: 'j', thingName: 'a', status, versionNumber }),
    )
    const ends = [
      ...['IN_PROGRESS', 'COMPLETED'].map((status) => record('jobState', { jobId: 'j', status })),
      record('jobProgress', { jobId: 'j', counts: { SUCCEEDED: 1 } }),
    ]
    const judge = (...records: FleetRecord[]) => judgeThings(facts({ jobs: new Map([['j', 1]]) }), records)
    const last = steps.slice(3)
    expect(judge(...steps, ...ends)).toMatchObject({ executions: { sent: 1, lost: [] }, wrong: [] })
    expect(judge(...steps.slice(0, 3), ...ends).executions.lost).toEqual(['j a'])
    expect(judge(...ends).executions.lost).toHaveLength(1)
    expect(judge(...steps, ...last, ...ends).wrong).toHaveLength(1)
    expect(judge(...steps, ...ends.slice(1)).wrong).toEqual(['j went COMPLETED'])
    expect(judge(...steps, ...ends.slice(0, 2)).wrong).toEqual(['j counts undefined, and has 1 things'])
  })
})
