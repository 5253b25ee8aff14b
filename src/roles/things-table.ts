import type { Settings } from '../config/settings.ts'
import { apiKeyFault, type FleetRegistry, thingRecordFault } from '../fleet/registry.ts'
import { AvroReader } from '../kafka/avro-reader.ts'
import type { Registry } from '../kafka/registry.ts'
import { Table } from '../kafka/table.ts'
import { Backoff } from '../kernel/backoff.ts'
import { Failure } from '../kernel/failure.ts'
import { untilItWorks } from '../kernel/retry.ts'
import type { ChannelName } from '../records/catalogue.ts'
import { type Codec, codecOf } from '../records/codec.ts'
import type { ApiKeyRecord } from '../records/generated/api-key-record.ts'
import type { ThingRecord } from '../records/generated/thing-record.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { topicsOf } from '../records/topics.ts'
import { adminDeadlineMs, kafkaClientOptions } from './kafka-side.ts'
import type { RoleDeps } from './role.ts'

/** Reads a value whatever version it was written with; undefined when it never can be. Waits for the registry. */
export async function readAvro<T>(
  reader: AvroReader<T>,
  value: Uint8Array,
  settings: Settings,
  deps: Pick<RoleDeps, 'random'>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    const known = reader.readAtOnce(value)
    if (known !== undefined) return known
    return await untilItWorks(
      () => reader.read(value),
      new Backoff({ ...settings.registry.retry, random: deps.random }),
      // The registry has told of it already.
      () => undefined,
      signal,
    )
  } catch (error) {
    if (error instanceof Failure && error.kind === 'malformed') return undefined
    throw error
  }
}

/**
 * Keeps a view of a compacted topic: each process reads all of it. `take` gets the key and the value, null for a
 * tombstone; values that cannot be read are left out, their dead letter is the partition owner's affair.
 */
export class CompactedView<T> {
  readonly restored: Promise<void>
  readonly #table: Table

  constructor(
    channel: ChannelName,
    codec: Codec<T>,
    take: (key: string, value: T | null) => void,
    settings: Settings,
    schemas: Registry,
    deps: RoleDeps,
    signal: AbortSignal,
  ) {
    const reader = new AvroReader(codec, schemas)
    let done: () => void = () => undefined
    this.restored = new Promise((resolve, reject) => {
      done = resolve
      signal.addEventListener('abort', () => reject(new Failure('lost', 'stopped', 'asked to stop')), { once: true })
    })
    // Whoever does not wait for it must not be killed by its rejection.
    this.restored.catch(() => undefined)
    const apply = async (messages: readonly KafkaMessage[]): Promise<void> => {
      for (const { key, value } of messages) {
        if (key === null) continue
        const read = value === null ? null : await readAvro(reader, value, settings, deps, signal)
        if (read !== undefined) take(Buffer.from(key).toString('utf8'), read)
      }
    }
    this.#table = new Table(
      {
        client: kafkaClientOptions(settings),
        topic: topicsOf(settings)[channel],
        groupPrefix: settings.kafka.groupPrefix,
        maxWaitMs: settings.kafka.fetchMaxWaitMs,
        deadlineMs: adminDeadlineMs(settings),
      },
      { apply, restored: () => done() },
      new Backoff({ ...settings.kafka.retry, random: deps.random }),
      deps.emit,
    )
  }

  open(): void {
    this.#table.open()
  }

  /** Logs in to Kafka with the files of now. */
  async renew(): Promise<void> {
    await this.#table.renew()
  }

  /** Resolves when the records of this partition before this offset have been taken. */
  async reaches(partition: number, offset: bigint): Promise<void> {
    await this.#table.reaches(partition, offset)
  }

  async close(): Promise<void> {
    await this.#table.close()
  }
}

/** The registry of things, in full (fleets.md 8). */
export function thingsView(
  registry: FleetRegistry,
  settings: Settings,
  schemas: Registry,
  deps: RoleDeps,
  signal: AbortSignal,
): CompactedView<ThingRecord> {
  return new CompactedView(
    'thingRegistry',
    codecOf('ThingRecord'),
    (key, record) => {
      if (thingRecordFault(key, record) !== null) return
      if (record === null) registry.unregister(key)
      else registry.register(record)
    },
    settings,
    schemas,
    deps,
    signal,
  )
}

/** The API keys, in full. */
export function apiKeysView(
  registry: FleetRegistry,
  settings: Settings,
  schemas: Registry,
  deps: RoleDeps,
  signal: AbortSignal,
): CompactedView<ApiKeyRecord> {
  return new CompactedView(
    'apiKeyRegistry',
    codecOf('ApiKeyRecord'),
    (key, record) => {
      if (apiKeyFault(key, record) === null) registry.setApiKey(key, record)
    },
    settings,
    schemas,
    deps,
    signal,
  )
}
