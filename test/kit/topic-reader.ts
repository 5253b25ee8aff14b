import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Admin, Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import { hideAbortedRecords } from '../../src/kafka/aborted-records.ts'
import { installCodecs } from '../../src/kafka/codecs.ts'
import { codecOf } from '../../src/records/codec.ts'
import type { SchemaName } from '../../src/records/generated/schemas.ts'
import { Latch, patienceMs } from './latch.ts'

/** A record as kafkajs reads it. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

export interface NewTopic {
  readonly topic: string
  readonly partitions?: number
  readonly config?: Readonly<Record<string, string>>
}

export function kafkaOf(brokers: readonly string[]): Kafka {
  hideAbortedRecords()
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 8 } })
}

export async function withAdmin<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaOf(brokers).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Resolves when every topic is there and has leaders. */
export async function createTopics(brokers: readonly string[], topics: readonly NewTopic[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    await patiently(() =>
      admin.createTopics({
        waitForLeaders: false,
        topics: topics.map(({ topic, partitions = 3, config = {} }) => ({
          topic,
          numPartitions: partitions,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        })),
      }),
    )
    for (const { topic } of topics) await offsetsOf(admin, topic)
  })
}

/** How many records were ever written to the topics: the sum of their end offsets. */
export async function countRecords(admin: Admin, topics: readonly string[]): Promise<number> {
  const ends = await Promise.all(topics.map((topic) => offsetsOf(admin, topic)))
  return ends.flat().reduce((sum, { offset }) => sum + Number(offset), 0)
}

/** Resolves when that many records stand in the topics together. Kafka tells nobody, so it is asked. */
export async function untilRecords(
  brokers: readonly string[],
  topics: readonly string[],
  atLeast: number,
  timeoutMs = patienceMs,
): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const count = await countRecords(admin, topics)
      if (count >= atLeast) return
      if (performance.now() > deadline) throw new Error(`${count} records of ${atLeast} in ${topics.join(', ')}`)
      await pause(100)
    }
  })
}

/** Everything in the topic from its first record to its end now; by partition and offset. */
export async function readTopic(
  brokers: readonly string[],
  topic: string,
  timeoutMs = patienceMs,
): Promise<ReadRecord[]> {
  installCodecs()
  const left = new Map<number, bigint>()
  for (const { partition, low, high } of await withAdmin(brokers, (admin) => offsetsOf(admin, topic))) {
    if (BigInt(high) > BigInt(low)) left.set(partition, BigInt(high))
  }
  const records: ReadRecord[] = []
  if (left.size === 0) return records
  const consumer = kafkaOf(brokers).consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const latch = new Latch()
  // A failure on the way, such as a coordinator that has just come back, makes kafkajs start over; nothing is committed.
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const message of batch.messages) records.push(readRecord(batch.partition, message))
      const end = left.get(batch.partition)
      if (end !== undefined && BigInt(batch.lastOffset()) + 1n >= end) left.delete(batch.partition)
      latch.look()
    },
  })
  await latch.until(`the end of ${topic}`, () => left.size === 0, timeoutMs)
  await consumer.disconnect()
  const places = new Map(records.map((record) => [`${record.partition}/${record.offset}`, record]))
  return [...places.values()].sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

function readRecord(partition: number, { key, value, headers, timestamp, offset }: KafkaMessage): ReadRecord {
  return {
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key: key?.toString() ?? null,
    value,
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])),
  }
}

/** The Avro value of a record in the registry's wire format. */
export function avroValue(schema: SchemaName, { value }: ReadRecord): Readonly<Record<string, unknown>> {
  if (value === null || value[0] !== 0) throw new Error('no value in the wire format of the registry')
  return codecOf(schema).decode(value.subarray(5)) as unknown as Record<string, unknown>
}

function offsetsOf(admin: Admin, topic: string) {
  return patiently(() => admin.fetchTopicOffsets(topic))
}

/**
 * A new topic has no leader yet, and for a moment none after a broker was frozen or killed. A broker that stood still
 * for longer than its session is put aside as if it were dead: then there is no controller either.
 */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await pause(50)
    }
  }
}
