/**
 * The way of a command most people would write, as a yardstick: kafkajs and MQTT.js as their first pages show them, each
 * command published when the one before was answered. It reads JSON alone, checks nothing, remembers nothing, and tells
 * nobody what became of a command.
 */
import { once } from 'node:events'
import { Kafka, logLevel } from 'kafkajs'
import mqtt from 'mqtt'

const [mqttUrl = '', broker = '', topic = ''] = process.argv.slice(2)

const client = await mqtt.connectAsync(mqttUrl, { protocolVersion: 5, clientId: 'one-by-one' })
client.on('error', (error) => console.error('mqtt', error))

const kafka = new Kafka({ clientId: 'one-by-one', brokers: [broker], logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: `${topic}-one-by-one` })
/** Milliseconds from Kafka's append to the PUBACK. This and the next three lines are for the bench. */
const ages: number[] = []
process.on('message', () => process.send?.(ages.length))
consumer.on(consumer.events.GROUP_JOIN, () => console.log('ready'))

await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachMessage: async ({ message: { value, timestamp } }) => {
    const { deviceSn, commandId, op, data } = JSON.parse(String(value)) as Record<string, unknown>
    const payload = JSON.stringify({ id: commandId, op, data })
    await client.publishAsync(`api/mqtt/v1/${String(deviceSn)}/cmd`, payload, { qos: 1 })
    ages.push(Date.now() - Number(timestamp))
  },
})

await once(process, 'SIGTERM')
await consumer.disconnect()
await client.endAsync()
console.log(JSON.stringify(ages))
process.exit(0)
