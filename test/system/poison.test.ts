import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch } from '../kit/ingest-worker.ts'
import { type Script, ScriptedBroker } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { avroValue, readTopic, untilRecords } from '../kit/topic-reader.ts'

/** Promise 4: one bad message never blocks or takes down a good one. */

const { kafkaBrokers } = sharedGround()
const open: { close(): Promise<void> }[] = []
afterAll(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(configs: (names: IngestNames) => Record<string, Record<string, string>>, partitions: number) {
  const names = new IngestNames('poison')
  await names.createTopics(kafkaBrokers, configs(names), partitions)
  const script: Script = {}
  const broker = await ScriptedBroker.start(script)
  open.push(broker)
  const servers = { ...sharedGround(), mqttUrl: broker.url }
  // One flight takes all that a test sends in one breath.
  const worker = await IngestWorker.ready(ingestSettings(servers, names, { kafka: { gapMs: 50, compression: 'none' } }))
  open.push(worker)
  return { names, worker, link: await broker.subscribed('-evt-') }
}

async function attendance(names: IngestNames) {
  return (await readTopic(kafkaBrokers, names.attendance)).map((record) => avroValue('AttendanceEvent', record))
}

async function deadLetters(names: IngestNames) {
  return (await readTopic(kafkaBrokers, names.deadLetter)).map((record) => avroValue('DeadLetter', record))
}

const positions = [0, 5, 9]
const others = (position: number) =>
  Array.from({ length: 10 }, (_, i) => String(i)).filter((id) => id !== String(position))

describe('poison in the payload', () => {
  let place: Awaited<ReturnType<typeof start>>
  let sent = 0
  beforeAll(async () => {
    place = await start(() => ({}), 1)
  })

  /** Guards attendance/decide-punches.ts taking each item alone. */
  test.each(positions)('an item at position %i of a batch: its neighbours are untouched', async (position) => {
    const { names, link } = place
    const [before, dead] = [await attendance(names), await deadLetters(names)]
    const items = Array.from({ length: 10 }, (_, i) =>
      i === position ? '{"user_id":"1","att_time":"never"}' : punch(i, `${position}-${i}`),
    )
    link.publish(++sent, evt('BATCH'), `[${items.join(',')}]`)
    await link.until('its PUBACK', ({ pubacks }) => pubacks.includes(sent))
    expect((await attendance(names)).slice(before.length).map((value) => value['deviceRecordId'])).toEqual(
      others(position),
    )
    const more = (await deadLetters(names)).slice(dead.length)
    expect(more).toHaveLength(1)
    expect(more[0]).toMatchObject({
      reasonCode: 'TIME_INVALID',
      batchIndex: position,
      batchSize: 10,
      deviceSn: 'BATCH',
    })
  })

  test.each(positions)('a message at position %i of a flight: every one is settled', async (position) => {
    const { names, link, worker } = place
    const [before, dead] = [await attendance(names), await deadLetters(names)]
    const first = sent + 1
    for (let i = 0; i < 10; i += 1) link.publish(++sent, evt('SINGLE'), i === position ? '{{{' : punch(i, `${sent}`))
    await link.until('ten PUBACKs', ({ pubacks }) => pubacks.includes(sent))
    expect(link.pubacks.slice(first - 1)).toEqual(Array.from({ length: 10 }, (_, i) => first + i))
    expect((await attendance(names)).slice(before.length).map((value) => value['deviceRecordId'])).toEqual(
      others(position),
    )
    expect((await deadLetters(names)).slice(dead.length)).toMatchObject([{ reasonCode: 'JSON_INVALID' }])
    expect(await worker.metric('bridge_conservation_difference')).toBe(0)
  })
})

/** Kafka refuses a punch with a note of this size, and no other. */
const tooLarge = 'x'.repeat(3000)
const small = { 'max.message.bytes': '2000' }

describe('a record that Kafka refuses for good', () => {
  let place: Awaited<ReturnType<typeof start>>
  let sent = 0
  beforeAll(async () => {
    const names = new IngestNames('refused')
    await names.createTopics(kafkaBrokers, { [names.attendance]: small }, 1)
    const broker = await ScriptedBroker.start()
    open.push(broker)
    const servers = { ...sharedGround(), mqttUrl: broker.url }
    const changes = { kafka: { gapMs: 50, compression: 'none' }, attendance: { attributes: longNames } }
    const worker = await IngestWorker.ready(ingestSettings(servers, names, changes))
    open.push(worker)
    place = { names, worker, link: await broker.subscribed('-evt-') }
  })

  /** Guards kafka/writer.ts `isolate`: seen to fail when it refuses a part of more than one record. */
  test.each(positions)('at position %i becomes a dead letter alone', async (position) => {
    const { names, worker, link } = place
    const [before, dead] = [await attendance(names), await deadLetters(names)]
    const first = sent + 1
    for (let i = 0; i < 10; i += 1)
      link.publish(++sent, evt('LARGE'), i === position ? heavy(i, sent) : punch(i, `${sent}`))
    await link.until('ten PUBACKs', ({ pubacks }) => pubacks.includes(sent))
    expect(link.pubacks.slice(first - 1)).toEqual(Array.from({ length: 10 }, (_, i) => first + i))
    const stored = (await attendance(names)).slice(before.length).map((value) => String(value['deviceRecordId']))
    expect([...new Set(stored)].sort()).toEqual(others(position))
    const more = (await deadLetters(names)).slice(dead.length)
    expect(more).toMatchObject([{ reasonCode: 'PRODUCE_REJECTED', stage: 'PRODUCE', deviceSn: 'LARGE' }])
    expect(String(more[0]?.['payload'])).toContain(`"record_id":"${position}"`)
    expect(await worker.metric('bridge_conservation_difference')).toBe(0)
    expect(await worker.metric('bridge_kafka_records_refused_total{code="PRODUCE_REJECTED"}')).toBe(
      positions.indexOf(position) + 1,
    )
  })
})

/** Members that become attributes of up to 256 characters each: a small message makes a record over the limit. */
const longNames = Array.from({ length: 12 }, (_, i) => `note${i}`)
function heavy(recordId: number, userId: number): string {
  const notes = Object.fromEntries(longNames.map((name) => [name, tooLarge.slice(0, 256)]))
  return JSON.stringify({ ...JSON.parse(punch(recordId, String(userId))), ...notes })
}

/** Guards roles/ingest-decider.ts `smaller`: seen to fail when it answers null. */
test('a dead letter that is refused too is kept without its payload', async () => {
  const { names, worker, link } = await start((its) => ({ [its.deadLetter]: small }), 1)
  link.publish(1, evt('HUGE'), punch(1))
  link.publish(2, evt('HUGE'), `{"user_id":"1","junk":"${tooLarge}"`)
  link.publish(3, evt('HUGE'), punch(3))
  await link.until('three PUBACKs', ({ pubacks }) => pubacks.length === 3)
  expect((await attendance(names)).map((value) => value['deviceRecordId'])).toEqual(expect.arrayContaining(['1', '3']))
  expect(await deadLetters(names)).toMatchObject([
    { reasonCode: 'JSON_INVALID', payload: null, payloadRedacted: true, deviceSn: 'HUGE' },
  ])
  expect(await worker.metric('bridge_conservation_difference')).toBe(0)
})

/** The same on a real broker, with every kind of poison among good punches. */
test('every kind of poison among good punches on a real broker', async () => {
  const names = new IngestNames('mixed')
  await names.createTopics(kafkaBrokers)
  const worker = await IngestWorker.ready(ingestSettings(sharedGround(), names))
  open.push(worker)
  const device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name })
  const poison: readonly (readonly [string, string | Buffer, string])[] = [
    [evt('MIX'), Buffer.from([0xff, 0xfe, 0x41]), 'ENCODING_INVALID'],
    [evt('MIX'), '', 'PAYLOAD_EMPTY'],
    [evt('MIX'), '7', 'JSON_NOT_OBJECT'],
    [evt('MIX'), '[]', 'BATCH_EMPTY'],
    [evt('MIX'), '{"user_id":"1","user_id":"2"}', 'JSON_DUPLICATE_KEY'],
    [evt('MIX'), '{"heartbeat":1}', 'NOT_A_PUNCH'],
    [evt('MIX'), '{"user_id":"1"}', 'TIME_MISSING'],
    ['api/mqtt/v1/-bad-/evt', punch(0), 'SN_INVALID'],
    ['api/mqtt/v1/MIX/st', '[1]', 'JSON_NOT_OBJECT'],
  ]
  const published = poison.flatMap(([topic, payload], i) => [
    device.publish(evt('MIX'), punch(i, `${i}`)),
    device.publish(topic, payload),
  ])
  await Promise.all(published)
  await device.end()
  await untilRecords(kafkaBrokers, names.written, 2 * poison.length)
  expect((await attendance(names)).map((value) => value['deviceRecordId'])).toEqual(poison.map((_, i) => String(i)))
  const codes = (await deadLetters(names)).map((value) => String(value['reasonCode']))
  expect(codes.sort()).toEqual(poison.map(([, , code]) => code).sort())
  expect(await worker.metric('bridge_conservation_difference')).toBe(0)
})
