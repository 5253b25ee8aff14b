import { expect, test } from 'vitest'
import type { ReadInput } from '../../../src/engine/fleet-decision.ts'
import { Refusals } from '../../../src/engine/refusals.ts'

/** Guards engine/refusals.ts: seen to fail when a single input is refused at once, and when `next` parts nothing. */

const input = (offset: number, kind: ReadInput['input'] = 'thingInbox'): ReadInput => ({
  input: kind,
  message: { topic: kind, partition: 0, offset: String(offset), key: null, value: null, timestamp: 0, headers: {} },
  value: null,
})

test('inputs that fell together are taken one by one, and the one that falls alone is refused', () => {
  const refusals = new Refusals()
  const [one, two, three] = [input(1), input(2), input(3)]
  expect(refusals.next([one, two, three], 10)).toHaveLength(3)
  expect(refusals.singly([one, two])).toBe(false)
  expect(refusals.fell([one, two], 'too large')).toBe(false)
  expect(refusals.next([one, two, three], 10)).toEqual([one])
  expect(refusals.singly([one])).toBe(true)
  expect(refusals.next([three], 10)).toEqual([three])
  expect(refusals.reasonOf(two)).toBeNull()
  expect(refusals.fell([two], 'too large')).toBe(true)
  expect(refusals.reasonOf(two)).toBe('too large')
  expect(refusals.reasonOf(one)).toBeNull()
  refusals.passed([two])
  expect(refusals.reasonOf(two)).toBeNull()
})

test('one that fell alone, but in a batch of several records, is tried record by record first', () => {
  const refusals = new Refusals()
  expect(refusals.fell([input(7)], 'too large')).toBe(false)
  expect(refusals.singly([input(7)])).toBe(true)
  expect(refusals.fell([input(7)], 'too large')).toBe(true)
})

test('what is not suspect goes before a suspect in a transaction of its own', () => {
  const refusals = new Refusals()
  refusals.fell([input(5)], 'too large')
  expect(refusals.next([input(9, 'jobInbox'), input(6), input(5)], 10)).toEqual([input(9, 'jobInbox'), input(6)])
})

test('the fan-out of a job and timers go out record by record from then on', () => {
  const refusals = new Refusals()
  expect(refusals.fell([], 'too large')).toBe(false)
  expect(refusals.singly([input(1)])).toBe(true)
  expect(refusals.singly([])).toBe(true)
})
