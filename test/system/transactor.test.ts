import { afterEach, expect, test } from 'vitest'
import { installCodecs } from '../../src/kafka/codecs.ts'
import { Scratch } from '../../src/kafka/record-batch.ts'
import { Transactor } from '../../src/kafka/transactor.ts'
import type { BridgeRecord } from '../../src/records/bridge-record.ts'
import { plainAccess } from '../kit/plain-access.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { createTopics, readTopic } from '../kit/topic-reader.ts'

/** The contract of kafka/transactor.ts with kafkajs 2.2.4 and Kafka: who may write under one transactional id. */

const { kafkaBrokers: brokers } = sharedGround()
const topic = `transactor-${process.pid}-${Date.now()}`
const open: Transactor[] = []
afterEach(async () => {
  for (const transactor of open.splice(0)) await transactor.close()
})

/** An owner of the same partition. */
async function owner(): Promise<Transactor> {
  installCodecs()
  const transactor = new Transactor(
    {
      client: {
        brokers,
        clientId: 'transactor-test',
        connectTimeoutMs: 10_000,
        requestTimeoutMs: 30_000,
        access: plainAccess(),
      },
      transactionalId: topic,
      compression: 'none',
      maxBytesPerPartition: 800_000,
      transactionTimeoutMs: 60_000,
      deadlineMs: 60_000,
    },
    new Map([['commandReply', { topic, partitions: 1, avro: null }]]),
    new Scratch(),
    () => undefined,
  )
  open.push(transactor)
  await transactor.fence()
  return transactor
}

const record = (value: string): BridgeRecord => ({
  channel: 'commandReply',
  key: 'k',
  value: Buffer.from(value),
  headers: null,
  timestamp: Date.now(),
})

/** Guards `fence`: seen to fail when it only connects, and when each owner has a transactional id of its own. */
test('from when the new owner has fenced, the former one writes nothing', async () => {
  await createTopics(brokers, [{ topic, partitions: 1 }])
  const values = async () => (await readTopic(brokers, topic)).map(({ value }) => value?.toString())
  const former = await owner()
  await former.write([record('before')], topic, [])

  const next = await owner()
  await expect(former.write([record('zombie')], topic, [])).rejects.toMatchObject({ name: 'Failure' })
  await next.write([record('after')], topic, [])
  // It does not recover behind one's back either.
  await expect(former.write([record('zombie')], topic, [])).rejects.toMatchObject({ code: 'fenced' })
  expect(await values()).toEqual(['before', 'after'])
})
