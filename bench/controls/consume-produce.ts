/**
 * What the owner of things does, without deciding anything: consumes inputs and produces, for each, the records that the
 * bridge stored for such an input, encoded beforehand. With `transactional` in Kafka transactions of one partition each,
 * offsets included, as many inputs in one as the bridge takes; else as a plain loop of `consumer.run` and `producer.send`.
 * It begins when its parent says so; asked again, it answers how many inputs it has finished with.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { Kafka, logLevel, Partitioners, type Producer, type Sender } from 'kafkajs'
import { type CompressionName, compressionOf, installCodecs } from '../../src/kafka/codecs.ts'

interface Order {
  readonly broker: string
  readonly groupId: string
  readonly from: string
  readonly transactional: boolean
  readonly compression: CompressionName
  readonly maxInputs: number
  /** A JSON object: values in base64 by topic, each taken in turn. */
  readonly values: string
}
const order = JSON.parse(process.argv[2] ?? '') as Order
const values = Object.entries(JSON.parse(readFileSync(order.values, 'utf8')) as Record<string, string[]>).map(
  ([topic, texts]) => ({ topic, values: texts.map((text) => Buffer.from(text, 'base64')) }),
)

installCodecs()
const kafka = new Kafka({
  clientId: order.groupId,
  brokers: [order.broker],
  logLevel: logLevel.NOTHING,
  socketFactory: ({ host, port, onConnect }) => connect({ host, port, noDelay: true }, onConnect),
})
const createPartitioner = Partitioners.DefaultPartitioner
const consumer = kafka.consumer({ groupId: order.groupId, maxWaitTimeInMs: 100, readUncommitted: false })
const producers = new Map<number, Promise<Producer>>()
let done = 0

await consumer.connect()
await consumer.subscribe({ topic: order.from, fromBeginning: true })
console.log('ready')
await once(process, 'message')
process.send?.(done)
process.on('message', () => process.send?.(done))
await consumer.run({
  autoCommit: !order.transactional,
  eachBatchAutoResolve: true,
  partitionsConsumedConcurrently: order.transactional ? 12 : 1,
  eachBatch: async (payload) => {
    const { batch } = payload
    const producer = await producerOf(order.transactional ? batch.partition : 0)
    for (let at = 0; at < batch.messages.length; at += order.maxInputs) {
      const inputs = batch.messages.slice(at, at + order.maxInputs)
      const keys = inputs.map(({ key }) => key)
      if (order.transactional) {
        const transaction = await producer.transaction()
        await send(transaction, keys, batch.partition)
        const offset = String(BigInt(inputs.at(-1)?.offset ?? 0) + 1n)
        const topics = [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }]
        await transaction.sendOffsets({ consumerGroupId: order.groupId, topics })
        await transaction.commit()
      } else await send(producer, keys, batch.partition)
      done += inputs.length
      await payload.heartbeat()
    }
  },
})
await once(process, 'SIGTERM')
process.exit(0)

async function send(sender: Sender, keys: readonly (Buffer | null)[], partition: number): Promise<void> {
  const compression = compressionOf(order.compression)
  await Promise.all(
    values.map(async ({ topic, values: some }) => {
      const messages = keys.map((key, i) => ({ key, partition, value: some[(done + i) % some.length] ?? null }))
      await sender.send({ topic, acks: -1, compression, messages })
    }),
  )
}

async function producerOf(partition: number): Promise<Producer> {
  const known = producers.get(partition)
  if (known !== undefined) return known
  const started = startProducer(partition)
  producers.set(partition, started)
  return started
}

async function startProducer(partition: number): Promise<Producer> {
  const id = { idempotent: true, maxInFlightRequests: 1, transactionalId: `${order.groupId}-${partition}` }
  const retry = { initialRetryTime: 5, maxRetryTime: 100, retries: 50 }
  const producer = kafka.producer({ createPartitioner, ...(order.transactional ? { ...id, retry } : {}) })
  await producer.connect()
  return producer
}
