import type { Settings } from '../config/settings.ts'
import { installCodecs } from '../kafka/codecs.ts'
import { resolveEncodings } from '../kafka/encodings.ts'
import { Registry } from '../kafka/registry.ts'
import { KafkaWriter } from '../kafka/writer.ts'
import { systemClock } from '../kernel/clock.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { ChannelName } from '../records/catalogue.ts'
import { topicsOf } from '../records/topics.ts'
import { writerOptions } from '../roles/kafka-side.ts'
import { knownTopics } from './known-topics.ts'

const quiet = (): void => undefined

/** Writes an operator's records to a topic. All calls reject with a Failure. */
export class ChannelWriter {
  readonly #writer: KafkaWriter

  static async open(settings: Settings, channel: ChannelName): Promise<ChannelWriter> {
    installCodecs()
    const topics = topicsOf(settings)
    const counts = await knownTopics(settings, [channel])
    const registry = new Registry(settings.registry, systemClock, quiet)
    const encodings = await resolveEncodings([channel], topics, counts, registry, settings.registry.register, quiet)
    return new ChannelWriter(new KafkaWriter(writerOptions(settings), encodings, quiet))
  }

  private constructor(writer: KafkaWriter) {
    this.#writer = writer
  }

  /** Resolves when Kafka has stored them all (`acks=all`); `stored` is told how many of them, as they are. */
  async write(records: readonly BridgeRecord[], stored: (count: number) => void): Promise<void> {
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
    for (const record of records) {
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
