import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attendanceEventId, commandStatusId, deadLetterId, jsonText } from '../../../src/records/ids.ts'
import { murmur2, partitionOf } from '../../../src/records/murmur2.ts'
import { partitionFor } from '../../../src/records/topics.ts'
import { uuid5 } from '../../../src/records/uuid5.ts'

const namespace = Buffer.from('a56c8924b4a252ee910b3cf15fe0bd2c', 'hex')

/** UUIDv5 by the book, with the platform's SHA-1. */
function uuid5ByTheBook(text: string): string {
  const digest = createHash('sha1').update(namespace).update(Buffer.from(text, 'utf8')).digest().subarray(0, 16)
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80
  const hex = digest.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const golden: readonly (readonly [string, string])[] = [
  ['["att",1,"SN7A2300583","1001","L:2026-06-21T09:30:00","1"]', '7e4cb9e5-ee5a-5e84-a89e-03777d3efcf3'],
  ['["att",1,"SN7A2300583","1001","U:1782014400000","0"]', '8e7ccfef-d737-54c2-bdb3-e4fdad27cd93'],
  ['["att",1,"SN7A2300583","9007199254740993","L:2026-06-21T09:30:00","1"]', 'af9b89cd-c8a7-5a64-8aac-bf66978ff69d'],
  ['["att",1,"SN7A2300583","विजय-7","L:2026-06-21T09:30:00","1"]', '32ec5dbb-fe45-5961-8fd8-fb7680d790a1'],
  ['["att",1,"SN7A2300583","17","L:2026-06-16T18:02:11","1"]', '38fae956-4801-5cb3-8075-4e71fb662be6'],
  ['["att",1,"SN7A2300583","17","L:2026-06-21T09:30:00.250","0"]', 'bca307f1-aac4-56aa-bfda-52b016536c69'],
  ['["att",1,"SN7A2300583","17","L:2026-06-21T09:30:00",""]', 'b3b0ff6c-802c-57a8-8f5c-b79570e76571'],
  ['["cmd",1,"c1","SN7A2300583","PUBLISHED",1]', '89ee4a05-bbcc-566c-82dd-442662ea275b'],
  [
    '["dlq",1,"api/mqtt/v1/SN7A2300583/evt","e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",1782014405000,null]',
    'a80aaee0-8814-5a07-8646-96a841040603',
  ],
]

describe('uuid5', () => {
  it.each(golden)('%s', (text, id) => {
    expect(uuid5(text)).toBe(id)
  })

  it('equals the platform hash for any text, in any order of lengths', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 300 }))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        for (const each of texts) expect(uuid5(each)).toBe(uuid5ByTheBook(each))
      }),
      { numRuns: 300 },
    )
  })

  it('equals the platform hash at every length around the block borders', () => {
    for (let length = 0; length < 260; length++) {
      expect(uuid5('a'.repeat(length))).toBe(uuid5ByTheBook('a'.repeat(length)))
      expect(uuid5('é'.repeat(length))).toBe(uuid5ByTheBook('é'.repeat(length)))
    }
  })

  it('takes a lone surrogate as U+FFFD', () => {
    expect(uuid5('a\ud800b')).toBe(uuid5ByTheBook('a\ufffdb'))
  })
})

describe('ids', () => {
  it('are the golden ones', () => {
    expect(attendanceEventId('SN7A2300583', '17', 'L:2026-06-21T09:30:00', null)).toBe(golden[6]?.[1])
    expect(attendanceEventId('SN7A2300583', 'विजय-7', 'L:2026-06-21T09:30:00', '1')).toBe(golden[3]?.[1])
    expect(commandStatusId('c1', 'SN7A2300583', 'PUBLISHED', 1)).toBe(golden[7]?.[1])
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    expect(deadLetterId('api/mqtt/v1/SN7A2300583/evt', empty, 1782014405000, null)).toBe(golden[8]?.[1])
  })

  it('escape text as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(jsonText(text)).toBe(JSON.stringify(text))
      }),
    )
    for (const text of ['\ud800', '\udc00x', '\u2028', '\u007f', 'a"b', 'a\\b', '\n', '😀']) {
      expect(jsonText(text)).toBe(JSON.stringify(text))
    }
  })
})

describe('murmur2', () => {
  it.each([
    ['SN7A2300583', 1137926578, 10],
    ['SNLON001', 1564674384, 0],
    ['SNNOZONE', 1181629363, 7],
    ['00:17:61:12:dc:5c', 1110092010, 6],
  ])('%s', (key, hash, partition) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
    expect(partitionOf(hash, 12)).toBe(partition)
    expect(partitionFor('attendance', key, 12)).toBe(partition)
  })

  // Known from Kafka's own tests; they cover negative hashes and every remainder of four.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('%s', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  it('sends all keys of one thing to one partition', () => {
    const own = partitionFor('thingRegistry', 'pump-7', 12)
    expect(partitionFor('commandState', 'pump-7/e1', 12)).toBe(own)
    expect(partitionFor('jobExecutionState', 'pump-7/job-99', 12)).toBe(own)
  })
})
