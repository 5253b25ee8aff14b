/**
 * Half of our own way, alone: kafkajs producing the records that the bridge would produce, with an ordinary
 * `producer.send` per batch and one batch at a time. The values are encoded before it says that it is ready, so neither
 * reading nor Avro is in the figure. It starts when its parent says so.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { type CompressionName, compressionOf, installCodecs } from '../../src/kafka/codecs.ts'

interface Order {
  readonly broker: string
  readonly topic: string
  readonly compression: CompressionName
  readonly idempotent: boolean
  readonly batch: number
  /** How many to send; each part waits for a message from the parent. */
  readonly counts: readonly number[]
  /** A JSON array of [key, value in base64]; sent over and over. */
  readonly records: string
}
const order = JSON.parse(process.argv[2] ?? '') as Order
const records = (JSON.parse(readFileSync(order.records, 'utf8')) as [string, string][]).map(([key, value]) => ({
  key,
  value: Buffer.from(value, 'base64'),
}))

installCodecs()
const kafka = new Kafka({
  clientId: 'produce-only',
  brokers: [order.broker],
  logLevel: logLevel.ERROR,
  socketFactory: ({ host, port, onConnect }) => connect({ host, port, noDelay: true }, onConnect),
})
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: order.idempotent })
await producer.connect()
console.log('ready')
for (const count of order.counts) {
  await once(process, 'message')
  for (let sent = 0; sent < count; ) {
    const messages = []
    for (let i = 0; i < order.batch && sent < count; i += 1, sent += 1) {
      const { key, value } = records[sent % records.length]!
      messages.push({ key, value, timestamp: String(Date.now()) })
    }
    await producer.send({ topic: order.topic, acks: -1, compression: compressionOf(order.compression), messages })
  }
}
// Alive until it is stopped, so that its figures can still be read.
await once(process, 'SIGTERM')
await producer.disconnect()
process.exit(0)
