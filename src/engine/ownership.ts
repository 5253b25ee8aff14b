import type { Backoff } from '../kernel/backoff.ts'
import { Failure } from '../kernel/failure.ts'
import { untilItWorks } from '../kernel/retry.ts'

export interface OwnedWorker {
  /** The partition is not ours any more. */
  end(): void
}

/**
 * Which partitions this process owns, and the worker of each. Taking one needs questions to Kafka that may fail for a
 * while; they are asked again until the partition is lost.
 */
export class Ownership<Worker extends OwnedWorker> {
  readonly #prepare: (partitions: readonly number[]) => Promise<ReadonlyMap<number, Worker>>
  readonly #begin: (worker: Worker) => void
  readonly #failed: (failure: unknown) => void
  readonly #backoff: () => Backoff
  readonly #workers = new Map<number, Worker>()
  /** Partitions that are being prepared, and what ends that. */
  readonly #preparing = new Map<number, AbortController>()
  /** Why a partition that is ours cannot be worked on, until a person changes something. */
  readonly #faults = new Map<number, string>()

  /**
   * `prepare` builds the workers of some partitions; what it rejects with as `transient` is tried again, anything
   * else goes to `failed`. `begin` is called when a worker is registered.
   */
  constructor(
    prepare: (partitions: readonly number[]) => Promise<ReadonlyMap<number, Worker>>,
    begin: (worker: Worker) => void,
    failed: (failure: unknown) => void,
    backoff: () => Backoff,
  ) {
    this.#prepare = prepare
    this.#begin = begin
    this.#failed = failed
    this.#backoff = backoff
  }

  get workers(): readonly Worker[] {
    return [...this.#workers.values()]
  }

  /** Partitions that are taken and have no worker yet. */
  get preparing(): number {
    return this.#preparing.size
  }

  /** Why one of our partitions stands still; null when none does. */
  get fault(): string | null {
    return this.#faults.values().next().value ?? null
  }

  /** The partition stands still for as long as it is ours. */
  setFault(partition: number, reason: string): void {
    if (this.#workers.has(partition)) this.#faults.set(partition, reason)
  }

  workerOf(partition: number): Worker | undefined {
    return this.#workers.get(partition)
  }

  take(partitions: readonly number[]): void {
    if (partitions.length === 0) return
    const stop = new AbortController()
    for (const partition of partitions) this.#preparing.set(partition, stop)
    untilItWorks(
      () => this.#prepare(partitions.filter((partition) => this.#preparing.get(partition) === stop)),
      this.#backoff(),
      () => undefined,
      stop.signal,
    ).then(
      (workers) => {
        for (const [partition, worker] of workers) {
          if (this.#preparing.get(partition) !== stop) {
            worker.end()
            continue
          }
          this.#preparing.delete(partition)
          this.#workers.set(partition, worker)
          this.#begin(worker)
        }
      },
      (error: unknown) => {
        if (!(error instanceof Failure) || error.kind !== 'lost') this.#failed(error)
      },
    )
  }

  /** They are not ours any more. */
  lose(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#preparing.delete(partition)
      this.#faults.delete(partition)
      this.#workers.get(partition)?.end()
      this.#workers.delete(partition)
    }
  }

  /** The worker of a partition that is still ours has to start over. */
  retake(partition: number): void {
    this.lose([partition])
    this.take([partition])
  }

  close(): void {
    this.lose([...this.#workers.keys(), ...this.#preparing.keys()])
  }
}
