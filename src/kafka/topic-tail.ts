import { randomUUID } from 'node:crypto'
import type { Consumer, Kafka } from 'kafkajs'
import { withDeadline } from '../kernel/deadline.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { consumedMessage } from './consumed-message.ts'
import { kafkaFailure } from './errors.ts'

export interface TailOptions {
  /** First part of the name of the throw-away consumer group. */
  readonly groupPrefix: string
  readonly maxWaitMs: number
  /** How long one question may take. */
  readonly deadlineMs: number
}

/** Where to begin: at what is still kept, at what comes from now on, or at a time (epoch milliseconds). */
export type TailFrom = 'first' | 'end' | number

/** Where reading begins and where the partition ends now, by partition. */
export type TailPlaces = ReadonlyMap<number, { readonly from: bigint; readonly end: bigint }>

/**
 * Reads topics for a person who looks on: committed records, some partitions or all, and nothing is committed. Not for
 * work: it does not come back when Kafka goes away, it rejects.
 */
export class TopicTail {
  readonly #kafka: Kafka
  readonly #options: TailOptions
  #consumer: Consumer | null = null

  constructor(kafka: Kafka, options: TailOptions) {
    this.#kafka = kafka
    this.#options = options
  }

  /** Places of all partitions of a topic. Rejects with a `transient` Failure. */
  async places(topic: string, begin: TailFrom): Promise<TailPlaces> {
    const { deadlineMs } = this.#options
    const admin = this.#kafka.admin({ retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1000 } })
    const ask = async (): Promise<TailPlaces> => {
      await admin.connect()
      const ends = await admin.fetchTopicOffsets(topic)
      const begins = typeof begin === 'number' ? await admin.fetchTopicOffsetsByTimestamp(topic, begin) : []
      const at = new Map(begins.map(({ partition, offset }) => [partition, BigInt(offset)]))
      return new Map(
        ends.map(({ partition, high, low }) => {
          const [first, end] = [BigInt(low), BigInt(high)]
          const from = begin === 'first' ? first : (at.get(partition) ?? end)
          return [partition, { from: from < first ? first : from, end }]
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
   * Reads these partitions of topics, and no others, until `take` says that it has seen enough, or the reader is
   * closed. `next` is the offset after the records, of which there are none where a transaction ended. Rejects with a
   * `transient` Failure when Kafka cannot be read.
   */
  async follow(
    places: ReadonlyMap<string, ReadonlyMap<number, bigint>>,
    take: (
      messages: readonly KafkaMessage[],
      topic: string,
      partition: number,
      next: bigint,
    ) => Promise<'more' | 'enough'>,
  ): Promise<void> {
    const { groupPrefix, maxWaitMs, deadlineMs } = this.#options
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
          for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
            for (const partition of partitions) {
              const from = places.get(topic)?.get(partition)
              if (from === undefined) consumer.pause([{ topic, partitions: [partition] }])
              else consumer.seek({ topic, partition, offset: String(from) })
            }
          }
        })
        consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
          // Nothing but aborted or control records: `eachBatch` is not called, but the position moves on.
          const { topic, partition, batchSize, lastOffset } = payload
          if (batchSize > 0 || places.get(topic)?.has(partition) !== true) return
          take([], topic, partition, BigInt(lastOffset) + 1n).then((verdict) => {
            if (verdict === 'enough') resolve()
          }, reject)
        })
        const run = async (): Promise<void> => {
          await withDeadline(consumer.connect(), deadlineMs, 'connecting to Kafka')
          await consumer.subscribe({ topics: [...places.keys()], fromBeginning: false })
          await consumer.run({
            autoCommit: false,
            eachBatch: async ({ batch }) => {
              const { topic, partition } = batch
              if (places.get(topic)?.has(partition) !== true) return
              const messages = batch.messages.map((raw) => consumedMessage(topic, partition, raw))
              const verdict = await take(messages, topic, partition, BigInt(batch.lastOffset()) + 1n)
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
