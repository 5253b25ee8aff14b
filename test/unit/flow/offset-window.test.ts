import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { OffsetWindow } from '../../../src/flow/offset-window.ts'

/** Guards flow/offset-window.ts `settle` (it stops at the first gap): seen to fail when it passes over a gap. */
it('commits the offset of the first input that is not settled, whatever the order and the gaps between offsets', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), rank: fc.double({ noNaN: true }) }), { maxLength: 60 }),
      fc.bigInt({ min: 0n, max: 5n }),
      (inputs, start) => {
        const window = new OffsetWindow(start)
        let next = start
        const offsets = inputs.map(({ gap }) => {
          const offset = next + BigInt(gap) - 1n
          next = offset + 1n
          return { offset, sequence: window.enter(offset) }
        })
        window.reached(next + 2n)
        const left = new Set(offsets.map(({ offset }) => offset))
        const order = offsets
          .map((entered, i) => ({ ...entered, rank: inputs[i]?.rank ?? 0 }))
          .sort((a, b) => a.rank - b.rank)
        for (const { offset, sequence } of order) {
          window.settle(sequence)
          left.delete(offset)
          expect(window.committable()).toBe(offsets.find((each) => left.has(each.offset))?.offset ?? next + 2n)
        }
        expect(window.pending).toBe(0)
        expect(window.committable()).toBe(next + 2n)
      },
    ),
    { numRuns: 300 },
  )
})
