import { expect, test } from 'vitest'
import { TransactionTrace } from '../../../faults/stage/transaction-trace.ts'
import { FieldWriter } from '../../../src/kafka/wire-fields.ts'

const keys = { produce: 0, fetch: 1, fencing: 22, begun: 24, ending: 26 } as const

/** A request as it goes over the line: its length, its head, the transactional id, and what else it holds. */
function request(key: keyof typeof keys, clientId: string, transactionalId: string, more = 0): Buffer {
  const body = new FieldWriter().int16(keys[key]).int16(1).int32(7).text(clientId).text(transactionalId).bytes()
  const length = new FieldWriter().int32(body.length + more).bytes()
  return Buffer.concat([length, body, Buffer.alloc(more)])
}

/** Guards stage/transaction-trace.ts: a step is told when all of its request has passed, in whatever pieces. */
test('a strike comes when the whole request has gone, once, and before the next', async () => {
  const trace = new TransactionTrace()
  trace.opened(0)
  const seen: string[] = []
  const struck = trace.strikeAt(
    ({ name }) => name === 'written',
    () => seen.push(trace.steps.map(({ name }) => name).join()),
    10_000,
  )
  const line = Buffer.concat([
    request('fetch', 'w', 't'),
    request('begun', 'w', 't-0'),
    request('produce', 'w', 't-0', 5000),
    request('ending', 'w', 't-0'),
  ])
  for (let at = 0; at < line.length; at += 7) trace.forwarded(0, 'up', line.subarray(at, at + 7))
  await struck
  expect(seen).toEqual(['begun,written'])
  expect(trace.steps.map(({ about, clientId, link }) => `${clientId} ${about} ${link}`)).toEqual(
    Array.from({ length: 3 }, () => 'w t-0 0'),
  )
})

test('a transaction is open from its first partition to its end, and one that is fenced meanwhile was overtaken', () => {
  const trace = new TransactionTrace()
  for (const link of [0, 1]) trace.opened(link)
  trace.forwarded(0, 'up', request('fencing', 'old', 't-0'))
  trace.forwarded(0, 'up', request('begun', 'old', 't-0'))
  expect(trace.isOpen('old')).toBe(true)
  trace.forwarded(1, 'up', request('fencing', 'new', 't-0'))
  expect([trace.isOpen('old'), trace.overtaken]).toEqual([false, 1])
  trace.forwarded(1, 'up', request('begun', 'new', 't-0'))
  trace.forwarded(1, 'up', request('ending', 'new', 't-0'))
  trace.forwarded(0, 'up', request('fencing', 'old', 't-0'))
  expect([trace.isOpen('new'), trace.overtaken]).toEqual([false, 1])
})

test('what does not come in time is told', async () => {
  const trace = new TransactionTrace()
  await expect(
    trace.strikeAt(
      () => true,
      () => undefined,
      10,
    ),
  ).rejects.toThrow('a transaction is as far as that')
})
