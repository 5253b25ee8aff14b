import { afterAll, beforeAll, expect, test } from 'vitest'
import { codecOf } from '../../src/records/codec.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { foreignProduce } from '../kit/foreign/foreign.ts'
import { evt, IngestNames, IngestWorker, ingestSettings } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { avroValue, readTopic, untilRecords } from '../kit/topic-reader.ts'

/** Other clients compress as they like: the device topic written by librdkafka in every codec changes what punches say. */

const { kafkaBrokers: brokers, registryUrl, mqttUrl } = sharedGround()
const names = new IngestNames('codecs')
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
let worker: IngestWorker
let device: DeviceClient

const json = (value: unknown) => ({ base64: Buffer.from(JSON.stringify(value)).toString('base64') })
const info = (timeZone: string, tenantId: string) => ({ timeZone, tenantId, model: null, stateMap: { 5: 'MEAL_OUT' } })

beforeAll(async () => {
  await names.createTopics(brokers)
  // What stands in the topic before the start, in all codecs, is read before the first punch.
  for (const codec of codecs) {
    await foreignProduce({ brokers, registryUrl }, codec, [
      {
        topic: names.device,
        key: `OLD-${codec}`,
        avro: info('Asia/Tokyo', codec),
        schema: codecOf('DeviceInfo').schema,
      },
    ])
  }
  worker = await IngestWorker.ready(ingestSettings(sharedGround(), names))
  device = await DeviceClient.connect({ url: mqttUrl, clientId: names.name, inFlight: 1 })
})
afterAll(async () => {
  await device.end()
  await worker.close()
})

let sent = 0
async function punchOf(serial: string): Promise<Readonly<Record<string, unknown>>> {
  const local = new Date().toISOString().slice(0, 19).replace('T', ' ')
  sent += 1
  await device.publish(evt(serial), JSON.stringify({ user_id: '1', att_time: local, att_state: 5, record_id: sent }))
  await untilRecords(brokers, [names.attendance], sent)
  const values = (await readTopic(brokers, names.attendance)).map((record) => avroValue('AttendanceEvent', record))
  return values.find((value) => value['deviceRecordId'] === String(sent)) ?? {}
}

test.each(codecs)('%s', async (codec) => {
  expect(await punchOf(`OLD-${codec}`)).toMatchObject({ timeZone: 'Asia/Tokyo', tenantId: codec, state: 'MEAL_OUT' })

  // A batch large enough for the codec to matter; the last record of a key counts. Avro and JSON text are both read.
  const before = await worker.metric('bridge_device_changes_total')
  const many = Array.from({ length: 200 }, (_, i) => ({
    topic: names.device,
    key: `NEW-${codec}`,
    ...json({ timeZone: i === 199 ? 'Asia/Kolkata' : 'UTC', tenantId: `tenant-${i}` }),
  }))
  await foreignProduce({ brokers, registryUrl }, codec, [...many, { topic: names.device, key: `OLD-${codec}` }])
  await worker.untilMetric('bridge_device_changes_total', (changes) => changes >= before + 201)
  expect(await punchOf(`NEW-${codec}`)).toMatchObject({ timeZone: 'Asia/Kolkata', tenantId: 'tenant-199' })
  // The tombstone took the entry away.
  expect(await punchOf(`OLD-${codec}`)).toMatchObject({ timeSource: 'DEFAULT_ZONE', tenantId: null })
})
