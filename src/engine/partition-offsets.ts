import { OffsetWindow } from '../flow/offset-window.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import type { CommandInput, Commit } from './command-ports.ts'

/** Inputs whose offsets are committed. The status topic is only read back. */
export type SettledInput = Exclude<CommandInput, 'commandStatus'>

/** How far behind the requests of a partition are. */
export interface Lag {
  /** Requests that are not finished with, read or not. */
  readonly records: number
  /** Since when the oldest of them is due, epoch milliseconds; null when there is none. */
  readonly since: number | null
}

/** How far the inputs of one partition are done with: what is in work, what may be committed, what is. */
export class PartitionOffsets {
  readonly #partition: number
  readonly #windows: Readonly<Record<SettledInput, OffsetWindow>>
  /** What was committed last, to commit only what changed. */
  readonly #committed = new Map<CommandInput, string>()
  /** Kafka timestamps of requests in work, by sequence number; for the lag. */
  readonly #ages = new Map<number, number>()
  #settled = 0
  /** Offset after the last request, when Kafka was asked last. */
  #end = 0n
  /** The first request that had not been read then, and when it was first seen there. */
  #unread: { readonly at: bigint; readonly since: number } | null = null

  /** `next` is the offset of the first input of each kind to come. */
  constructor(partition: number, next: Readonly<Record<SettledInput, bigint>>) {
    this.#partition = partition
    this.#windows = {
      command: new OffsetWindow(next.command),
      commandReply: new OffsetWindow(next.commandReply),
      presence: new OffsetWindow(next.presence),
    }
  }

  /** Inputs that have settled. */
  get settled(): number {
    return this.#settled
  }

  /** Inputs in work. */
  get pending(): number {
    const { command, commandReply, presence } = this.#windows
    return command.pending + commandReply.pending + presence.pending
  }

  get pendingRequests(): number {
    return this.#windows.command.pending
  }

  /**
   * Requests that are not read, because the broker is away or a window is full, lag too. Their timestamps are not known:
   * they count from the moment when they were first seen to be there.
   */
  lag(): Lag {
    const { next } = this.#windows.command
    let since = this.#unread?.at === next ? this.#unread.since : null
    for (const timestamp of this.#ages.values()) since = since === null ? timestamp : Math.min(since, timestamp)
    const end = this.#end > next ? this.#end : next
    return { records: Number(end - this.#windows.command.committable()), since }
  }

  /** Kafka says that the requests end here. */
  noteEnd(end: bigint, now: number): void {
    const { next } = this.#windows.command
    this.#end = end
    if (end <= next) this.#unread = null
    else if (this.#unread?.at !== next) this.#unread = { at: next, since: now }
  }

  /** An input is in work from now on. Inputs of one kind enter in the order of their offsets. Returns what settles it. */
  enter(input: SettledInput, { offset, timestamp }: KafkaMessage): number {
    const sequence = this.#windows[input].enter(BigInt(offset))
    if (input === 'command') this.#ages.set(sequence, timestamp)
    return sequence
  }

  /** Everything that the input caused is stored. */
  settle(input: SettledInput, sequence: number): void {
    this.#windows[input].settle(sequence)
    this.#settled += 1
    if (input === 'command') this.#ages.delete(sequence)
  }

  /** Everything before this offset has been read, also what was no record. */
  reached(input: SettledInput, next: bigint): void {
    this.#windows[input].reached(next)
  }

  /**
   * What has changed since the last call of `noteCommitted` and may be committed.
   * @param held the lowest request that must be read again by whoever comes after; noted with the commit
   */
  commits(held: bigint | null): readonly Commit[] {
    const entries = (['command', 'commandReply', 'presence'] as const).map((input): Commit => {
      const metadata = input === 'command' && held !== null ? `held=${held}` : ''
      return { input, partition: this.#partition, offset: this.#windows[input].committable(), metadata }
    })
    return entries.filter((entry) => this.#committed.get(entry.input) !== textOf(entry))
  }

  noteCommitted(entries: readonly Commit[]): void {
    for (const entry of entries) {
      if (entry.partition === this.#partition) this.#committed.set(entry.input, textOf(entry))
    }
  }
}

function textOf({ offset, metadata }: Commit): string {
  return `${offset} ${metadata}`
}
