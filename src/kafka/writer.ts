import kafkajs, { type Producer } from 'kafkajs'
import type { Writer } from '../flow/sender.ts'
import type { Ticket } from '../flow/ticket.ts'
import { systemClock } from '../kernel/clock.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import { requireAnswers } from './answers.ts'
import { type KafkaClientOptions, newKafka } from './client.ts'
import { type CompressionName, compressionOf } from './codecs.ts'
import { kafkaFailure } from './errors.ts'
import { PartitionRecords } from './partition-records.ts'
import { preparedMessages } from './prepared.ts'
import { type BatchLimits, BatchMemory, type Encodings, RecordBatch, Scratch } from './record-batch.ts'

export interface WriterOptions {
  readonly client: KafkaClientOptions
  readonly idempotent: boolean
  readonly compression: CompressionName
  readonly limits: BatchLimits
  /** How long one send may take, all retries of kafkajs included, before its producer is given up for a new one. */
  readonly abandonMs: number
}

type Refused = (record: BridgeRecord, ticket: Ticket, item: number, failure: Failure) => void

/** Parts of a batch that still have to be stored or refused, kept between calls of `isolate`. */
interface Part {
  readonly topic: string
  readonly partition: number
  readonly records: PartitionRecords
}

/**
 * Writes batches with one kafkajs producer at a time.
 *
 * A producer whose send has failed is never used again: kafkajs takes the sequence numbers of a failed batch back,
 * and a different batch under the same numbers would be answered as a repeat and silently not written.
 */
export class KafkaWriter implements Writer<RecordBatch> {
  readonly #options: WriterOptions
  readonly #encodings: Encodings
  readonly #emit: Emit
  readonly #memory = new BatchMemory()
  readonly #scratch = new Scratch()
  #producer: Producer | null = null
  #ended = 0
  /** Counts the producers: one whose connect came too late is not taken. */
  #generation = 0
  /** Made with renewed credentials; it takes over between two sends. */
  #renewed: Producer | null = null
  #isSending = false
  #isolating: { readonly batch: RecordBatch; readonly parts: Part[] } | null = null

  constructor(options: WriterOptions, encodings: Encodings, emit: Emit) {
    this.#options = options
    this.#encodings = encodings
    this.#emit = emit
  }

  /** Sends that have ended, well or not. */
  get ended(): number {
    return this.#ended
  }

  newBatch(): RecordBatch {
    return new RecordBatch(this.#encodings, this.#memory, this.#scratch, this.#options.limits)
  }

  async write(batch: RecordBatch, mayGo: () => boolean = () => true): Promise<void> {
    await this.#send(batch.topics, this.#options.idempotent, mayGo)
  }

  async isolate(batch: RecordBatch, refused: Refused): Promise<void> {
    if (this.#isolating?.batch !== batch) {
      const parts: Part[] = []
      for (const [topic, partitions] of batch.topics) {
        for (const [partition, records] of partitions) parts.push({ topic, partition, records })
      }
      this.#isolating = { batch, parts }
    }
    const { parts } = this.#isolating
    for (let part = parts.at(-1); part !== undefined; part = parts.at(-1)) {
      const { records } = part
      try {
        await this.#send(
          new Map([[part.topic, new Map([[part.partition, records]])]]),
          // Every failure here would cost an idempotent producer, and repeats carry the same event id anyway.
          false,
          () => true,
        )
        parts.pop()
        for (const ticket of records.tickets) ticket.stored()
      } catch (error) {
        const failure = kafkaFailure(error)
        if (failure.kind !== 'malformed') throw failure
        const [ticket, item] = [records.tickets[0], records.items[0]]
        if (records.count === 1 && ticket !== undefined && item !== undefined) {
          refused(batch.recordAt(part.topic, records, 0), ticket, item, failure)
          parts.pop()
        } else {
          parts.pop()
          parts.push(...halves(part))
        }
      }
    }
    this.#isolating = null
  }

  /**
   * Makes a producer with the files of now, and gives up the old one when no send is under way. Rejects when it cannot
   * be made; the old one goes on then.
   */
  async renew(): Promise<void> {
    // The next one reads the files anyway.
    if (this.#producer === null) return
    const generation = this.#generation
    const connecting = this.#newProducer(this.#idempotentNow)
    const renewed = await withDeadline(connecting, this.#options.abandonMs, 'connecting to Kafka').catch((error) => {
      connecting.then(forget, () => undefined)
      throw kafkaFailure(error)
    })
    if (generation !== this.#generation) {
      forget(renewed)
      return
    }
    this.#renewed = renewed
    if (!this.#isSending) this.#takeRenewed()
  }

  /** Forgets the producer, politely. Never waits for it: kafkajs does not flush on disconnect. */
  async close(): Promise<void> {
    await this.#discard()
  }

  async #send(topics: RecordBatch['topics'], idempotent: boolean, mayGo: () => boolean): Promise<void> {
    const { abandonMs } = this.#options
    const compression = compressionOf(this.#options.compression)
    const now = systemClock.now()
    const topicMessages = [...topics].map(([topic, partitions]) => ({
      topic,
      messages: preparedMessages(partitions, now),
    }))
    this.#isSending = true
    try {
      const producer = await withDeadline(this.#connected(idempotent), abandonMs, 'connecting to Kafka')
      // Connecting may have taken as long as a machine sleeps.
      if (!mayGo()) throw new Failure('lost', 'abandoned', 'abandoned before it was written')
      const sending = producer.sendBatch({ acks: -1, compression, topicMessages })
      requireAnswers(topics, await withDeadline(sending, abandonMs, 'sending to Kafka'))
    } catch (error) {
      const failure = kafkaFailure(error)
      if (failure.kind === 'lost') throw failure
      await this.#discard()
      this.#emit({ event: 'kafka_producer_replaced', reason: `${failure.code}: ${failure.message}` })
      throw failure
    } finally {
      this.#ended += 1
      this.#isSending = false
      this.#takeRenewed()
    }
  }

  #idempotentNow = false

  async #connected(idempotent: boolean): Promise<Producer> {
    if (this.#producer !== null && this.#idempotentNow === idempotent) return this.#producer
    await this.#discard()
    const generation = this.#generation
    const producer = await this.#newProducer(idempotent)
    if (generation !== this.#generation) {
      forget(producer)
      throw new Failure('transient', 'timeout', 'connected too late')
    }
    this.#producer = producer
    this.#idempotentNow = idempotent
    return producer
  }

  async #newProducer(idempotent: boolean): Promise<Producer> {
    const kafka = await newKafka(this.#options.client, this.#emit)
    const producer = kafka.producer({
      idempotent,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // Few: a send that kafkajs retries for ever cannot be stopped, not even by disconnecting. Repeats by kafkajs
      // itself are dropped by sequence number, so a broker frozen for some request timeouts leaves no double.
      retry: { initialRetryTime: 50, maxRetryTime: 2000, retries: idempotent ? 6 : 2 },
    })
    await producer.connect()
    return producer
  }

  /** No send is under way: the order of the records does not suffer, and no answer is lost. */
  #takeRenewed(): void {
    const [old, renewed] = [this.#producer, this.#renewed]
    if (renewed === null) return
    this.#renewed = null
    this.#producer = renewed
    this.#generation += 1
    if (old !== null) forget(old)
  }

  async #discard(): Promise<void> {
    const given = [this.#producer, this.#renewed]
    this.#producer = null
    this.#renewed = null
    this.#generation += 1
    for (const producer of given) if (producer !== null) forget(producer)
    await Promise.resolve()
  }
}

/** A frozen broker would hold disconnect for ever; the object is dropped either way. */
function forget(producer: Producer): void {
  producer.disconnect().catch(() => undefined)
}

function halves({ topic, partition, records }: Part): Part[] {
  const middle = Math.ceil(records.count / 2)
  // The parts are a stack: the first half goes on top, so that the order stays.
  return [
    { topic, partition, records: slice(records, middle, records.count) },
    { topic, partition, records: slice(records, 0, middle) },
  ]
}

/** Some of the records of one partition, written anew: offsets and timestamps count from the first one. */
function slice(records: PartitionRecords, from: number, to: number): PartitionRecords {
  const part = new PartitionRecords()
  for (let i = from; i < to; i += 1) {
    const [ticket, item] = [records.tickets[i], records.items[i]]
    if (ticket === undefined || item === undefined) throw new RangeError(`no record ${i}`)
    const record = records.read(i)
    part.append(record, record.key, record.value, record.value?.length ?? 0, ticket, item)
  }
  return part
}
