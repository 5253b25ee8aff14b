import type { Settings } from '../config/settings.ts'
import { OutboxEngine } from '../engine/outbox-engine.ts'
import type { Sender } from '../flow/sender.ts'
import { AvroReader } from '../kafka/avro-reader.ts'
import { GroupSource } from '../kafka/group-source.ts'
import type { Registry } from '../kafka/registry.ts'
import { Backoff } from '../kernel/backoff.ts'
import { Publisher } from '../mqtt/publisher.ts'
import { codecOf } from '../records/codec.ts'
import { topicsOf } from '../records/topics.ts'
import { groupOptions } from './group-options.ts'
import { publishConnection } from './mqtt-connections.ts'
import type { RoleDeps } from './role.ts'
import { readAvro } from './things-table.ts'

/** Sends what the owners of things decided to publish. */
export interface FleetOutbox {
  readonly engine: OutboxEngine
  readonly group: GroupSource
  readonly publisher: Publisher
}

export function fleetOutbox(
  settings: Settings,
  partitions: number,
  sender: Sender,
  schemas: Registry,
  deps: RoleDeps,
  hooks: { readonly mqtt: (up: boolean) => void; readonly failed: (error: unknown) => void },
  signal: AbortSignal,
): FleetOutbox {
  const { kafka, mqtt, commands } = settings
  const { clock, emit, random } = deps
  const topic = topicsOf(settings).mqttOutbox
  const backoff = (): Backoff => new Backoff({ ...kafka.retry, random })
  const reader = new AvroReader(codecOf('OutboxRecord'), schemas)

  const publisher = new Publisher(
    {
      connection: publishConnection(settings, 'outbox'),
      maxInFlight: commands.maxInFlight,
      pubackTimeoutMs: commands.pubackTimeoutMs,
      reconnect: mqtt.reconnect,
    },
    {
      clock,
      emit,
      random,
      changed: (up) => {
        engine.mqtt(up)
        hooks.mqtt(up)
      },
      told: () => sender.kick(),
    },
  )
  const group = new GroupSource(
    groupOptions(settings, 'outbox', ['mqttOutbox'], partitions),
    {
      rebalancing: () => {
        engine.commit().catch(hooks.failed)
      },
      taken: (taken) => engine.taken(taken),
      lost: (lost) => engine.lost(lost),
      records: (messages, _topic, partition, next) => engine.records(messages, partition, next),
    },
    backoff(),
    emit,
  )
  const engine: OutboxEngine = new OutboxEngine(
    {
      source: {
        startAt: (partition, offset) => group.startAt(topic, partition, offset),
        pause: (partition) => group.pause(topic, partition),
        resume: (partition) => group.resume(topic, partition),
        committed: () => group.committed(topic),
        bounds: () => group.bounds(topic),
        commit: (offsets) =>
          group.commit([...offsets].map(([partition, offset]) => ({ topic, partition, offset, metadata: '' }))),
      },
      read: async ({ value }) => (value === null ? undefined : readAvro(reader, value, settings, deps, signal)),
      sink: sender,
      publisher,
      clock,
      counted: (records) => emit({ event: 'inputs_decided', input: 'kafka', messages: 1, received: records, ignored }),
      maxPending: commands.maxPendingPerPartition,
      emit,
    },
    backoff,
    hooks.failed,
  )
  return { engine, group, publisher }
}

const ignored: ReadonlyMap<string, number> = new Map()
