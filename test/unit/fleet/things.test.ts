import { describe, expect, test } from 'vitest'
import { ignoredReasons, keysOn, line, published, START, START_S, told, valuesOn } from '../../kit/fleet-lines.ts'

const connected = (client: string, json: unknown) => line.mqtt(`$SYS/brokers/n/clients/${client}/connected`, json)
const disconnected = (client: string, json: unknown) => line.mqtt(`$SYS/brokers/n/clients/${client}/disconnected`, json)

describe('presence', () => {
  test('goes to every thing of the client, in the order registered', async () => {
    const lines = [line.thing('z', 'c'), line.thing('a', 'other'), line.thing('m', 'c'), line.thing('a', 'c')]
    const output = await told([...lines, connected('c', { connected_at: 5 })])
    expect(keysOn(output, 'presence')).toEqual(['z', 'a', 'm'])
    expect(ignoredReasons(await told([...lines, disconnected('c', { reason: 'discarded' })]))).toEqual(
      Array(3).fill('session_taken_over'),
    )
  })

  test('takes ingestion time for what is missing or of another type', async () => {
    const lines = [line.thing('a', 'c'), connected('c', { connected_at: '5' })]
    expect(valuesOn(await told(lines), 'presence')).toMatchObject([
      { online: true, connectedAt: START, disconnectedAt: null, reason: null, mqttClientId: 'c', occurredAt: START },
    ])
    const gone = await told([...lines, { ...disconnected('c', { reason: 7, disconnected_at: -1 }), ...line.clock(9) }])
    expect(valuesOn(gone, 'presence')).toMatchObject([
      { online: false, connectedAt: START, disconnectedAt: START + 9, reason: null },
    ])
    const stale = await told([...lines, disconnected('c', { disconnected_at: START - 1 })])
    expect(ignoredReasons(stale)).toEqual(['stale_presence'])
    expect(ignoredReasons(await told([...lines, connected('c', { connected_at: START - 1 })]))).toEqual([
      'stale_presence',
    ])
    expect(valuesOn(await told([...lines, connected('c', { connected_at: START })]), 'presence')).toHaveLength(1)
  })

  test('refuses what is no object before it asks whose it is, and knows its last level', async () => {
    const unreadable = await told([line.thing('a', 'c'), connected('nobody', [1])])
    expect(valuesOn(unreadable, 'dlq')).toMatchObject([{ code: 'InvalidJson' }])
    expect(keysOn(unreadable, 'dlq')).toEqual(['nobody'])
    const custom = line.settings({ presence: { filters: ['conn/#'] } })
    expect(ignoredReasons(await told([custom, line.mqtt('conn/c/subscribed', {})]))).toEqual(['unmatched_topic'])
    expect(keysOn(await told([custom, line.thing('a', 'c'), line.mqtt('conn/c/connected', {})]), 'presence')).toEqual([
      'a',
    ])
  })
})

describe('the registry', () => {
  test.each([
    ['a key that is no name', line.kafka('registry.things', 'a/b', { thingName: 'a/b', mqttClientId: 'c' })],
    ['another key', line.kafka('registry.things', 'a', { thingName: 'b', mqttClientId: 'c' })],
    ['no client id', line.kafka('registry.things', 'a', { thingName: 'a', mqttClientId: '' })],
    ['no key', line.kafka('registry.things', null, { thingName: 'a', mqttClientId: 'c' })],
    ['a short salt', line.kafka('registry.api-keys', 'k', { apiKey: 'k', salt: 'AAAA', secretHash: 'AAAA' })],
    ['another api key', line.kafka('registry.api-keys', 'x', { apiKey: 'k', salt: 'AAAAAAAAAAA=', secretHash: '' })],
  ])('refuses %s', async (_, record) => {
    const output = await told([record])
    const { key = null, topic, value } = record['kafka'] as { key?: string; topic: string; value: unknown }
    expect(valuesOn(output, 'dlq')).toMatchObject([
      { code: 'InvalidRequest', sourceTopic: topic, payload: Buffer.from(JSON.stringify(value)).toString('base64') },
    ])
    expect(keysOn(output, 'dlq')).toEqual([key])
    const after = await told([record, line.device('a/events/e', { eventType: 'e', severity: 'info' })])
    expect(valuesOn(after, 'dlq')).toMatchObject([{ code: 'ThingNotFound' }])
  })

  test('cannot decode: the thing stays as it was', async () => {
    const broken = line.kafka('registry.things', 'a', { thingName: 'a' })
    expect(valuesOn(await told([broken]), 'dlq')).toMatchObject([{ code: 'InvalidRecord' }])
    const event = line.device('a/events/e', { eventType: 'e', severity: 'info' })
    expect(valuesOn(await told([line.thing('a'), broken, event]), 'events')).toHaveLength(1)
  })

  test('in open mode serves every valid name; a tombstone forgets what is there', async () => {
    const lines = [
      line.settings({ registryMode: 'open' }),
      line.device('a/shadow/update', { state: { reported: { x: 1 } } }),
    ]
    expect(published(await told(lines)).map(([topic]) => topic)).toEqual(['shadow/update/accepted'])
    const output = await told([...lines, line.job('j', ['a']), line.gone('a')])
    expect(valuesOn(output, 'shadow.state')).toEqual([null])
    expect(valuesOn(output, 'thing.state')).toEqual([])
    expect(published(output)).toEqual([])
    const bad = await told([...lines, line.device('$a/shadow/update', { state: { reported: {} } })])
    expect(published(bad)).toEqual([['shadow/update/rejected', expect.objectContaining({ code: 404 })]])
  })
})

describe('requests in general', () => {
  test('that cannot be decoded or are tombstones are dead letters', async () => {
    const broken = await told([line.kafka('shadow.requests', 'a', { requestId: 'r' })])
    expect(valuesOn(broken, 'dlq')).toMatchObject([{ code: 'InvalidRecord', payload: expect.stringMatching(/.+/) }])
    const tombstone = await told([line.kafka('job.requests', 'a', null)])
    expect(valuesOn(tombstone, 'dlq')).toMatchObject([{ code: 'InvalidRecord', payload: '' }])
    expect(valuesOn(await told([line.send('a', '')]), 'dlq')).toMatchObject([{ code: 'InvalidRequest' }])
  })

  test('are remembered by key and requestId, whatever the topic, for less than a day', async () => {
    const lines = [line.thing('a'), line.send('a', 'r', { ttl: 0 })]
    const other = line.kafka('shadow.requests', 'a', {
      op: 'SET_DESIRED',
      requestId: 'r',
      thingName: 'a',
      desiredJson: '{}',
    })
    const repeated = await told([...lines, { ...other, ...line.clock(86_399_999) }])
    expect(valuesOn(repeated, 'results')).toMatchObject([
      { status: 'REJECTED', code: 'INVALID_REQUEST', duplicate: true, occurredAt: START + 86_399_999 },
    ])
    const anew = await told([...lines, { ...other, ...line.clock(86_400_000) }])
    expect(valuesOn(anew, 'results')).toMatchObject([{ status: 'ACCEPTED', duplicate: false }])
    const restored = { requestId: 'r', status: 'ACCEPTED', shadowVersion: 9, occurredAt: START }
    const known = await told([line.kafka('results', 'a', restored), line.thing('a'), other])
    expect(valuesOn(known, 'results')).toMatchObject([{ shadowVersion: 9, duplicate: true }])
    const repeats = await told([line.kafka('results', 'a', { ...restored, duplicate: true }), line.thing('a'), other])
    expect(valuesOn(repeats, 'results')).toMatchObject([{ shadowVersion: 1, duplicate: false }])
  })
})

describe('topics', () => {
  test.each([
    '$emqx/things/a/shadow/get',
    '$emqx/things/a/jobs/update',
    '$emqx/things/a/jobs/j/x/get',
    '$emqx/things/a/shadow/update/accepted',
    '$emqx/commands/things/a/executions/e/request',
    '$emqx/things/a/events',
  ])('%s is not ours', async (topic) => {
    expect(ignoredReasons(await told([line.mqtt(topic, {})]))).toEqual(['unmatched_topic'])
  })

  test('records on topics that the bridge only writes are not consumed', async () => {
    expect(ignoredReasons(await told([line.kafka('events', 'a', {})]))).toEqual(['unmatched_topic'])
  })

  test('own records that cannot be decoded are said', async () => {
    expect(ignoredReasons(await told([line.kafka('shadow.state', 'a', {})]))).toEqual(['invalid_record'])
    expect(ignoredReasons(await told([line.kafka('thing.inbox', 'a', null)]))).toEqual(['invalid_record'])
    const inbox = { thingName: 'a', kind: 'JOB_TASK', receivedAt: START }
    expect(ignoredReasons(await told([line.kafka('thing.inbox', 'a', inbox)]))).toEqual(['invalid_record'])
  })

  test('an inbox record is taken as the message it holds', async () => {
    const payload = Buffer.from('{"eventType":"e","severity":"info"}').toString('base64')
    const inbox = {
      thingName: 'a',
      kind: 'DEVICE_MESSAGE',
      receivedAt: START - 7,
      topic: '$emqx/things/a/events/e',
      payload,
    }
    const output = await told([line.thing('a'), line.kafka('thing.inbox', 'a', inbox)])
    expect(valuesOn(output, 'events')).toMatchObject([{ timestamp: START - 7, ingestedAt: START - 7 }])
  })
})

test('events with checkTime off keep every whole number that is exact', async () => {
  const event = (timestamp: unknown) => line.device('a/events/e', { eventType: 'e', severity: 'info', timestamp })
  const lines = [line.settings({ events: { checkTime: false } }), line.thing('a')]
  const source = async (timestamp: unknown) => valuesOn(await told([...lines, event(timestamp)]), 'events')[0]
  expect(await source(-5)).toMatchObject({ timestamp: -5, timestampSource: 'device' })
  expect(await source(2 ** 53 - 1)).toMatchObject({ timestamp: 2 ** 53 - 1, timestampSource: 'device' })
  expect(await source(2 ** 53)).toMatchObject({ timestamp: START, timestampSource: 'broker_implausible' })
  expect(await source(1.5)).toMatchObject({ timestamp: START, timestampSource: 'broker_implausible' })
})

test('shadow/get answers when it is switched on', async () => {
  const lines = [line.settings({ shadow: { getOverMqtt: true, replies: false } }), line.thing('a')]
  const get = line.device('a/shadow/get', { clientToken: 't' })
  expect(published(await told([...lines, get]))).toEqual([
    [
      'shadow/get/rejected',
      { code: 404, message: "No shadow exists with name: ''", timestamp: START_S, clientToken: 't' },
    ],
  ])
  const reported = [...lines, line.device('a/shadow/update', { state: { reported: { x: 1 } } })]
  expect(published(await told(reported))).toEqual([])
  expect(published(await told([...reported, { ...get, ...line.clock(2000) }]))).toEqual([
    [
      'shadow/get/accepted',
      {
        state: { reported: { x: 1 } },
        metadata: { reported: { x: { timestamp: START_S } } },
        version: 1,
        timestamp: START_S + 2,
        clientToken: 't',
      },
    ],
  ])
})
