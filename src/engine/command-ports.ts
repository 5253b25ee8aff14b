import type { CommandReading } from '../commands/command-request.ts'
import type { CommandRules } from '../commands/command-rules.ts'
import type { OutgoingMessage } from '../flow/outgoing-message.ts'
import type { Ticket } from '../flow/ticket.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { CommandStatus } from '../records/generated/command-status.ts'
import type { PresenceEvent } from '../records/generated/presence-event.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'

/** The topics of the command worker by what they are to it. All have the same number of partitions. */
export const commandInputs = ['command', 'commandReply', 'presence', 'commandStatus'] as const
export type CommandInput = (typeof commandInputs)[number]

export interface Bounds {
  readonly low: bigint
  readonly high: bigint
}

export interface Commit {
  readonly input: CommandInput
  readonly partition: number
  readonly offset: bigint
  readonly metadata: string
}

/** Where inputs come from and how far they are done with. */
interface CommandSource {
  /** Whether the partition is ours without doubt, at this moment. */
  owns(partition: number): boolean
  startAt(input: CommandInput, partition: number, offset: bigint): void
  pause(input: CommandInput, partition: number): void
  resume(input: CommandInput, partition: number): void
  commit(entries: readonly Commit[]): Promise<void>
  committed(input: CommandInput): Promise<ReadonlyMap<number, { readonly offset: bigint; readonly metadata: string }>>
  bounds(input: CommandInput): Promise<ReadonlyMap<number, Bounds>>
  offsetsAt(input: CommandInput, timestamp: number): Promise<ReadonlyMap<number, bigint>>
}

/**
 * Values as they were written, by whoever and with whichever version of the schema. A promise only where the registry
 * has to be asked first.
 */
export interface CommandReader {
  request(message: KafkaMessage): CommandReading | Promise<CommandReading>
  /** Null when it cannot be read. */
  status(message: KafkaMessage): CommandStatus | null | Promise<CommandStatus | null>
  presence(message: KafkaMessage): PresenceEvent | null | Promise<PresenceEvent | null>
}

export interface CommandPorts {
  readonly rules: CommandRules
  readonly source: CommandSource
  readonly reader: CommandReader
  readonly sink: { append(record: BridgeRecord, ticket: Ticket, item: number): void; kick(): void }
  readonly publisher: { send(message: OutgoingMessage): void; forget(isGone: (orderKey: string) => boolean): void }
  readonly clock: Clock
  readonly emit: Emit
  /** Of each of the topics. */
  readonly partitions: number
  /** Most requests of one partition in work; more are not read before some are done. */
  readonly maxPending: number
}
