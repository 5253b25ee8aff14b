import { randomUUID } from 'node:crypto'
import type { Consumer } from 'kafkajs'
import type { Backoff } from '../kernel/backoff.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { type KafkaClientOptions, newKafka } from './client.ts'
import { ClientSockets } from './client-sockets.ts'
import { kafkaFailure } from './errors.ts'

export interface TableOptions {
  readonly client: KafkaClientOptions
  readonly topic: string
  /** First part of the name of the throw-away consumer group. */
  readonly groupPrefix: string
  readonly maxWaitMs: number
  readonly deadlineMs: number
}

/** A consumer that is silent this long is out of its group. */
const sessionMs = 30_000

export interface TableHooks {
  /** Records in order of their partition, from the first one of the topic on. */
  apply(messages: readonly KafkaMessage[]): Promise<void>
  /** Everything that stood in the topic when it was opened has been applied. Called once. */
  restored(): void
}

/**
 * Follows a compacted topic from its beginning, by itself: every process reads all of it and commits nothing.
 * When the consumer fails, the next one goes on where it was. From the beginning again, it would show for a while what
 * has been replaced or removed since.
 */
export class Table {
  readonly #options: TableOptions
  readonly #hooks: TableHooks
  readonly #backoff: Backoff
  readonly #emit: Emit
  readonly #sockets = new ClientSockets()
  #consumer: Consumer | null = null
  #closed = false
  #restored = false
  #retry: NodeJS.Timeout | undefined
  #watch: NodeJS.Timeout | undefined
  /** When the consumer was last seen to work; of `performance.now()`. */
  #aliveAt = 0
  #isApplying = false
  /** How many consumers were given up. */
  #given = 0
  /** Next offset to apply, by partition. */
  readonly #positions = new Map<number, bigint>()
  #waiting: { readonly partition: number; readonly next: bigint; readonly resolve: () => void }[] = []

  constructor(options: TableOptions, hooks: TableHooks, backoff: Backoff, emit: Emit) {
    this.#options = options
    this.#hooks = hooks
    this.#backoff = backoff
    this.#emit = emit
  }

  open(): void {
    const given = this.#given
    this.#start().catch((error: unknown) => {
      // What was given up meanwhile has nothing to say about its successor.
      if (given === this.#given) this.#again(error)
    })
  }

  /** Logs in with the files of now, and reads on. */
  async renew(): Promise<void> {
    await this.#options.client.access.read()
    await this.#sockets.cut()
  }

  /** Resolves when the records of this partition before this offset have been applied. */
  async reaches(partition: number, next: bigint): Promise<void> {
    if ((this.#positions.get(partition) ?? 0n) >= next) return
    await new Promise<void>((resolve) => this.#waiting.push({ partition, next, resolve }))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    clearInterval(this.#watch)
    const consumer = this.#consumer
    this.#consumer = null
    if (consumer === null) return
    await withDeadline(consumer.disconnect(), this.#options.deadlineMs, 'closing a consumer').catch(() => undefined)
  }

  async #start(): Promise<void> {
    const { client, topic, groupPrefix, maxWaitMs, deadlineMs } = this.#options
    const kafka = await withDeadline(
      newKafka(client, this.#emit, this.#sockets.add),
      deadlineMs,
      'reading the credentials',
    )
    const ends = await withDeadline(this.#ends(kafka), deadlineMs, `offsets of ${topic}`)
    const behind = new Map<number, bigint>()
    for (const { partition, low, high } of ends) {
      const position = this.#positions.get(partition) ?? low
      // Over the end: it is not the topic that was read, it has been created anew.
      const next = position < low || position > high ? low : position
      this.#reached(partition, next)
      if (next < high) behind.set(partition, high)
    }
    const reached = (partition: number, lastOffset: string): void => {
      const next = BigInt(lastOffset) + 1n
      this.#reached(partition, next)
      if (next >= (behind.get(partition) ?? 0n)) behind.delete(partition)
      if (behind.size === 0) this.#done()
    }
    const consumer = kafka.consumer({
      groupId: `${groupPrefix}-table-${randomUUID()}`,
      maxWaitTimeInMs: maxWaitMs,
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs,
      allowAutoTopicCreation: false,
      // What became of a failed consumer is decided below.
      retry: { retries: 3, restartOnFailure: async () => false },
    })
    // One that was given up may say something more before it stops.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (this.#consumer === consumer) this.#again(payload.error)
    })
    consumer.on(consumer.events.HEARTBEAT, () => {
      this.#aliveAt = performance.now()
    })
    consumer.on(consumer.events.GROUP_JOIN, () => {
      if (this.#consumer !== consumer) return
      // Nothing is committed, so kafkajs would begin at the beginning, also when this very consumer joins once more.
      for (const [partition, next] of this.#positions) consumer.seek({ topic, partition, offset: String(next) })
    })
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      // Nothing but aborted or control records: `eachBatch` is not called, but the position moves on.
      if (this.#consumer === consumer && payload.batchSize === 0) reached(payload.partition, payload.lastOffset)
    })
    try {
      await withDeadline(consumer.connect(), deadlineMs, 'connecting to Kafka')
    } catch (error) {
      // It may still connect, and nobody would end it.
      consumer.disconnect().catch(() => undefined)
      throw error
    }
    if (this.#closed) {
      consumer.disconnect().catch(() => undefined)
      return
    }
    this.#consumer = consumer
    this.#watchAlive()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        if (this.#consumer !== consumer) return
        this.#isApplying = true
        await this.#hooks.apply(
          batch.messages.map((m) => ({
            topic: batch.topic,
            partition: batch.partition,
            offset: m.offset,
            key: m.key,
            value: m.value,
            headers: {},
            timestamp: Number(m.timestamp),
          })),
        )
        if (this.#consumer !== consumer) return
        this.#isApplying = false
        this.#aliveAt = performance.now()
        reached(batch.partition, batch.lastOffset())
      },
    })
    // kafkajs resolves too when joining failed, which CRASH has told.
    if (this.#consumer !== consumer) return
    this.#backoff.reset()
    if (behind.size === 0) this.#done()
  }

  /** kafkajs may stop without a word. Applying may wait for the schema registry, and takes what it takes. */
  #watchAlive(): void {
    this.#aliveAt = performance.now()
    this.#isApplying = false
    clearInterval(this.#watch)
    this.#watch = setInterval(() => {
      if (this.#isApplying || performance.now() - this.#aliveAt < 2 * sessionMs + this.#options.deadlineMs) return
      this.#again(new Failure('transient', 'timeout', 'no heartbeat was answered for a whole session'))
    }, sessionMs / 10)
  }

  async #ends(kafka: Awaited<ReturnType<typeof newKafka>>) {
    const admin = kafka.admin({ retry: { retries: 3 } })
    try {
      await admin.connect()
      const offsets = await admin.fetchTopicOffsets(this.#options.topic)
      return offsets.map((o) => ({ partition: o.partition, low: BigInt(o.low), high: BigInt(o.high) }))
    } finally {
      admin.disconnect().catch(() => undefined)
    }
  }

  #reached(partition: number, next: bigint): void {
    this.#positions.set(partition, next)
    const due = this.#waiting.filter((each) => each.partition === partition && each.next <= next)
    if (due.length === 0) return
    this.#waiting = this.#waiting.filter((each) => !due.includes(each))
    for (const { resolve } of due) resolve()
  }

  #done(): void {
    if (this.#restored) return
    this.#restored = true
    this.#hooks.restored()
  }

  #again(error: unknown): void {
    if (this.#closed) return
    this.#given += 1
    const failure = kafkaFailure(error)
    this.#emit({ event: 'kafka_unreachable', part: 'table', code: failure.code, error: failure.message })
    const consumer = this.#consumer
    this.#consumer = null
    consumer?.disconnect().catch(() => undefined)
    clearInterval(this.#watch)
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.open(), this.#backoff.next())
  }
}
