import { setTimeout as pause } from 'node:timers/promises'
import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs'

export interface StoredRecord {
  /** When Kafka appended it, epoch milliseconds. */
  readonly appendedAt: number
  readonly key: string
  readonly value: Buffer
}

/** What Kafka holds, asked from outside. */
export class StoredRecords {
  readonly #kafka: Kafka
  readonly #admin: Admin

  private constructor(kafka: Kafka, admin: Admin) {
    this.#kafka = kafka
    this.#admin = admin
  }

  static async open(brokers: readonly string[]): Promise<StoredRecords> {
    const kafka = new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    return new StoredRecords(kafka, admin)
  }

  async createTopic(topic: string, numPartitions: number): Promise<void> {
    // kafkajs can fail while it waits for leaders; whoever asks for offsets below waits for them.
    await this.#admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions, replicationFactor: 1 }] })
  }

  async put(topic: string, messages: { key: string; value: string }[]): Promise<void> {
    // Also waits for the leaders of a topic that has just been made.
    await this.count(topic)
    const producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({ topic, messages })
    await producer.disconnect()
  }

  async partitionsOf(topic: string): Promise<number> {
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  }

  /** Records that have ever been appended to the topic. */
  async count(topic: string): Promise<number> {
    let count = 0
    for (const { high } of await this.#offsets(topic)) count += Number(high)
    return count
  }

  /** Position after the last record of each partition. */
  async ends(topic: string): Promise<ReadonlyMap<number, string>> {
    return new Map((await this.#offsets(topic)).map(({ partition, high }) => [partition, high]))
  }

  /** Inputs behind which a group has committed, over all partitions. */
  async committed(groupId: string, topic: string): Promise<number> {
    const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    return (found?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
  }

  /** Reads `count` records that were appended behind these positions. */
  async after(topic: string, ends: ReadonlyMap<number, string>, count: number): Promise<StoredRecord[]> {
    const consumer = this.#kafka.consumer({ groupId: `bench-${process.hrtime.bigint()}` })
    const records: StoredRecord[] = []
    await consumer.connect()
    try {
      await consumer.subscribe({ topic, fromBeginning: false })
      await new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
        const reading = consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: true,
          eachBatch: async ({ batch }) => {
            for (const { timestamp, key, value, offset } of batch.messages) {
              // Until the seek below has been heard of, older records may come.
              if (value === null || BigInt(offset) < BigInt(ends.get(batch.partition) ?? 0)) continue
              records.push({ appendedAt: Number(timestamp), key: key?.toString() ?? '', value })
            }
            if (records.length >= count) resolve()
            await Promise.resolve()
          },
        })
        for (const [partition, offset] of ends) consumer.seek({ topic, partition, offset })
        reading.catch(reject)
      })
    } finally {
      await consumer.disconnect()
    }
    return records
  }

  /** A topic that has just been made has no leaders yet, and kafkajs gives up on it at once. */
  async #offsets(topic: string): Promise<{ partition: number; high: string }[]> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#admin.fetchTopicOffsets(topic)
      } catch (error) {
        if (!isRetriable(error) || tries > 500) throw error
        await pause(50)
      }
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect()
  }
}

function isRetriable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === true
}
