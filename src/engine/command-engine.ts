import type { Backoff } from '../kernel/backoff.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import { untilItWorks } from '../kernel/retry.ts'
import type { Lane } from '../observe/watchdog.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { partitionOfOrderKey } from './command-effects.ts'
import type { CommandInput, CommandPorts, Commit } from './command-ports.ts'
import { CommandTally } from './command-tally.ts'
import { type CommandStart, CommandWorker } from './command-worker.ts'

const tickMs = 200
const commitEveryMs = 1000
const askEveryMs = 5000

export interface EngineHooks {
  /** Whether every partition that was taken is being worked on; told whenever that may have changed. */
  ready(isReady: boolean): void
  /** The first thing that could not be done for a taken partition; only a bug gets here. */
  failed(error: unknown): void
}

/** The command workers of the partitions that this process owns: they come and go with the partitions. */
export class CommandEngine {
  readonly #ports: CommandPorts
  readonly #backoff: () => Backoff
  readonly #hooks: EngineHooks
  readonly #tally: CommandTally
  readonly #workers = new Map<number, CommandWorker>()
  /** Ends the preparation of partitions that were lost meanwhile. */
  readonly #preparing = new Map<number, AbortController>()
  /** Partitions that were lost while statuses of ours were on their way to Kafka. */
  readonly #ending = new Map<number, Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #mqttUp = false
  #isStopping = false
  #commits: Promise<void> = Promise.resolve()
  #lastCommit = 0
  #lastAsked = 0
  #isAsking = false
  /** Since when partitions are being prepared; null when all are being worked on. */
  #restoringSince: number | null = null

  constructor(ports: CommandPorts, backoff: () => Backoff, hooks: EngineHooks) {
    this.#ports = ports
    this.#backoff = backoff
    this.#hooks = hooks
    this.#tally = new CommandTally(ports.emit)
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  /** Inputs and publications that are not done with. */
  get pending(): number {
    let pending = 0
    for (const worker of this.#workers.values()) pending += worker.pending
    return pending
  }

  progress(): readonly Lane[] {
    return [...this.#workers.values()].map((worker) => worker.progress())
  }

  /** These partitions are ours. None: this process stands by, and that is all it has to do. */
  taken(partitions: readonly number[]): void {
    const stop = new AbortController()
    for (const partition of partitions) this.#preparing.set(partition, stop)
    if (partitions.length > 0) this.#restoringSince ??= this.#ports.clock.now()
    this.#tellReady()
    if (partitions.length === 0) return
    this.#prepare(partitions, stop.signal).then(
      (starts) => {
        for (const [partition, start] of starts) {
          if (this.#preparing.get(partition) !== stop) continue
          this.#preparing.delete(partition)
          const worker = new CommandWorker(partition, start, this.#ports, this.#tally, {
            live: () => this.#tellReady(),
            decided: () => this.decided(),
          })
          this.#workers.set(partition, worker)
          worker.begin(this.#mqttUp && !this.#isStopping)
        }
      },
      (error: unknown) => {
        if (!(error instanceof Failure) || error.kind !== 'lost') this.#hooks.failed(error)
      },
    )
  }

  /** These are not ours any more. `abandoned`: what was not stored is dropped, and this tells when that is done. */
  lost(partitions: readonly number[], abandoned: Promise<void> | null): void {
    const gone = new Set(partitions)
    for (const partition of partitions) {
      this.#abandon(partition)
      const worker = this.#workers.get(partition)
      if (worker === undefined) continue
      this.#workers.delete(partition)
      const stored = worker.end()
      this.#ending.set(partition, abandoned ?? stored)
    }
    // Dropped with the rest: what partitions had not stored that were lost before. Nothing would tell of it any more.
    if (abandoned !== null) for (const partition of this.#ending.keys()) this.#ending.set(partition, abandoned)
    this.#ports.publisher.forget((orderKey) => gone.has(partitionOfOrderKey(orderKey)))
    this.#tellReady()
  }

  records(messages: readonly KafkaMessage[], input: CommandInput, partition: number, next: bigint): void {
    this.#workers.get(partition)?.records(messages, input, next)
  }

  /** A run of inputs, or of the broker's answers, is decided: what it caused may go. */
  decided(): void {
    this.#tally.tell()
    this.#ports.sink.kick()
  }

  mqtt(up: boolean): void {
    this.#mqttUp = up
    for (const worker of this.#workers.values()) worker.mqtt(up && !this.#isStopping)
  }

  /** Commits what is done. Called from time to time, when the group rebalances, and once more before leaving. */
  async commit(): Promise<void> {
    // One after the other: the last one must not be left out because another is under way.
    this.#commits = this.#commits.then(() => this.#commit())
    await this.#commits
  }

  /** Stops reading requests, also when the broker comes back; what is in work goes on. */
  stopReading(): void {
    this.#isStopping = true
    this.mqtt(this.#mqttUp)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const stop of this.#preparing.values()) stop.abort()
  }

  /** Where the partitions begin, as soon as Kafka can tell and nothing that we decided for them before is missing there. */
  async #prepare(partitions: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, CommandStart>> {
    await Promise.all(
      partitions.map(async (partition) => {
        const ending = this.#ending.get(partition)
        await ending
        // Else it was ours again meanwhile, and lost once more.
        if (this.#ending.get(partition) === ending) this.#ending.delete(partition)
      }),
    )
    return untilItWorks(
      () => this.#starts(partitions),
      this.#backoff(),
      () => undefined,
      signal,
    )
  }

  /** Other partitions may be prepared together with this one: they go on. */
  #abandon(partition: number): void {
    const stop = this.#preparing.get(partition)
    this.#preparing.delete(partition)
    if (stop !== undefined && ![...this.#preparing.values()].includes(stop)) stop.abort()
  }

  #tellReady(): void {
    const isReady = this.#preparing.size === 0 && [...this.#workers.values()].every((worker) => worker.isLive)
    if (isReady && this.#restoringSince !== null) {
      const durationMs = this.#ports.clock.now() - this.#restoringSince
      this.#restoringSince = null
      const partitions = this.#workers.size
      this.#ports.emit({ event: 'commands_restored', partitions, ...this.#counts(), durationMs })
    }
    this.#hooks.ready(isReady)
  }

  async #commit(): Promise<void> {
    try {
      const workers = [...this.#workers.values()]
      const entries: Commit[] = workers.flatMap((worker) => [...worker.commits()])
      if (entries.length === 0) return
      await this.#ports.source.commit(entries)
      for (const worker of workers) worker.noteCommitted(entries)
    } catch (error) {
      // Tried again at the next tick; a partition that is lost by then is its new owner's affair.
      const code = error instanceof Failure ? error.code : 'unexpected'
      this.#ports.emit({ event: 'kafka_request_failed', code, error: messageOf(error) })
    }
  }

  #tick(): void {
    const now = this.#ports.clock.now()
    for (const worker of this.#workers.values()) worker.tick(now)
    if (Math.abs(now - this.#lastCommit) < commitEveryMs) return
    this.#lastCommit = now
    this.#tellLag(now)
    this.#askForEnds(now).catch((error: unknown) => this.#hooks.failed(error))
    this.commit().catch((error: unknown) => this.#hooks.failed(error))
  }

  #tellLag(now: number): void {
    let oldest = now
    let lagRecords = 0
    for (const worker of this.#workers.values()) {
      const { records, since } = worker.lag()
      lagRecords += records
      oldest = Math.min(oldest, since ?? now)
    }
    const lagSeconds = (now - oldest) / 1000
    this.#ports.emit({ event: 'commands_measured', lagSeconds, lagRecords, ...this.#counts() })
  }

  /** What is not read tells nothing of itself: while the broker is away, only Kafka knows how much has come. */
  async #askForEnds(now: number): Promise<void> {
    if (this.#workers.size === 0 || this.#isAsking || Math.abs(now - this.#lastAsked) < askEveryMs) return
    this.#isAsking = true
    this.#lastAsked = now
    try {
      const bounds = await this.#ports.source.bounds('command')
      for (const [partition, worker] of this.#workers) {
        const its = bounds.get(partition)
        if (its !== undefined) worker.noteBounds(its, now)
      }
    } catch (error) {
      // Asked again soon; that Kafka does not answer is said elsewhere.
      if (!(error instanceof Failure)) throw error
    } finally {
      this.#isAsking = false
    }
  }

  #counts(): { known: number; waiting: number } {
    let known = 0
    let waiting = 0
    for (const worker of this.#workers.values()) {
      const counts = worker.counts()
      known += counts.known
      waiting += counts.waiting
    }
    return { known, waiting }
  }

  /** Where each partition has to begin, by what is committed and how long commands are known. */
  async #starts(partitions: readonly number[]): Promise<ReadonlyMap<number, CommandStart>> {
    const { source, clock, rules } = this.#ports
    // A command is known while it waits, and for some time after its last status.
    const horizon = Math.max(0, clock.now() - Math.max(rules.rememberMs, rules.waitMs))
    const [statusFrom, status, command, commands, replies, reports, reply, presence] = await Promise.all([
      source.offsetsAt('commandStatus', horizon),
      source.bounds('commandStatus'),
      source.bounds('command'),
      source.committed('command'),
      source.committed('commandReply'),
      source.committed('presence'),
      source.bounds('commandReply'),
      source.bounds('presence'),
    ])
    return new Map(
      partitions.map((p): [number, CommandStart] => {
        const first = command.get(p)?.low ?? 0n
        const end = command.get(p)?.high ?? 0n
        const noted = commands.get(p)
        // Behind the end: the topic was made anew, or has lost its end. What is noted says nothing about this one.
        const counts = noted !== undefined && noted.offset <= end
        const next = counts ? largest(noted.offset, first) : first
        const held = counts ? /^held=(\d+)$/.exec(noted.metadata)?.[1] : undefined
        return [
          p,
          {
            statusFrom: largest(statusFrom.get(p) ?? 0n, status.get(p)?.low ?? 0n),
            statusEnd: status.get(p)?.high ?? 0n,
            held: held === undefined ? next : largest(BigInt(held), first),
            command: next,
            commandEnd: end,
            commandReply: largest(replies.get(p)?.offset ?? 0n, reply.get(p)?.low ?? 0n),
            // A group that begins has nothing that waits: old reports mean nothing to it.
            presence: largest(reports.get(p)?.offset ?? presence.get(p)?.high ?? 0n, presence.get(p)?.low ?? 0n),
          },
        ]
      }),
    )
  }
}

function largest(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}
