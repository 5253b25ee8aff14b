import { randomUUID } from 'node:crypto'
import type { Consumer, Kafka } from 'kafkajs'
import { withDeadline } from '../kernel/deadline.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { consumedMessage } from './consumed-message.ts'
import { kafkaFailure } from './errors.ts'

export interface TailOptions {
  readonly topic: string
  /** First part of the name of the throw-away consumer group. */
  readonly groupPrefix: string
  readonly maxWaitMs: number
  /** How long one question may take. */
  readonly deadlineMs: number
}

/** Where reading begins and where the partition ends now, by partition. */
export type TailPlaces = ReadonlyMap<number, { readonly from: bigint; readonly end: bigint }>

/**
 * Reads a topic for a person who looks on: from some time or from its end, some partitions or all, and nothing is
 * committed. Not for work: it does not come back when Kafka goes away, it rejects.
 */
export class TopicTail {
  readonly #kafka: Kafka
  readonly #options: TailOptions
  #consumer: Consumer | null = null

  constructor(kafka: Kafka, options: TailOptions) {
    this.#kafka = kafka
    this.#options = options
  }

  /** Places of the partitions from this time on (epoch milliseconds), or from their ends when it is null. */
  async places(since: number | null): Promise<TailPlaces> {
    const { topic, deadlineMs } = this.#options
    const admin = this.#kafka.admin({ retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1000 } })
    const ask = async (): Promise<TailPlaces> => {
      await admin.connect()
      const ends = await admin.fetchTopicOffsets(topic)
      const begins = since === null ? ends : await admin.fetchTopicOffsetsByTimestamp(topic, since)
      const from = new Map(begins.map(({ partition, offset }) => [partition, BigInt(offset)]))
      return new Map(
        ends.map(({ partition, high, low }) => {
          const end = BigInt(high)
          const begin = from.get(partition) ?? end
          return [partition, { from: begin < BigInt(low) ? BigInt(low) : begin, end }]
        }),
      )
    }
    try {
      return await withDeadline(ask(), deadlineMs, `offsets of ${topic}`)
    } catch (error) {
      throw kafkaFailure(error)
    } finally {
      admin.disconnect().catch(() => undefined)
    }
  }

  /**
   * Reads these partitions, and no others, until `take` says that it has seen enough, or the reader is closed. `next`
   * is the offset after the records. Rejects with a `transient` Failure when Kafka cannot be read.
   */
  async follow(
    places: ReadonlyMap<number, bigint>,
    take: (messages: readonly KafkaMessage[], partition: number, next: bigint) => Promise<'more' | 'enough'>,
  ): Promise<void> {
    const { topic, groupPrefix, maxWaitMs, deadlineMs } = this.#options
    const consumer = this.#kafka.consumer({
      groupId: `${groupPrefix}-cli-${randomUUID()}`,
      maxWaitTimeInMs: maxWaitMs,
      allowAutoTopicCreation: false,
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1000, restartOnFailure: async () => false },
    })
    this.#consumer = consumer
    try {
      await new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
        consumer.on(consumer.events.DISCONNECT, () => resolve())
        consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
          for (const partition of payload.memberAssignment[topic] ?? []) {
            const from = places.get(partition)
            if (from === undefined) consumer.pause([{ topic, partitions: [partition] }])
            else consumer.seek({ topic, partition, offset: String(from) })
          }
        })
        const run = async (): Promise<void> => {
          await withDeadline(consumer.connect(), deadlineMs, 'connecting to Kafka')
          await consumer.subscribe({ topics: [topic], fromBeginning: false })
          await consumer.run({
            autoCommit: false,
            eachBatch: async ({ batch }) => {
              if (!places.has(batch.partition)) return
              const messages = batch.messages.map((raw) => consumedMessage(topic, batch.partition, raw))
              const verdict = await take(messages, batch.partition, BigInt(batch.lastOffset()) + 1n)
              if (verdict === 'enough') resolve()
            },
          })
        }
        run().catch(reject)
      })
    } catch (error) {
      throw kafkaFailure(error)
    } finally {
      await this.close()
    }
  }

  /** Ends `follow`. */
  async close(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = null
    if (consumer === null) return
    await withDeadline(consumer.disconnect(), this.#options.deadlineMs, 'closing a consumer').catch(() => undefined)
  }
}
