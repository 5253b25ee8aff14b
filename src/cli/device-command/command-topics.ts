import type { Settings } from '../../config/settings.ts'
import { AvroReader } from '../../kafka/avro-reader.ts'
import { newKafka } from '../../kafka/client.ts'
import { resolveEncodings } from '../../kafka/encodings.ts'
import { Registry } from '../../kafka/registry.ts'
import { TopicTail } from '../../kafka/topic-tail.ts'
import { partitionCounts } from '../../kafka/topics.ts'
import { KafkaWriter } from '../../kafka/writer.ts'
import { systemClock } from '../../kernel/clock.ts'
import { Failure } from '../../kernel/failure.ts'
import { codecOf } from '../../records/codec.ts'
import type { CommandRequest } from '../../records/generated/command-request.ts'
import type { CommandStatus } from '../../records/generated/command-status.ts'
import type { KafkaMessage } from '../../records/kafka-message.ts'
import { topicsOf } from '../../records/topics.ts'
import { adminDeadlineMs, kafkaClientOptions, writerOptions } from '../../roles/kafka-side.ts'

const quiet = (): void => undefined

/** The status topic, for a person who looks on. All calls reject with a Failure. */
export class StatusTopic {
  readonly tail: TopicTail
  readonly partitions: number
  readonly #reader: AvroReader<CommandStatus>

  static async open(settings: Settings): Promise<StatusTopic> {
    const topic = topicsOf(settings).commandStatus
    const kafka = await newKafka(kafkaClientOptions(settings), quiet)
    const deadlineMs = adminDeadlineMs(settings)
    const counts = await known(partitionCounts(kafka, [topic], deadlineMs))
    const { groupPrefix, fetchMaxWaitMs } = settings.kafka
    const tail = new TopicTail(kafka, { topic, groupPrefix, maxWaitMs: fetchMaxWaitMs, deadlineMs })
    const reader = new AvroReader(codecOf('CommandStatus'), new Registry(settings.registry, systemClock, quiet))
    return new StatusTopic(tail, counts.get(topic) ?? 0, reader)
  }

  private constructor(tail: TopicTail, partitions: number, reader: AvroReader<CommandStatus>) {
    this.tail = tail
    this.partitions = partitions
    this.#reader = reader
  }

  /** The statuses of records, without what can be read by nobody. */
  async read(messages: readonly KafkaMessage[]): Promise<readonly CommandStatus[]> {
    const statuses: CommandStatus[] = []
    for (const { value } of messages) {
      if (value === null) continue
      try {
        statuses.push(await this.#reader.read(value))
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== 'malformed') throw error
      }
    }
    return statuses
  }
}

/** Where commands are written to. */
export class CommandTopic {
  readonly #writer: KafkaWriter

  static async open(settings: Settings): Promise<CommandTopic> {
    const topics = topicsOf(settings)
    const kafka = await newKafka(kafkaClientOptions(settings), quiet)
    const counts = await known(partitionCounts(kafka, [topics.command], adminDeadlineMs(settings)))
    const registry = new Registry(settings.registry, systemClock, quiet)
    const encodings = await resolveEncodings(['command'], topics, counts, registry, settings.registry.register, quiet)
    return new CommandTopic(new KafkaWriter(writerOptions(settings), encodings, quiet))
  }

  private constructor(writer: KafkaWriter) {
    this.#writer = writer
  }

  /** Resolves when Kafka has stored them all (`acks=all`); `stored` is told how many of them, as they are. */
  async write(requests: readonly CommandRequest[], stored: (count: number) => void): Promise<void> {
    const ticket = { stored: () => undefined, refused: () => null }
    let batch = this.#writer.newBatch()
    let done = 0
    const flush = async (): Promise<void> => {
      if (batch.records === 0) return
      await this.#writer.write(batch)
      done += batch.records
      batch = this.#writer.newBatch()
      stored(done)
    }
    for (const request of requests) {
      const { deviceSn, requestedAt } = request
      const record = {
        channel: 'command',
        key: deviceSn,
        value: request,
        headers: null,
        timestamp: requestedAt,
      } as const
      if (batch.append(record, ticket, 0)) continue
      await flush()
      batch.append(record, ticket, 0)
    }
    await flush()
  }

  async close(): Promise<void> {
    await this.#writer.close()
  }
}

/** Names what to do about a topic that is not there: nothing here waits for it. */
async function known<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'unknown_topic') throw error
    throw new Failure('fatal', error.code, `there is no topic ${error.message}; create it with: bridge topics apply`)
  }
}
