import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AckWindow } from '../../../src/flow/ack-window.ts'

describe('ack window', () => {
  it('releases exactly the contiguous settled prefix, in order of arrival, whatever the order of settling', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('enter' as const), id: fc.integer({ min: 1, max: 65_535 }) }),
      fc.record({ do: fc.constant('settle' as const), pick: fc.nat() }),
      fc.record({ do: fc.constant('flush' as const) }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const released: number[] = []
        const window = new AckWindow((ids) => released.push(...ids), 4)
        const entered: { id: number; sequence: number; settled: boolean }[] = []
        for (const step of actions) {
          if (step.do === 'enter') {
            entered.push({ id: step.id, sequence: window.enter(step.id), settled: false })
          } else if (step.do === 'settle') {
            const open = entered.filter((e) => !e.settled)
            const chosen = open[step.pick % Math.max(1, open.length)]
            if (chosen === undefined) continue
            chosen.settled = true
            window.settle(chosen.sequence)
          } else {
            window.flush()
            const firstOpen = entered.findIndex((e) => !e.settled)
            const prefix = firstOpen < 0 ? entered : entered.slice(0, firstOpen)
            expect(released).toEqual(prefix.map((e) => e.id))
            expect(window.pending).toBe(entered.length - prefix.length)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('refuses to settle a delivery twice, or one that never entered', () => {
    const window = new AckWindow(() => undefined)
    const sequence = window.enter(7)
    window.enter(8)
    window.settle(sequence)
    expect(() => window.settle(sequence)).toThrow('settled twice')
    expect(() => window.settle(99)).toThrow('never entered')
  })

  it('releases nothing once its connection is over', () => {
    const released: number[] = []
    const window = new AckWindow((ids) => released.push(...ids))
    const first = window.enter(1)
    window.enter(2)
    expect(window.close()).toBe(2)
    window.settle(first)
    window.flush()
    expect(released).toEqual([])
  })
})
