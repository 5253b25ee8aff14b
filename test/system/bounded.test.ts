import { afterAll, beforeAll, expect, test } from 'vitest'
import { evt, IngestNames, IngestWorker, ingestSettings, punch } from '../kit/ingest-worker.ts'
import { ScriptedBroker, type ScriptedLink } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { avroValue, readTopic } from '../kit/topic-reader.ts'

/** The largest and the most awkward messages there are: bounded time and memory, and the outcome of the specification. */

const { kafkaBrokers: brokers } = sharedGround()
const names = new IngestNames('bounded')
let broker: ScriptedBroker
let worker: IngestWorker
let link: ScriptedLink
let sent = 0

beforeAll(async () => {
  await names.createTopics(brokers, {}, 1)
  broker = await ScriptedBroker.start()
  worker = await IngestWorker.ready(ingestSettings({ ...sharedGround(), mqttUrl: broker.url }, names))
  link = await broker.subscribed('-evt-')
})
afterAll(async () => {
  await worker.close()
  await broker.close()
})

/** From sending a message to its PUBACK, milliseconds. */
async function took(topic: string, payload: string | Buffer): Promise<number> {
  const began = performance.now()
  link.publish(++sent, topic, payload)
  await link.until('its PUBACK', ({ pubacks }) => pubacks.at(-1) === sent)
  return performance.now() - began
}

async function lastDeadLetter(): Promise<Readonly<Record<string, unknown>>> {
  const record = (await readTopic(brokers, names.deadLetter)).at(-1)
  if (record === undefined) throw new Error('no dead letter')
  return avroValue('DeadLetter', record)
}

/** Any of them in this time, on a machine that does other things too. */
const slowest = 5000
const limit = 262_144

test('a payload of exactly the limit is read', async () => {
  const body = punch('at-limit').slice(0, -1)
  const payload = `${body},"junk":"${'j'.repeat(limit - body.length - 11)}"}`
  expect(payload).toHaveLength(limit)
  expect(await took(evt('BOUND'), payload)).toBeLessThan(slowest)
  const record = (await readTopic(brokers, names.attendance)).at(-1)
  expect(record && avroValue('AttendanceEvent', record)).toMatchObject({
    deviceRecordId: 'at-limit',
    flags: ['FIELDS_IGNORED'],
  })
})

test('a payload of 1 MB is refused, and only its first part kept', async () => {
  expect(await took(evt('BOUND'), 'z'.repeat(1_000_000))).toBeLessThan(slowest)
  const dead = await lastDeadLetter()
  expect(dead).toMatchObject({ reasonCode: 'PAYLOAD_TOO_LARGE', payloadSize: 1_000_000, payloadTruncated: true })
  expect(dead['payload']).toHaveLength(4096)
})

test.each([
  ['arrays', '[', limit],
  ['objects', '{"a":', Math.floor(limit / 5)],
])('JSON of %s nested as deep as the limit allows is refused', async (_what, open, depth) => {
  expect(await took(evt('BOUND'), open.repeat(depth))).toBeLessThan(slowest)
  expect(await lastDeadLetter()).toMatchObject({ reasonCode: 'JSON_TOO_DEEP', reasonDetail: 'limit 16' })
})

test('JSON with as many members as fit', async () => {
  const members = Array.from({ length: 20_000 }, (_, i) => `"m${i}":${i % 10}`).join(',')
  expect(
    await took(evt('BOUND'), `{"user_id":"1","att_time":"${Math.floor(Date.now() / 1000)}",${members}}`),
  ).toBeLessThan(slowest)
  const again = Array.from({ length: 20_000 }, () => '"m":1').join(',')
  expect(await took(evt('BOUND'), `{${again},"m":2}`)).toBeLessThan(slowest)
  expect(await lastDeadLetter()).toMatchObject({ reasonCode: 'JSON_DUPLICATE_KEY' })
})

test('a topic of 64 KiB', async () => {
  const topic = evt('T'.repeat(65_535 - evt('').length))
  expect(await took(topic, punch(1))).toBeLessThan(slowest)
  const dead = await lastDeadLetter()
  expect(dead).toMatchObject({ reasonCode: 'SN_INVALID', deviceSn: null })
  expect(String(dead['mqttTopic']).length).toBeLessThanOrEqual(512)
})

test('a batch of 1000 punches, and one of 1001', async () => {
  const before = (await readTopic(brokers, names.attendance)).length
  const batch = (count: number) => `[${Array.from({ length: count }, (_, i) => punch(i, `u${i}`)).join(',')}]`
  expect(await took(evt('BATCH'), batch(1000))).toBeLessThan(slowest)
  const records = (await readTopic(brokers, names.attendance)).slice(before)
  expect(records.map((record) => avroValue('AttendanceEvent', record)['batchIndex'])).toEqual(
    Array.from({ length: 1000 }, (_, i) => i),
  )
  expect(await took(evt('BATCH'), batch(1001))).toBeLessThan(slowest)
  expect(await lastDeadLetter()).toMatchObject({ reasonCode: 'BATCH_TOO_LARGE', batchSize: 1001, batchIndex: null })
})

test('a million levels, with a limit that lets them in, and memory after all of this', async () => {
  const its = new IngestNames('deep')
  await its.createTopics(brokers, { [its.deadLetter]: { 'max.message.bytes': '4000000' } }, 1)
  const own = await ScriptedBroker.start()
  const changes = { attendance: { limits: { payloadBytes: 16_000_000 } }, mqtt: { url: own.url } }
  const deep = await IngestWorker.ready(ingestSettings(sharedGround(), its, changes))
  try {
    const to = await own.subscribed('-evt-')
    for (const [i, open] of ['[', '{"a":', '{"user_id":'].entries())
      to.publish(i + 1, evt('DEEP'), open.repeat(1_000_000))
    to.publish(4, evt('DEEP'), punch('after'))
    await to.until('four PUBACKs', ({ pubacks }) => pubacks.length === 4)
    const [record] = await readTopic(brokers, its.attendance)
    expect(record && avroValue('AttendanceEvent', record)['deviceRecordId']).toBe('after')
    const letters = (await readTopic(brokers, its.deadLetter)).map((dead) => avroValue('DeadLetter', dead))
    // Kafka refuses the larger two as dead letters too: kept without their payload.
    expect(letters.map(({ reasonCode }) => reasonCode)).toEqual(Array.from({ length: 3 }, () => 'JSON_TOO_DEEP'))
  } finally {
    await deep.close()
    await own.close()
  }
  for (let i = 0; i < 100; i += 1) await took(evt('BOUND'), 'z'.repeat(1_000_000))
  expect((await worker.process.usage()).rssBytes / 1e6).toBeLessThan(250)
  expect(await worker.metric('bridge_conservation_difference')).toBe(0)
  expect(worker.lines('mqtt_disconnected')).toEqual([])
})
