import { describe, expect, test } from 'vitest'
import { ignoredReasons, keysOn, line, START, told, valuesOn } from '../../kit/fleet-lines.ts'

const DAY = 86_400_000
const inbox = (more: object) => line.kafka('thing.inbox', 'a', { thingName: 'a', receivedAt: START, ...more })
const sent = {
  executionId: 'e',
  commandId: 'r',
  thingName: 'a',
  action: 'x',
  status: 'SENT',
  ttlSeconds: 30,
  sentAt: START,
  deadline: START + 30_000,
  occurredAt: START,
}

describe('a closed command', () => {
  const closed = [line.thing('a'), line.send('a', 'r'), line.respond('a', 'r', { status: 'SUCCEEDED' })]

  test('is forgotten a day after it closed, to the millisecond', async () => {
    expect(await told([...closed, line.clock(DAY)])).toEqual([])
    const output = await told([...closed, line.clock(DAY + 1)])
    expect(keysOn(output, 'command.state')).toEqual(['a/r'])
    expect(valuesOn(output, 'command.state')).toEqual([null])
    const late = await told([...closed, line.clock(DAY + 1), line.respond('a', 'r', { status: 'SUCCEEDED' })])
    expect(valuesOn(late, 'dlq')).toMatchObject([{ code: 'ExecutionNotFound' }])
    const again = await told([...closed, line.clock(DAY + 1), line.send('a', 'r2', { executionId: 'r' })])
    expect(valuesOn(again, 'results')).toMatchObject([{ status: 'ACCEPTED', duplicate: false }])
  })

  test('keeps its state record when a late response comes', async () => {
    const output = await told([...closed, line.respond('a', 'r', { status: 'FAILED', result: 5 })])
    expect(valuesOn(output, 'command.executions')).toMatchObject([
      { status: 'SUCCEEDED', reason: 'LATE_RESPONSE', reportedStatus: 'FAILED', resultJson: null },
    ])
    expect(valuesOn(output, 'command.state')).toEqual([])
  })

  test('is forgotten after the restart that finds it old, at the time of the line before', async () => {
    const old = { ...sent, status: 'FAILED', occurredAt: START - DAY - 5 }
    const output = await told([line.kafka('command.state', 'a/e', old), line.clock(99)])
    expect(valuesOn(output, 'command.state')).toEqual([null])
  })
})

test('with lateResponse = override a response after the timeout counts', async () => {
  const lines = [line.settings({ commands: { lateResponse: 'override' } }), line.thing('a'), line.send('a', 'r')]
  const output = await told([...lines, line.clock(31_000), line.respond('a', 'r', { status: 'REJECTED', result: {} })])
  expect(valuesOn(output, 'command.executions')).toMatchObject([
    { status: 'REJECTED', reason: 'DEVICE', reportedStatus: null, resultJson: '{}', occurredAt: START + 31_000 },
  ])
  const cancelled = [
    ...lines,
    line.kafka('command.requests', 'a', { op: 'CANCEL_COMMAND', requestId: 'k', thingName: 'a', executionId: 'r' }),
  ]
  const late = await told([...cancelled, line.respond('a', 'r', { status: 'CANCELED' })])
  expect(valuesOn(late, 'command.executions')).toMatchObject([{ reason: 'LATE_RESPONSE' }])
})

describe('timers', () => {
  test('a response at the deadline wins', async () => {
    const lines = [line.thing('a'), line.send('a', 'r', { ttl: 10 })]
    const at = { ...line.respond('a', 'r', { status: 'SUCCEEDED' }), ...line.clock(10_000) }
    expect(valuesOn(await told([...lines, at]), 'command.executions')).toMatchObject([{ status: 'SUCCEEDED' }])
    const after = { ...line.respond('a', 'r', { status: 'SUCCEEDED' }), ...line.clock(10_001) }
    expect(valuesOn(await told([...lines, after]), 'command.executions')).toMatchObject([
      { status: 'TIMED_OUT', occurredAt: START + 10_000 },
      { status: 'TIMED_OUT', reason: 'LATE_RESPONSE', occurredAt: START + 10_001 },
    ])
  })

  test('the earlier deadline goes first, equal ones in the order they were set', async () => {
    const lines = [
      line.thing('a'),
      line.send('a', 'z', { ttl: 20 }),
      line.send('a', 'y', { ttl: 20 }),
      line.send('a', 'x', { ttl: 10 }),
    ]
    const output = await told([...lines, line.clock(60_000)])
    expect(valuesOn(output, 'command.executions').map((value) => value?.['executionId'])).toEqual(['x', 'z', 'y'])
  })

  test('a TIMER record acts only on a deadline that is not later', async () => {
    const lines = [line.thing('a'), line.send('a', 'r', { ttl: 30 })]
    const timer = (ms: number) => inbox({ kind: 'TIMER', executionId: 'r', deadline: START + ms })
    expect(ignoredReasons(await told([...lines, timer(29_999)]))).toHaveLength(1)
    expect(valuesOn(await told([...lines, timer(30_000)]), 'command.executions')).toMatchObject([
      { status: 'TIMED_OUT' },
    ])
    const closed = [...lines, timer(30_000)]
    expect(ignoredReasons(await told([...closed, timer(30_000)]))).toHaveLength(1)
    expect(valuesOn(await told([...closed, timer(DAY)]), 'command.state')).toEqual([null])
  })

  test('that were due when restored wait for the first line that restores nothing', async () => {
    const due = { ...sent, sentAt: START - 60_000, deadline: START - 30_000 }
    const lines = [line.kafka('command.state', 'a/e', due), { ...line.thing('a'), ...line.clock(1000) }]
    expect(await told(lines)).toEqual([])
    const output = await told([...lines, { ...line.respond('a', 'e', { status: 'SUCCEEDED' }), ...line.clock(3000) }])
    expect(valuesOn(output, 'command.executions')).toMatchObject([
      { status: 'TIMED_OUT', reason: 'NO_RESPONSE', occurredAt: START + 1000 },
      { status: 'TIMED_OUT', reason: 'LATE_RESPONSE', occurredAt: START + 3000 },
    ])
  })
})

describe('the broker says', () => {
  const send = (code: number) => [line.thing('a'), { ...line.send('a', 'r'), puback: code }]

  test.each([
    [0x00, ['SENT'], [null]],
    [0x10, ['SENT', 'FAILED'], [null, 'NO_SUBSCRIBER']],
    [0x7f, ['SENT'], [null]],
    [0x87, ['SENT', 'FAILED'], [null, 'PUBLISH_REFUSED']],
    [0x97, ['SENT', 'FAILED'], [null, 'PUBLISH_REFUSED']],
  ])('%i', async (code, statuses, reasons) => {
    const changes = valuesOn(await told(send(code)), 'command.executions')
    expect(changes.map((value) => value?.['status'])).toEqual(statuses)
    expect(changes.map((value) => value?.['reason'])).toEqual(reasons)
  })

  test('it after the device answered: nothing changes', async () => {
    const answered = [...send(0), line.respond('a', 'r', { status: 'SUCCEEDED' })]
    const output = await told([...answered, inbox({ kind: 'PUBLISH_RESULT', executionId: 'r', reasonCode: 0x10 })])
    expect(ignoredReasons(output)).toHaveLength(1)
    expect(valuesOn(output, 'command.executions')).toEqual([])
  })
})

test('the outbox sends what is left of the ttl and nothing at the deadline', async () => {
  const payload = Buffer.from('{"a":1}').toString('base64')
  const record = { thingName: 'a', topic: 'x/y', payload, expiresAt: START + 1500, executionId: 'r', createdAt: START }
  const outbox = line.kafka('mqtt.outbox', 'a', record)
  expect(await told([outbox])).toMatchObject([{ mqtt: { topic: 'x/y', json: { a: 1 }, expiry: 2 } }])
  expect(
    await told([
      { ...outbox, ...line.clock(0) },
      { ...outbox, ...line.clock(1499) },
    ]),
  ).toMatchObject([{ mqtt: { expiry: 1 } }])
  expect(ignoredReasons(await told([line.thing('a'), { ...outbox, ...line.clock(1500) }]))).toHaveLength(1)
  const refused = await told([line.thing('a'), line.send('a', 'r'), { ...outbox, puback: 16 }])
  expect(valuesOn(refused, 'command.executions')).toMatchObject([{ reason: 'NO_SUBSCRIBER' }])
})

describe('SEND_COMMAND', () => {
  const code = async (more: object) =>
    valuesOn(await told([line.thing('a'), line.send('a', 'r', { ...more })]), 'results')[0]?.['code']

  test('refuses wrong members before it looks at size and id', async () => {
    const big = JSON.stringify({ a: 'x'.repeat(40_000) })
    expect(await code({ paramsJson: 'null' })).toBe('INVALID_REQUEST')
    expect(await code({ paramsJson: '{"a":1e400}' })).toBe('INVALID_REQUEST')
    expect(await code({ paramsJson: big, ttl: 0 })).toBe('INVALID_REQUEST')
    expect(await code({ paramsJson: big, executionId: '' })).toBe('INVALID_REQUEST')
    expect(await code({ paramsJson: big })).toBe('PAYLOAD_TOO_LARGE')
    expect(await code({ action: '\u{1f600}'.repeat(256) })).toBe(null)
    expect(await code({ action: '\u{1f600}'.repeat(257) })).toBe('INVALID_REQUEST')
  })
})

test('unregistering fails open commands in the order sent and forgets all of them', async () => {
  const lines = [
    line.thing('a'),
    line.send('a', 'done'),
    line.respond('a', 'done', { status: 'SUCCEEDED' }),
    line.send('a', 'z'),
    { ...line.send('a', 'b'), ...line.clock(5) },
  ]
  const output = await told([...lines, line.gone('a')])
  expect(valuesOn(output, 'command.executions')).toMatchObject([
    { executionId: 'z', status: 'FAILED', reason: 'THING_REMOVED', occurredAt: START + 5 },
    { executionId: 'b', status: 'FAILED' },
  ])
  expect(keysOn(output, 'command.state')).toEqual(['a/done', 'a/z', 'a/b'])
  expect(valuesOn(output, 'command.state')).toEqual([null, null, null])
})
