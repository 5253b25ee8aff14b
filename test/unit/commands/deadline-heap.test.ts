import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeadlineHeap } from '../../../src/commands/deadline-heap.ts'

interface Item {
  readonly at: number
  readonly order: number
  readonly isLive: boolean
}

describe('deadlines', () => {
  it('come in order of time and then of acceptance, cancelled ones never', () => {
    const item = fc.record({ at: fc.nat(20), isLive: fc.boolean() })
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), fc.nat(25), (given, now) => {
        const items = given.map((each, order): Item => ({ ...each, order }))
        const gone: Item[] = []
        const heap = new DeadlineHeap<Item>(
          (each) => each.isLive,
          (each) => gone.push(each),
        )
        for (const each of items) heap.add(each.at, each.order, each)
        const live = items.filter((each) => each.isLive).sort((a, b) => a.at - b.at || a.order - b.order)
        expect(heap.earliest()).toBe(live[0]?.at ?? null)
        const taken: Item[] = []
        for (let each = heap.takeDue(now); each !== null; each = heap.takeDue(now)) taken.push(each)
        expect(taken).toEqual(live.filter((each) => each.at <= now))
        expect(heap.size + gone.length).toBe(items.length)
      }),
    )
  })
})
