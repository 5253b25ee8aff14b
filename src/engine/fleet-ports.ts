import type { KeptThings } from '../fleet/kept-things.ts'
import type { FleetRegistry } from '../fleet/registry.ts'
import type { FleetSettings } from '../fleet/settings.ts'
import { stateChannels } from '../fleet/state.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import type { Bounds } from './command-ports.ts'

/** What the owner of a partition of things and jobs takes as inputs. */
export const fleetInputs = [
  'thingRegistry',
  'thingInbox',
  'jobInbox',
  'shadowRequests',
  'commandRequests',
  'jobRequests',
] as const
export type FleetInput = (typeof fleetInputs)[number]

/** Everything it reads: its inputs, and its own state at the start. One number of partitions for all. */
export const fleetTopics = [...fleetInputs, ...stateChannels] as const
export type FleetTopic = (typeof fleetTopics)[number]

export interface InputOffset {
  readonly input: FleetInput
  readonly offset: bigint
}

/** The transactions of one partition. */
export interface FleetTransactions {
  /** Shuts out every former owner. */
  fence(): Promise<void>
  /** Writes records and consumed offsets, all or nothing. `singly`: no record shares its batch with another. */
  write(records: readonly BridgeRecord[], offsets: readonly InputOffset[], how: 'together' | 'singly'): Promise<void>
  close(): Promise<void>
}

/** The memory for the things of one partition, which may be larger than that of the process. */
export interface ThingMemory extends KeptThings {
  /** To be awaited after each piece of work: makes room for the next one. */
  settle(): Promise<void>
  /** The partition is over. Never rejects. */
  close(): Promise<void>
}

interface FleetSource {
  /** Whether the partition is ours without doubt, also right after the process was frozen. */
  owns(partition: number): boolean
  startAt(topic: FleetTopic, partition: number, offset: bigint): void
  pause(topic: FleetTopic, partition: number): void
  resume(topic: FleetTopic, partition: number): void
  committed(topic: FleetInput): Promise<ReadonlyMap<number, { readonly offset: bigint }>>
  bounds(topic: FleetTopic): Promise<ReadonlyMap<number, Bounds>>
  offsetsAt(topic: FleetTopic, timestamp: number): Promise<ReadonlyMap<number, bigint>>
}

export interface FleetPorts {
  readonly settings: FleetSettings
  /** All things, kept by a table of its own. */
  readonly registry: FleetRegistry
  /** Resolves when that table has the records of this partition of its topic before this offset. */
  readonly registered: (partition: number, offset: bigint) => Promise<void>
  readonly source: FleetSource
  readonly transactionsOf: (partition: number) => FleetTransactions
  /** An empty one for each owner of a partition: it is filled from Kafka. */
  readonly newMemory: () => Promise<ThingMemory>
  /** The Avro value; undefined when it can never be read. Waits for the registry. Not for tombstones. */
  readonly read: (topic: FleetTopic, message: KafkaMessage) => Promise<object | undefined>
  readonly clock: Clock
  readonly emit: Emit
  /** Inputs of one transaction at most. */
  readonly maxInputs: number
  /** Inputs that wait in memory before no more are read. */
  readonly maxWaiting: number
}
