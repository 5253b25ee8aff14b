/** Prints what is in a Kafka topic of the demo, one JSON a line: `npx tsx scripts/demo/read.ts TOPIC [KEY]`. */
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { Kafka, logLevel } from 'kafkajs'
import { addressesOfDemo } from './addresses.ts'

const [topic, wantedKey] = process.argv.slice(2)
try {
  if (topic === undefined) throw new Error('say what: read.ts TOPIC [KEY]')
  await readTopic(topic, wantedKey ?? null)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

/** To the end that the topic has now. */
async function readTopic(name: string, onlyKey: string | null): Promise<void> {
  const { brokers, registryUrl } = addressesOfDemo()
  const kafka = new Kafka({ clientId: 'read', brokers: [...brokers], logLevel: logLevel.NOTHING })
  const registry = new SchemaRegistry({ host: registryUrl })
  const admin = kafka.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(name)
  const open = new Set(ends.filter(({ high, low }) => high !== low).map(({ partition }) => partition))
  const last = new Map(ends.map(({ partition, high }) => [partition, Number(high) - 1]))
  const consumer = kafka.consumer({ groupId: `read-${process.pid}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic: name, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    if (open.size === 0) return resolve()
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    void consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { key, value, offset } }) => {
        const keyText = key?.toString('utf8') ?? null
        if (onlyKey === null || onlyKey === keyText) {
          const decoded: unknown = value === null ? null : await registry.decode(value)
          console.log(JSON.stringify({ partition, offset, key: keyText, value: decoded }))
        }
        if (Number(offset) >= (last.get(partition) ?? 0)) open.delete(partition)
        if (open.size === 0) resolve()
      },
    })
  })
  await Promise.all([consumer.disconnect(), admin.disconnect()])
}
