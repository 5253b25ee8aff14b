import type { Settings } from '../config/settings.ts'
import type { SenderOptions } from '../flow/sender.ts'
import { KafkaAccess } from '../kafka/access.ts'
import type { KafkaClientOptions } from '../kafka/client.ts'
import { newKafka } from '../kafka/client.ts'
import { resolveEncodings } from '../kafka/encodings.ts'
import type { Encodings } from '../kafka/record-batch.ts'
import type { Registry } from '../kafka/registry.ts'
import { partitionCounts } from '../kafka/topics.ts'
import type { WriterOptions } from '../kafka/writer.ts'
import { Backoff } from '../kernel/backoff.ts'
import { untilItWorks } from '../kernel/retry.ts'
import type { ChannelName } from '../records/catalogue.ts'
import { topicsOf } from '../records/topics.ts'
import type { RoleDeps } from './role.ts'

/** What a role knows of Kafka when it starts. */
export interface KafkaSide {
  readonly encodings: Encodings
  /** Number of partitions by topic. */
  readonly partitions: ReadonlyMap<string, number>
}

export function writerOptions(settings: Settings): WriterOptions {
  const { kafka } = settings
  return {
    client: kafkaClientOptions(settings),
    idempotent: kafka.idempotent,
    compression: kafka.compression,
    limits: { maxRecords: kafka.batchMaxRecords, maxBytesPerPartition: kafka.batchMaxBytes },
    abandonMs: kafka.connectTimeoutMs + 8 * kafka.requestTimeoutMs,
  }
}

export function senderOptions({ kafka }: Settings): SenderOptions {
  return { gapMs: kafka.gapMs, stallMs: kafka.requestTimeoutMs / 2 }
}

export function kafkaClientOptions({ kafka }: Settings): KafkaClientOptions {
  return {
    brokers: kafka.brokers,
    clientId: kafka.clientId,
    connectTimeoutMs: kafka.connectTimeoutMs,
    requestTimeoutMs: kafka.requestTimeoutMs,
    access: new KafkaAccess(kafka.tls, kafka.sasl),
  }
}

/** A question that kafkajs has not answered after this long is asked again. */
export function adminDeadlineMs({ kafka }: Settings): number {
  return kafka.connectTimeoutMs + 2 * kafka.requestTimeoutMs
}

/**
 * Waits until the topics of these channels are there and their schemas are known. Says on `{role}.kafka` and
 * `{role}.registry` what it waits for. Rejects with a `fatal` Failure when the registry says no.
 */
export async function waitForEncodings(
  role: string,
  write: readonly ChannelName[],
  read: readonly ChannelName[],
  settings: Settings,
  registry: Registry,
  deps: RoleDeps,
  signal: AbortSignal,
): Promise<KafkaSide> {
  const { emit, ready, random } = deps
  const topics = topicsOf(settings)
  const kafka = await newKafka(kafkaClientOptions(settings), emit)
  const partitions = await untilItWorks(
    () =>
      partitionCounts(
        kafka,
        [...write, ...read].map((channel) => topics[channel]),
        adminDeadlineMs(settings),
      ),
    new Backoff({ ...settings.kafka.retry, random }),
    (failure) => {
      ready.say(`${role}.kafka`, false, failure.message)
      if (failure.code === 'unknown_topic') emit({ event: 'kafka_topics_missing', topics: failure.message.split(' ') })
      else emit({ event: 'kafka_unreachable', part: 'topics', code: failure.code, error: failure.message })
    },
    signal,
  )
  emit({ event: 'kafka_connected', part: 'topics', brokers: settings.kafka.brokers })
  ready.say(`${role}.kafka`, true, 'topics found')
  const encodings = await untilItWorks(
    () => resolveEncodings(write, topics, partitions, registry, settings.registry.register, emit),
    new Backoff({ ...settings.registry.retry, random }),
    (failure) => ready.say(`${role}.registry`, false, failure.message),
    signal,
  )
  emit({ event: 'registry_ready', subjects: write.length })
  ready.say(`${role}.registry`, true, 'schemas known')
  return { encodings, partitions }
}
