import { expect, test } from 'vitest'
import { explain } from '../../kit/scenario.ts'

const reasonsOf = async (input: object, settings: object = {}): Promise<unknown[]> => {
  const run = await explain(`${JSON.stringify({ at: '2026-06-21T04:00:05.000Z', settings, ...input })}\n`)
  expect([run.status, run.errors]).toEqual([0, ''])
  return run.lines.map((line) => line['ignored'] ?? line)
}

// fleets.md 2.2: a message that no filter of the bridge matches, a record on a topic that it does not consume.
test.each([
  ['a topic nobody knows', 'foo', {}],
  ['a topic that the bridge only writes', 'cams.attendance.v1', {}],
  ['the dead letters', 'cams.deadletter.v1', {}],
  ['events of things', 'fleet.events', {}],
  ['the default name of a renamed topic', 'cams.command.v1', { kafka: { topics: { command: 'x' } } }],
  ['the default prefix when another is set', 'fleet.registry.things', { fleet: { topicPrefix: 'x.' } }],
])('a record on %s is ignored', async (_, topic, settings) => {
  for (const value of [{}, null, 5]) {
    expect(await reasonsOf({ kafka: { topic, key: 'k', value } }, settings)).toEqual(['unmatched_topic'])
  }
})

test.each([
  '$emqx/things/t/shadow/update/accepted',
  '$emqx/things/a/b/shadow/update',
  '$emqx/Things/t/shadow/update',
  '$emqx/commands/things/t/executions/x/request',
  '$SYS/brokers/b/clients/c/subscribed',
  '$SYS/brokers/b/clients/c/connected/x',
  '$other/x',
])('a message on %s is ignored', async (topic) => {
  expect(await reasonsOf({ mqtt: { topic, json: {} } })).toEqual(['unmatched_topic'])
})

test('the broker topics are matched no more when other filters are set', async () => {
  const settings = { fleet: { presence: { filters: ['ev/clients/+/+'] } } }
  const topic = '$SYS/brokers/b/clients/c/connected'
  expect(await reasonsOf({ mqtt: { topic, json: {} } }, settings)).toEqual(['unmatched_topic'])
})
