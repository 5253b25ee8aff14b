/**
 * What stands between a thing and its answer, without deciding anything: MQTT.js takes a report, kafkajs appends it, a
 * consumer takes it and publishes an answer. No transaction, no state; it acknowledges before Kafka has the report.
 */
import { once } from 'node:events'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import mqtt from 'mqtt'

const [mqttUrl = '', broker = '', topic = ''] = process.argv.slice(2)
const client = await mqtt.connectAsync(mqttUrl, { protocolVersion: 5, clientId: 'echo' })
client.on('error', (error) => console.error('mqtt', error))
const kafka = new Kafka({ clientId: 'echo', brokers: [broker], logLevel: logLevel.ERROR })
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
const consumer = kafka.consumer({ groupId: `${topic}-echo`, maxWaitTimeInMs: 100 })
await producer.connect()
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
await consumer.run({
  // Not waited for: one PUBACK after the other would be what is measured.
  eachMessage: async ({ message: { key, value } }) => {
    client.publish(`$emqx/things/${String(key)}/shadow/update/accepted`, String(value), { qos: 1 })
    await Promise.resolve()
  },
})
client.on('message', (from, value) => {
  const key = from.split('/')[2] ?? ''
  producer.send({ topic, acks: -1, messages: [{ key, value }] }).catch((error: unknown) => console.error(error))
})
await client.subscribeAsync('$share/echo/$emqx/things/+/shadow/update', { qos: 1 })
await joined
console.log('ready')
await once(process, 'SIGTERM')
process.exit(0)
