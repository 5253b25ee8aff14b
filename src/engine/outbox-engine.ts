import type { Backoff } from '../kernel/backoff.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import type { Lane } from '../observe/watchdog.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import type { Bounds } from './command-ports.ts'
import { type OutboxPorts, OutboxWorker } from './outbox-worker.ts'
import { Ownership } from './ownership.ts'

export interface OutboxEnginePorts extends OutboxPorts {
  readonly source: OutboxPorts['source'] & {
    committed(): Promise<ReadonlyMap<number, { readonly offset: bigint }>>
    bounds(): Promise<ReadonlyMap<number, Bounds>>
    commit(offsets: ReadonlyMap<number, bigint>): Promise<void>
  }
  readonly publisher: OutboxPorts['publisher'] & { forget(isGone: (orderKey: string) => boolean): void }
  readonly emit: Emit
}

const commitEveryMs = 500

/** The outbox workers of the partitions that this process owns. */
export class OutboxEngine {
  readonly #ports: OutboxEnginePorts
  readonly #ownership: Ownership<OutboxWorker>
  readonly #timer: NodeJS.Timeout
  readonly #failed: (error: unknown) => void
  #mqttUp = false
  #committing = false

  constructor(ports: OutboxEnginePorts, backoff: () => Backoff, failed: (error: unknown) => void) {
    this.#ports = ports
    this.#failed = failed
    this.#ownership = new Ownership(
      (partitions) => this.#prepare(partitions),
      (worker) => worker.begin(this.#mqttUp),
      failed,
      backoff,
    )
    this.#timer = setInterval(() => {
      this.commit().catch(failed)
    }, commitEveryMs)
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
    const gone = new Set(partitions)
    this.#ownership.lose(partitions)
    this.#ports.publisher.forget((orderKey) => gone.has(Number.parseInt(orderKey, 10)))
  }

  records(messages: readonly KafkaMessage[], partition: number, next: bigint): void {
    this.#ownership.workerOf(partition)?.records(messages, next, (error) => {
      this.#ownership.setFault(partition, messageOf(error))
      this.#failed(error)
    })
  }

  mqtt(up: boolean): void {
    this.#mqttUp = up
    for (const worker of this.#ownership.workers) worker.mqtt(up)
  }

  async commit(): Promise<void> {
    if (this.#committing) return
    this.#committing = true
    try {
      const offsets = new Map<number, bigint>()
      for (const worker of this.#ownership.workers) {
        const offset = worker.toCommit()
        if (offset !== null) offsets.set(worker.partition, offset)
      }
      if (offsets.size === 0) return
      await this.#ports.source.commit(offsets)
      for (const [partition, offset] of offsets) this.#ownership.workerOf(partition)?.noteCommitted(offset)
    } catch (error) {
      // Tried again at the next tick; a partition that is lost by then is its new owner's affair.
      const code = error instanceof Failure ? error.code : 'unexpected'
      this.#ports.emit({ event: 'kafka_request_failed', code, error: messageOf(error) })
    } finally {
      this.#committing = false
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#ownership.close()
  }

  async #prepare(partitions: readonly number[]): Promise<ReadonlyMap<number, OutboxWorker>> {
    const [committed, bounds] = await Promise.all([this.#ports.source.committed(), this.#ports.source.bounds()])
    return new Map(
      partitions.map((p): [number, OutboxWorker] => {
        const low = bounds.get(p)?.low ?? 0n
        const offset = committed.get(p)?.offset ?? low
        return [p, new OutboxWorker(p, offset > low ? offset : low, this.#ports)]
      }),
    )
  }
}
