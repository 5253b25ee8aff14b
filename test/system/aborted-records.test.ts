import type { EachBatchPayload } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sharedGround } from '../kit/shared-ground.ts'
import { createTopics, kafkaOf } from '../kit/topic-reader.ts'

/**
 * What kafka/aborted-records.ts makes of kafkajs 2.2.4 and a real Kafka: nothing of an aborted transaction is read. Seen to
 * fail without it (both of the first transaction's records are shown), in the order of what Kafka lists, and when one
 * transaction at most is taken for each record.
 */
const { kafkaBrokers: brokers } = sharedGround()
const topic = `aborted-${process.pid}-${Date.now()}`
const values = ['before', 'first-1', 'second-1', 'third-1', 'first-2', 'second-2', 'third-2', 'between', 'last']
const committed = ['before', 'between', 'last']
let end = 0

/** Transactions that overlap, and are aborted in another order than they began. */
beforeAll(async () => {
  await createTopics(brokers, [{ topic, partitions: 1 }])
  const producers = await Promise.all(
    ['first', 'second', 'third'].map(async (name) => {
      const transactionalId = `${topic}-${name}`
      const producer = kafkaOf(brokers).producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
      await producer.connect()
      return producer
    }),
  )
  const plain = kafkaOf(brokers).producer()
  await plain.connect()
  const [first, second, third] = await Promise.all(producers.map((producer) => producer.transaction()))
  const senders = { first, second, third }
  for (const value of values) {
    const sender = senders[value.split('-')[0] as keyof typeof senders] ?? plain
    const sent = await sender.send({ topic, messages: [{ key: 'k', value }] })
    end = Number(sent[0]?.baseOffset)
    if (value === 'third-2') for (const each of [third, second, first]) await each?.abort()
  }
  for (const producer of [...producers, plain]) await producer.disconnect()
})
const open: { disconnect(): Promise<void> }[] = []
afterAll(async () => {
  for (const consumer of open) await consumer.disconnect()
})

test.each([0, 1, 2, 3, 4, 5, 6])('from offset %i on, only what was committed is read', async (from) => {
  const consumer = kafkaOf(brokers).consumer({ groupId: `${topic}-${from}`, maxWaitTimeInMs: 50 })
  open.push(consumer)
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const read: string[] = []
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({ batch }: EachBatchPayload) => {
      read.push(...batch.messages.map(({ value }) => String(value)))
      if (Number(batch.lastOffset()) >= end) resolve()
    }
    consumer.run({ autoCommit: false, eachBatch }).catch(reject)
    consumer.seek({ topic, partition: 0, offset: String(from) })
  })
  expect(read).toEqual(committed.slice(from === 0 ? 0 : 1))
})
