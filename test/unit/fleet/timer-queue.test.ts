import { expect, test } from 'vitest'
import { TimerQueue } from '../../../src/fleet/timer-queue.ts'

/**
 * A device may set its step timer anew with every report, for a week each time. Guards fleet/timer-queue.ts `set`: seen to
 * fail, with all 50,000 in memory, when the heap is never made anew.
 */
test('timers that were replaced do not stay in memory until they are due', () => {
  const timers = new TimerQueue()
  const names = Array.from({ length: 100 }, (_, n) => `t${n}`)
  for (let now = 0; now < 500; now += 1) {
    for (const [n, name] of names.entries()) timers.set(name, 'job', 'j', 1_000_000 + 100 * now + (n % 3))
  }
  expect(timers.inMemory).toBeLessThan(2000)
  const fired: (string | undefined)[] = []
  while (timers.first() !== null) fired.push(timers.take(Number.POSITIVE_INFINITY)?.thingName)
  // The earlier deadline first, equal ones in the order they were set.
  const order = [0, 1, 2].flatMap((rest) => names.filter((_, n) => n % 3 === rest))
  expect(fired).toEqual(order)
})
