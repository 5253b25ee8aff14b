import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { explain } from '../../kit/scenario.ts'
import { AT, differences, type Row } from './message-table.ts'

const now = Date.parse(AT)
const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

/** UUIDv5 as RFC 9562 says it, with the runtime's own SHA-1. */
function uuid5(parts: readonly unknown[]): string {
  const namespace = Buffer.from('a56c8924b4a252ee910b3cf15fe0bd2c', 'hex')
  const hash = createHash('sha1').update(namespace).update(JSON.stringify(parts)).digest().subarray(0, 16)
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const punch = (userId: string, time: string, state: string): string =>
  `{"user_id":${JSON.stringify(userId)},"att_time":${time},"att_state":${state}}`
const att = (userId: string, timeKey: string, state: string) => ({
  eventId: uuid5(['att', 1, 'SN1', userId, timeKey, state]),
})
const dead = (topic: string, payload: string, index: number | null) => ({
  eventId: uuid5(['dlq', 1, topic, sha(payload), now, index]),
})

test('ids take the values as they stand in the record', async () => {
  const rows: Row[] = [
    [punch('a"\\/b', '1782014400.5', '0'), att('a"\\/b', 'U:1782014400500', '0')],
    [punch('e\u0301', '1782014400', '" 1 "'), att('é', 'U:1782014400000', ' 1 ')],
    [punch('a\u2028😀', '"2026-06-21 04:00"', '"\\ud800\\n"'), att('a\u2028😀', 'L:2026-06-21T04:00:00', '\ufffd\n')],
    [punch('1', '"2026-06-21 04:00:00.010Z"', 'true'), att('1', 'U:1782014400010', 'true')],
    [punch('1', '1782014400', JSON.stringify('😀'.repeat(70))), att('1', 'U:1782014400000', '😀'.repeat(64))],
    [punch('1', '1782014400', '1.0'), att('1', 'U:1782014400000', '1.0')],
    [punch('1', '1782014400', '{}'), att('1', 'U:1782014400000', '')],
    ['', dead('api/mqtt/v1/SN1/evt', '', null)],
    ['[ 1 ,"é"]', dead('api/mqtt/v1/SN1/evt', '1', 0), dead('api/mqtt/v1/SN1/evt', '"é"', 1)],
    ['{"pin":1}', dead('api/mqtt/v1/SN1/evt', '{"pin":1}', null)],
    [{ topic: 'a\u0001"é', payload: 'x' }, dead('a\\u0001"é', 'x', null)],
    [{ topic: 't'.repeat(600), payload: 'x' }, dead('t'.repeat(512), 'x', null)],
  ]
  expect(await differences({}, rows)).toEqual([])
})

test('presence ids are random', async () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  const line = JSON.stringify({ mqtt: { topic: 'api/mqtt/v1/SN1/st', text: '1' } })
  const { lines } = await explain(`${line}\n${line}`)
  const ids = lines.map((one) => (one['kafka'] as { value: { eventId: string } }).value.eventId)
  for (const id of ids) expect(id).toMatch(uuid)
  expect(new Set(ids).size).toBe(2)
})
