import { afterAll, describe, expect, test } from 'vitest'
import { murmur2, partitionOf } from '../../src/records/murmur2.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { type ForeignRecord, foreignRead } from '../kit/foreign/foreign.ts'
import { evt, IngestNames, IngestWorker, ingestSettings } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { untilRecords } from '../kit/topic-reader.ts'

/** Everything that ingest writes, read by a client nobody here wrote: Python's confluent-kafka with the registry. */

const { kafkaBrokers: brokers, registryUrl, mqttUrl } = sharedGround()
const partitions = 12
const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const open: { close(): Promise<void> }[] = []
afterAll(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/** Serials and their partitions of 12, as `Utils.toPositive(Utils.murmur2(key)) % 12` of Kafka's Java client gives them. */
const javaPartitions: Readonly<Record<string, number>> = {
  'DEV-1': 8,
  SN7A2300583: 10,
  A: 10,
  '0': 8,
  'device.with_all:of-them': 1,
  '9999999999': 6,
  ZX81: 10,
  CKUD184460042: 0,
  AF4C193560117: 9,
  x1y2z3: 0,
}

async function produceAll(headers: 'trace' | 'cloudevents') {
  const names = new IngestNames('foreign')
  await names.createTopics(brokers, {}, partitions)
  const settings = ingestSettings(sharedGround(), names, {
    mqtt: { connections: 2 },
    kafka: { headers },
    commands: { replyLeaves: ['rsp'] },
    attendance: { attributes: ['door'], optIn: { location: true, temperature: true } },
  })
  const worker = await IngestWorker.ready(settings)
  open.push(worker)
  const device = await DeviceClient.connect({ url: mqttUrl, clientId: names.name, inFlight: 1 })
  const seconds = Math.floor(Date.now() / 1000) - 60
  const traced = { properties: { userProperties: { traceparent: trace } } }
  const full = {
    user_id: '0042',
    att_time: seconds,
    att_state: 1,
    input_type: 'Face',
    temperature: 36.6,
    location: { lat: 52.5, lng: 13.4 },
    face_mask: true,
    work_code: 'W1',
    record_id: 7,
    door: 'north',
  }
  for (const serial of Object.keys(javaPartitions)) await device.publish(evt(serial), JSON.stringify(full), traced)
  await device.publish(evt('DEV-1'), '{"broken', traced)
  await device.publish('api/mqtt/v1/DEV-1/st', '{"online":true}', traced)
  const reply = '{"id":"c1","op":"reboot","code":0}'
  await device.publish(evt('DEV-1'), reply, traced)
  await device.publish('api/mqtt/v1/DEV-1/rsp', reply)
  await device.end()
  await untilRecords(brokers, names.written, Object.keys(javaPartitions).length + 4)
  const records = await foreignRead({ brokers, registryUrl }, names.written)
  const of = (topic: string) => records.filter((record) => record.topic === topic)
  return { names, seconds, reply, of, records }
}

const headersOf = (record: ForeignRecord | undefined) => Object.fromEntries(record?.headers ?? [])

describe('records as a foreign client reads them', () => {
  test('attendance, presence, dead letters and replies; headers carry the trace', async () => {
    const { names, seconds, reply, of } = await produceAll('trace')
    const punches = of(names.attendance)
    expect(punches).toHaveLength(Object.keys(javaPartitions).length)
    for (const { key: bytes, partition, value, headers, timestamp, schemaId } of punches) {
      const key = bytes as string
      expect(schemaId).toBeGreaterThan(0)
      // The golden value, and what our own murmur2 says, for the same key.
      expect(partition).toBe(javaPartitions[key])
      expect(partition).toBe(partitionOf(murmur2(Buffer.from(key)), partitions))
      expect(headers).toEqual([['traceparent', trace]])
      expect(Math.abs(timestamp - Date.now())).toBeLessThan(86_400_000)
      expect(value).toMatchObject({
        deviceSn: key,
        userId: '0042',
        eventTime: seconds * 1000,
        timeSource: 'PAYLOAD_EPOCH',
        state: 'CHECK_OUT',
        stateRaw: '1',
        verifyMethod: 'FACE',
        temperatureCelsius: 36.6,
        location: { latitude: 52.5, longitude: 13.4, accuracyMeters: null },
        maskWorn: true,
        workCode: 'W1',
        deviceRecordId: '7',
        transport: 'MQTT',
        attributes: { door: 'north' },
      })
    }
    expect(of(names.presence)).toMatchObject([{ key: 'DEV-1', value: { deviceSn: 'DEV-1', status: 'ONLINE' } }])
    const [dead] = of(names.deadLetter)
    expect(dead).toMatchObject({
      key: 'DEV-1',
      value: {
        reasonCode: 'JSON_INVALID',
        stage: 'PARSE',
        mqttTopic: evt('DEV-1'),
        payload: { base64: Buffer.from('{"broken').toString('base64') },
        payloadSize: 8,
      },
    })
    const replies = of(names.commandReply)
    expect(replies).toHaveLength(2)
    for (const { key, value } of replies) {
      expect(key).toBe('DEV-1')
      expect(Buffer.from((value as { base64: string }).base64, 'base64').toString()).toContain(reply)
    }
  })

  test('headers are those of binary CloudEvents on request', async () => {
    const { names, seconds, of } = await produceAll('cloudevents')
    const punched = of(names.attendance).find(({ key }) => key === 'DEV-1')
    const value = punched?.value as Record<string, unknown>
    expect(headersOf(punched)).toEqual({
      ce_specversion: '1.0',
      ce_id: value['eventId'],
      ce_type: 'cams.attendance.punch.v1',
      ce_source: '/cams/mqtt/DEV-1',
      ce_subject: 'DEV-1',
      ce_time: new Date(seconds * 1000).toISOString(),
      ce_recordedtime: new Date(Number(value['ingestTime'])).toISOString(),
      'content-type': 'application/avro',
      mqtt_topic: evt('DEV-1'),
      traceparent: trace,
    })
    expect(headersOf(of(names.presence)[0])).toMatchObject({ ce_type: 'cams.presence.report.v1', ce_subject: 'DEV-1' })
    expect(headersOf(of(names.deadLetter)[0])).toMatchObject({ ce_type: 'cams.deadletter.v1', traceparent: trace })
  })
})
