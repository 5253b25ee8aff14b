import { type StateChannel, stateChannels } from '../fleet/state.ts'
import type { Backoff } from '../kernel/backoff.ts'
import { Failure } from '../kernel/failure.ts'
import type { Lane } from '../observe/watchdog.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import type { Bounds } from './command-ports.ts'
import { sumOf } from './fleet-measure.ts'
import {
  type FleetInput,
  type FleetPorts,
  type FleetTopic,
  type FleetTransactions,
  fleetInputs,
  type ThingMemory,
} from './fleet-ports.ts'
import { type FleetStart, FleetWorker } from './fleet-worker.ts'
import { Ownership } from './ownership.ts'
import { Refusals } from './refusals.ts'

const tickMs = 200
const retakeAfterMs = 500
const measureEveryMs = 1000
/** Answers to requests are remembered this long (fleets.md 2.8). */
const rememberResultsMs = 24 * 3_600_000

/** The workers of the partitions of things and jobs that this process owns. */
export class FleetEngine {
  readonly #ports: FleetPorts
  readonly #ownership: Ownership<FleetWorker>
  readonly #timer: NodeJS.Timeout
  readonly #changed: () => void
  /** By partition, for as long as it is ours. */
  readonly #refusals = new Map<number, Refusals>()
  #closed = false
  #measuredAt = 0

  /** `changed` is called when a worker goes live or ends; `failed` when a partition can never be taken up. */
  constructor(
    ports: FleetPorts,
    backoff: () => Backoff,
    hooks: { readonly changed: () => void; readonly failed: (error: unknown) => void },
  ) {
    this.#ports = ports
    this.#changed = hooks.changed
    this.#ownership = new Ownership(
      (partitions) => this.#prepare(partitions, hooks.failed),
      (worker) => worker.begin(),
      hooks.failed,
      backoff,
    )
    this.#timer = setInterval(() => {
      const now = ports.clock.now()
      for (const worker of this.#ownership.workers) worker.tick(now)
      this.#measure(now)
    }, tickMs)
  }

  get ready(): boolean {
    return this.#ownership.preparing === 0 && this.#ownership.workers.every((worker) => worker.isLive)
  }

  /** Why a partition of ours stands still; null when none does. */
  get fault(): string | null {
    return this.#ownership.fault
  }

  get pending(): number {
    return this.#ownership.workers.reduce((sum, worker) => sum + worker.pending, 0)
  }

  progress(): readonly Lane[] {
    return this.#ownership.workers.map((worker) => worker.progress())
  }

  taken(partitions: readonly number[]): void {
    this.#ownership.take(partitions)
  }

  lost(partitions: readonly number[]): void {
    this.#ownership.lose(partitions)
    for (const partition of partitions) this.#refusals.delete(partition)
  }

  records(messages: readonly KafkaMessage[], topic: FleetTopic, partition: number, next: bigint): void {
    this.#ownership.workerOf(partition)?.records(messages, topic, next)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#ownership.close()
  }

  #measure(now: number): void {
    if (Math.abs(now - this.#measuredAt) < measureEveryMs) return
    this.#measuredAt = now
    const measure = sumOf(this.#ownership.workers.map((worker) => worker.measure(now)))
    this.#ports.emit({ event: 'fleet_measured', ...measure, things: this.#ports.registry.size })
  }

  /** Fence first, then ask where to begin: what a former owner committed by then is seen, and later it cannot. */
  async #prepare(
    partitions: readonly number[],
    failed: (error: unknown) => void,
  ): Promise<ReadonlyMap<number, FleetWorker>> {
    const fenced = new Map<number, FleetTransactions>()
    const workers = new Map<number, FleetWorker>()
    const hooks = {
      live: this.#changed,
      failed: (worker: FleetWorker, failure: Failure) => this.#restart(worker, failure, failed),
    }
    try {
      await Promise.all(
        partitions.map(async (partition) => {
          const transactions = this.#ports.transactionsOf(partition)
          fenced.set(partition, transactions)
          await transactions.fence()
        }),
      )
      const starts = await this.#starts()
      for (const [partition, transactions] of fenced) {
        const refusals = this.#refusals.get(partition) ?? new Refusals()
        this.#refusals.set(partition, refusals)
        const memory = await this.#newMemory(partition)
        const start = starts(partition)
        workers.set(partition, new FleetWorker(partition, start, transactions, refusals, memory, this.#ports, hooks))
      }
      return workers
    } catch (error) {
      for (const worker of workers.values()) worker.end()
      for (const transactions of fenced.values()) await transactions.close()
      throw error
    }
  }

  /** Kafka's failures are told where they are met; this one is nobody else's. */
  async #newMemory(partition: number): Promise<ThingMemory> {
    try {
      return await this.#ports.newMemory()
    } catch (error) {
      if (error instanceof Failure) this.#tellRestart(partition, error)
      throw error
    }
  }

  #restart(worker: FleetWorker, failure: Failure, failed: (error: unknown) => void): void {
    const { partition } = worker
    if (failure.kind === 'fatal') {
      this.#ownership.setFault(partition, failure.message)
      failed(failure)
      return
    }
    this.#changed()
    this.#tellRestart(partition, failure)
    setTimeout(() => {
      // To take it again would shut out another process that owns it by now: a frozen one wakes up to this.
      if (this.#closed || !this.#ports.source.owns(partition)) return
      if (this.#ownership.workerOf(partition) === worker) this.#ownership.retake(partition)
    }, retakeAfterMs)
  }

  #tellRestart(partition: number, { code, message }: Failure): void {
    this.#ports.emit({ event: 'fleet_partition_restarted', partition, code, error: message })
  }

  async #starts(): Promise<(partition: number) => FleetStart> {
    const { source, clock } = this.#ports
    const [committed, inputs, state, results] = await Promise.all([
      Promise.all(fleetInputs.map(async (input) => [input, await source.committed(input)] as const)),
      Promise.all(fleetInputs.map(async (input) => [input, await source.bounds(input)] as const)),
      Promise.all(stateChannels.map(async (channel) => [channel, await source.bounds(channel)] as const)),
      source.offsetsAt('results', Math.max(0, clock.now() - rememberResultsMs)),
    ])
    const committedOf = new Map(committed)
    const boundsOf = new Map<FleetTopic, ReadonlyMap<number, Bounds>>([...inputs, ...state])
    const low = (topic: FleetTopic, p: number): bigint => boundsOf.get(topic)?.get(p)?.low ?? 0n
    return (p) => {
      const inputOffsets = fleetInputs.map((input): [FleetInput, bigint] => {
        const offset = committedOf.get(input)?.get(p)?.offset ?? low(input, p)
        return [input, offset > low(input, p) ? offset : low(input, p)]
      })
      const ranges = stateChannels.map((channel): [StateChannel, { from: bigint; end: bigint }] => {
        const end = boundsOf.get(channel)?.get(p)?.high ?? 0n
        const from = channel === 'results' ? (results.get(p) ?? end) : low(channel, p)
        return [channel, { from: from > low(channel, p) ? from : low(channel, p), end }]
      })
      const registry = boundsOf.get('thingRegistry')?.get(p)?.high ?? 0n
      const taken = committedOf.get('thingRegistry')?.get(p)?.offset ?? 0n
      return {
        // A topic that was created anew has less than was taken of its predecessor.
        registered: taken < registry ? taken : registry,
        inputs: Object.fromEntries(inputOffsets) as Record<FleetInput, bigint>,
        state: Object.fromEntries(ranges) as Record<StateChannel, { from: bigint; end: bigint }>,
      }
    }
  }
}
