/**
 * The bridge most people would write, as a yardstick: MQTT.js and kafkajs as their first pages show them, one
 * `await producer.send` per message, the payload as it is. Not what it should do: it acknowledges before Kafka has the
 * message, so whatever is in flight when it dies is lost; it reads nothing, encodes nothing and refuses nothing.
 */
import { once } from 'node:events'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import mqtt from 'mqtt'

const [mqttUrl = '', broker = '', topic = ''] = process.argv.slice(2)

const kafka = new Kafka({ clientId: 'sixty-line-bridge', brokers: [broker], logLevel: logLevel.ERROR })
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
await producer.connect()

const client = mqtt.connect(mqttUrl, {
  protocolVersion: 5,
  clientId: 'sixty-line-bridge',
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
})

client.on('connect', () => {
  client.subscribe('$share/sixty/api/mqtt/v1/+/evt', { qos: 1 }, (error) => {
    if (error) console.error('cannot subscribe', error)
    else console.log('ready')
  })
})

async function handOn(from: string, payload: Buffer): Promise<void> {
  const deviceSn = from.split('/')[3] ?? ''
  try {
    await producer.send({ topic, acks: -1, messages: [{ key: deviceSn, value: payload }] })
  } catch (error) {
    console.error('cannot send', error)
  }
}

client.on('message', (from, payload) => void handOn(from, payload))

client.on('error', (error) => console.error('mqtt', error))

await once(process, 'SIGTERM')
await client.endAsync()
await producer.disconnect()
process.exit(0)
