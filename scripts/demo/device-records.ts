import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import type { DeviceProfile } from './roster.ts'

const topic = 'cams.device.v1'

/** Tells the bridge the zones of some devices the way an operator does: in Avro, and as JSON text. Gives how many. */
export async function writeDeviceRecords(
  brokers: readonly string[],
  registryUrl: string,
  roster: readonly DeviceProfile[],
): Promise<number> {
  const registry = new SchemaRegistry({ host: registryUrl })
  const schema = await registry.getLatestSchemaId(`${topic}-value`)
  const told = roster.filter(({ zoneFrom }) => zoneFrom === 'topicAvro' || zoneFrom === 'topicJson')
  const messages = await Promise.all(
    told.map(async ({ deviceSn, timeZone, zoneFrom }) => {
      const info = { timeZone, tenantId: 'demo', model: null, stateMap: null }
      const value = zoneFrom === 'topicAvro' ? await registry.encode(schema, info) : JSON.stringify({ timeZone })
      return { key: deviceSn, value }
    }),
  )
  const kafka = new Kafka({ clientId: 'demo', brokers: [...brokers], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages })
  await producer.disconnect()
  return messages.length
}
