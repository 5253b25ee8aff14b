import type { Settings } from '../config/settings.ts'
import { FleetEngine } from '../engine/fleet-engine.ts'
import { type FleetTopic, fleetTopics } from '../engine/fleet-ports.ts'
import type { FleetRegistry } from '../fleet/registry.ts'
import { AvroReader } from '../kafka/avro-reader.ts'
import { GroupSource } from '../kafka/group-source.ts'
import { type Encodings, Scratch } from '../kafka/record-batch.ts'
import type { Registry } from '../kafka/registry.ts'
import { Transactor } from '../kafka/transactor.ts'
import { Backoff } from '../kernel/backoff.ts'
import { catalogue } from '../records/catalogue.ts'
import { type Codec, codecOf } from '../records/codec.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { topicsOf } from '../records/topics.ts'
import type { DiskFolder } from '../store/disk-folder.ts'
import { ValuesInMemory } from '../store/values-in-memory.ts'
import { groupOptions } from './group-options.ts'
import { kafkaClientOptions } from './kafka-side.ts'
import type { RoleDeps } from './role.ts'
import { readAvro } from './things-table.ts'

/** The owner of things and jobs: inputs in, one transaction out. */
export interface FleetProcessor {
  readonly engine: FleetEngine
  readonly group: GroupSource
  /** Logs in to Kafka with the files of now; transactions that are under way are not disturbed. */
  renew(): Promise<void>
}

export function fleetProcessor(
  settings: Settings,
  encodings: Encodings,
  partitions: number,
  registry: FleetRegistry,
  registered: (partition: number, offset: bigint) => Promise<void>,
  schemas: Registry,
  store: DiskFolder | null,
  deps: RoleDeps,
  hooks: { readonly changed: () => void; readonly failed: (error: unknown) => void },
  signal: AbortSignal,
): FleetProcessor {
  const { kafka, fleet } = settings
  const { clock, emit, random } = deps
  const topics = topicsOf(settings)
  const topicOf = new Map<string, FleetTopic>(fleetTopics.map((topic) => [topics[topic], topic]))
  const backoff = (): Backoff => new Backoff({ ...kafka.retry, random })
  const scratch = new Scratch()
  const transactors = new Set<Transactor>()
  const options = groupOptions(settings, 'fleet', fleetTopics, partitions)

  const group = new GroupSource(
    options,
    {
      rebalancing: () => undefined,
      taken: (taken) => {
        engine.taken(taken)
        hooks.changed()
      },
      lost: (lost) => engine.lost(lost),
      records: (messages, topic, partition, next) => {
        const known = topicOf.get(topic)
        if (known !== undefined) engine.records(messages, known, partition, next)
      },
    },
    backoff(),
    emit,
  )
  const engine: FleetEngine = new FleetEngine(
    {
      settings: fleet,
      registry,
      registered,
      source: {
        owns: (partition) => group.owns(partition),
        startAt: (topic, partition, offset) => group.startAt(topics[topic], partition, offset),
        pause: (topic, partition) => group.pause(topics[topic], partition),
        resume: (topic, partition) => group.resume(topics[topic], partition),
        committed: (topic) => group.committed(topics[topic]),
        bounds: (topic) => group.bounds(topics[topic]),
        offsetsAt: (topic, timestamp) => group.offsetsAt(topics[topic], timestamp),
      },
      transactionsOf: (partition) => {
        const transactor = new Transactor(
          {
            client: kafkaClientOptions(settings),
            transactionalId: `${options.groupId}-${partition}`,
            compression: kafka.compression,
            maxBytesPerPartition: kafka.batchMaxBytes,
            transactionTimeoutMs: fleet.transactionTimeoutMs,
            deadlineMs: fleet.transactionTimeoutMs,
          },
          encodings,
          scratch,
          emit,
        )
        transactors.add(transactor)
        return {
          fence: () => transactor.fence(),
          close: async () => {
            transactors.delete(transactor)
            await transactor.close()
          },
          write: (records, offsets, how) => {
            const consumed = offsets.map(({ input, offset }) => ({ topic: topics[input], partition, offset }))
            return transactor.write(records, options.groupId, consumed, how)
          },
        }
      },
      newMemory: async () => (store === null ? new ValuesInMemory() : store.values()),
      read: fleetReader(schemas, settings, deps, signal),
      clock,
      emit,
      maxInputs: fleet.maxInputsPerTransaction,
      maxWaiting: 10 * fleet.maxInputsPerTransaction,
    },
    backoff,
    hooks,
  )
  const renew = async (): Promise<void> => {
    for (const each of [group, ...transactors]) await each.renew()
  }
  return { engine, group, renew }
}

function fleetReader(
  schemas: Registry,
  settings: Settings,
  deps: RoleDeps,
  signal: AbortSignal,
): (topic: FleetTopic, message: KafkaMessage) => Promise<object | undefined> {
  const readers = new Map<FleetTopic, AvroReader<object>>()
  for (const topic of fleetTopics) {
    const { schema } = catalogue[topic]
    if (schema !== null) readers.set(topic, new AvroReader(codecOf(schema) as Codec<object>, schemas))
  }
  return async (topic, { value }) => {
    const reader = readers.get(topic)
    return reader === undefined || value === null ? undefined : readAvro(reader, value, settings, deps, signal)
  }
}
