import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Ticket } from '../../../src/flow/ticket.ts'
import { PartitionRecords } from '../../../src/kafka/partition-records.ts'

const nobody: Ticket = { stored: () => undefined, refused: () => null }
const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b)))
const record = fc.record({
  // A clock may jump either way between two records of one batch.
  timestamp: fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
  key: bytes,
  value: bytes,
  headers: fc.option(
    fc
      .dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 20 }), { minKeys: 1, maxKeys: 3 })
      .filter((headers) => !Object.hasOwn(headers, '__proto__')),
  ),
})

it('reads back what was appended, also when the buffer had to grow', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 200 }), (given, size) => {
      const records = new PartitionRecords(size)
      for (const { key, value, ...rest } of given) records.append(rest, key, value, value?.length ?? 0, nobody, 0)
      expect(given.map((_, i) => records.read(i))).toEqual(
        given.map(({ headers, ...rest }) => ({ ...rest, headers: headers === null ? null : { ...headers } })),
      )
      expect(records.maxTimestamp).toBe(Math.max(...given.map(({ timestamp }) => timestamp)))
      expect(() => records.read(given.length)).toThrow('no record')
    }),
  )
})
