import kafkajs, { type Producer, type Transaction } from 'kafkajs'
import type { Ticket } from '../flow/ticket.ts'
import { systemClock } from '../kernel/clock.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import { requireAnswers } from './answers.ts'
import { type KafkaClientOptions, newKafka } from './client.ts'
import { ClientSockets } from './client-sockets.ts'
import { type CompressionName, compressionOf } from './codecs.ts'
import { kafkaFailure } from './errors.ts'
import { preparedMessages } from './prepared.ts'
import { BatchMemory, type Encodings, RecordBatch, Scratch } from './record-batch.ts'

export interface TransactorOptions {
  readonly client: KafkaClientOptions
  readonly transactionalId: string
  readonly compression: CompressionName
  /** Most bytes of one partition in one send: Kafka limits the size of a batch, not of a transaction. */
  readonly maxBytesPerPartition: number
  /** Kafka aborts a transaction that is open this long. */
  readonly transactionTimeoutMs: number
  /** How long a whole transaction may take here. */
  readonly deadlineMs: number
}

/** How far inputs are consumed, to be committed with what they led to. */
export interface ConsumedOffset {
  readonly topic: string
  readonly partition: number
  /** Of the next input. */
  readonly offset: bigint
}

/** Nobody waits for a single record of a transaction: the transaction is what is awaited. */
const nobody: Ticket = { stored: () => undefined, refused: () => null }

/**
 * Writes records and consumed offsets in one transaction, under an id that only one owner may use.
 *
 * Only the transactional id fences a former owner, and connecting alone does not: `fence()` begins a transaction and
 * aborts it. After any failure the producer is dead, and so is what was decided: build a new one and restore.
 */
export class Transactor {
  readonly #options: TransactorOptions
  readonly #encodings: Encodings
  readonly #emit: Emit
  readonly #memory = new BatchMemory(10_000)
  readonly #scratch: Scratch
  readonly #sockets = new ClientSockets()
  #producer: Producer | null = null
  #isWriting = false
  /** Its sockets shall be ended before the next transaction. */
  #renews = false
  #cutting: Promise<void> = Promise.resolve()

  constructor(options: TransactorOptions, encodings: Encodings, scratch: Scratch, emit: Emit) {
    this.#options = options
    this.#encodings = encodings
    this.#scratch = scratch
    this.#emit = emit
  }

  /** From when this resolves, no former owner of the id can commit anything. */
  async fence(): Promise<void> {
    const { client, transactionalId, transactionTimeoutMs, deadlineMs } = this.#options
    try {
      const kafka = await newKafka(client, this.#emit, this.#sockets.add)
      const producer = kafka.producer({
        transactionalId,
        idempotent: true,
        maxInFlightRequests: 1,
        transactionTimeout: transactionTimeoutMs,
        allowAutoTopicCreation: false,
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
        // Right after a commit Kafka answers CONCURRENT_TRANSACTIONS, and kafkajs sleeps this long before it asks again.
        retry: { initialRetryTime: 5, maxRetryTime: 100, retries: 50 },
      })
      this.#producer = producer
      await withDeadline(
        producer
          .connect()
          .then(() => producer.transaction())
          .then((transaction) => transaction.abort()),
        deadlineMs,
        'fencing the former owner',
      )
    } catch (error) {
      await this.close()
      throw kafkaFailure(error)
    }
  }

  /**
   * All or nothing. `singly`: no record shares its batch with another. Rejects with a Failure, `malformed` when Kafka
   * will never take one of the records; the transactor is then closed.
   */
  async write(
    records: readonly BridgeRecord[],
    groupId: string,
    offsets: readonly ConsumedOffset[],
    how: 'together' | 'singly' = 'together',
  ): Promise<void> {
    const producer = this.#producer
    if (producer === null) throw new Failure('lost', 'fenced', 'the producer of this partition is gone')
    this.#isWriting = true
    try {
      await this.#cutIfDue()
      const batches = this.#batchesOf(records, how === 'singly' ? 0 : this.#options.maxBytesPerPartition)
      await withDeadline(this.#transact(producer, batches, groupId, offsets), this.#options.deadlineMs, 'a transaction')
    } catch (error) {
      await this.close()
      throw kafkaFailure(error)
    } finally {
      this.#isWriting = false
    }
  }

  /** The next transaction logs in with the files of now; one that is under way is not disturbed. */
  async renew(): Promise<void> {
    await this.#options.client.access.read()
    this.#renews = true
    if (!this.#isWriting) await this.#cutIfDue()
  }

  async #cutIfDue(): Promise<void> {
    if (this.#renews) this.#cutting = this.#sockets.cut()
    this.#renews = false
    await this.#cutting
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    producer?.disconnect().catch(() => undefined)
    await Promise.resolve()
  }

  async #transact(
    producer: Producer,
    batches: readonly RecordBatch[],
    groupId: string,
    offsets: readonly ConsumedOffset[],
  ): Promise<void> {
    const transaction = await producer.transaction()
    try {
      // One send per partition: when a part of a send that spans leaders is retried, kafkajs writes the rest twice.
      for (const batch of batches) {
        const sends = await Promise.allSettled(this.#sends(transaction, batch))
        const failed = sends.find((send) => send.status === 'rejected')
        if (failed !== undefined) throw failed.reason
      }
      if (offsets.length > 0) await transaction.sendOffsets({ consumerGroupId: groupId, topics: topicsOf(offsets) })
      await transaction.commit()
    } catch (error) {
      // `commit()` after a failed first send would answer OK: the transaction is given up, whatever abort says.
      await transaction.abort().catch(() => undefined)
      throw error
    }
  }

  /** One after the other, so that the records of a partition stay in order. */
  #batchesOf(records: readonly BridgeRecord[], maxBytesPerPartition: number): RecordBatch[] {
    const limits = { maxRecords: Number.POSITIVE_INFINITY, maxBytesPerPartition }
    const newBatch = (): RecordBatch => new RecordBatch(this.#encodings, this.#memory, this.#scratch, limits)
    let batch = newBatch()
    const batches = [batch]
    for (const record of records) {
      if (batch.append(record, nobody, 0)) continue
      batch = newBatch()
      batches.push(batch)
      // The first record of a batch always fits.
      batch.append(record, nobody, 0)
    }
    return batches
  }

  #sends(transaction: Transaction, batch: RecordBatch): Promise<unknown>[] {
    const compression = compressionOf(this.#options.compression)
    const sends: Promise<unknown>[] = []
    for (const [topic, partitions] of batch.topics) {
      for (const [partition, records] of partitions) {
        const sent = new Map([[partition, records]])
        sends.push(
          transaction.send({ topic, messages: preparedMessages(sent, systemClock.now()), acks: -1, compression }).then(
            (answers) => requireAnswers(new Map([[topic, sent]]), answers),
            (e: unknown) => refused(e, topic),
          ),
        )
      }
    }
    return sends
  }
}

/** Says where: one of many topics may have a limit of its own. */
function refused(error: unknown, topic: string): never {
  const { kind, code, message } = kafkaFailure(error)
  throw new Failure(kind, code, `${topic}: ${message}`, { cause: error })
}

function topicsOf(offsets: readonly ConsumedOffset[]) {
  const topics = new Map<string, { partition: number; offset: string }[]>()
  for (const { topic, partition, offset } of offsets) {
    const partitions = topics.get(topic) ?? []
    partitions.push({ partition, offset: String(offset) })
    topics.set(topic, partitions)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
