import type { Settings } from '../config/settings.ts'
import { FleetRegistry } from '../fleet/registry.ts'
import { Sender } from '../flow/sender.ts'
import type { Registry } from '../kafka/registry.ts'
import { KafkaWriter } from '../kafka/writer.ts'
import { Backoff } from '../kernel/backoff.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { messageOf } from '../kernel/failure.ts'
import { Releasers } from '../kernel/releasers.ts'
import { DiskFolder } from '../store/disk-folder.ts'
import { fleetChannels } from './channels.ts'
import { type FleetOutbox, fleetOutbox } from './fleet-outbox.ts'
import { type FleetProcessor, fleetProcessor } from './fleet-processor.ts'
import { coPartitionCount } from './group-options.ts'
import { senderOptions, waitForEncodings, writerOptions } from './kafka-side.ts'
import { watchSink, watchWork } from './progress.ts'
import type { RenewedServer, Role, RoleDeps } from './role.ts'
import { thingsView } from './things-table.ts'

/** Conditions of readiness that this role speaks for. */
export const fleetConditions = ['fleet.kafka', 'fleet.registry', 'fleet.restored', 'fleet.mqtt'] as const

/** Things and jobs: the processor that decides, and the outbox that publishes. */
export class FleetRole implements Role {
  readonly name = 'fleet'
  readonly #settings: Settings
  readonly #registry: Registry
  readonly #deps: RoleDeps
  readonly #stop = new AbortController()
  readonly #releasers = new Releasers()
  #processor: FleetProcessor | null = null
  #outbox: FleetOutbox | null = null
  #sender: Sender | null = null
  /** What has connections to Kafka. */
  readonly #kafka: { renew(): Promise<void> }[] = []

  constructor(settings: Settings, registry: Registry, deps: RoleDeps) {
    this.#settings = settings
    this.#registry = registry
    this.#deps = deps
  }

  async open(): Promise<void> {
    const { clock, random, ready, emit } = this.#deps
    const { signal } = this.#stop
    const store = await this.#openStore()
    const { encodings, partitions } = await waitForEncodings(
      this.name,
      fleetChannels.writes,
      fleetChannels.reads,
      this.#settings,
      this.#registry,
      this.#deps,
      signal,
    )
    const count = coPartitionCount(fleetChannels.reads, this.#settings, partitions)

    const things = new FleetRegistry(this.#settings.fleet)
    const view = thingsView(things, this.#settings, this.#registry, this.#deps, signal)
    this.#releasers.add('things', () => view.close())
    view.open()
    await view.restored

    const writer = new KafkaWriter(writerOptions(this.#settings), encodings, emit)
    this.#releasers.add('kafka writer', () => writer.close())
    const backoff = new Backoff({ ...this.#settings.kafka.retry, random })
    const sender = new Sender(senderOptions(this.#settings), {
      writer,
      clock,
      emit,
      backoff,
      settled: () => undefined,
      // What it writes is the same whoever writes it.
      beforeWrite: () => undefined,
    })
    this.#sender = sender
    this.#releasers.add('sender', () => sender.close())
    this.#deps.conservation.pendingFrom(() => sender.pending)
    watchSink(this.name, this.#settings, sender, writer, this.#deps)

    const failed = (error: unknown): void => {
      emit({ event: 'unexpected_error', where: 'fleet', error: messageOf(error) })
      ready.say('fleet.restored', false, messageOf(error))
    }
    const processor = fleetProcessor(
      this.#settings,
      encodings,
      count,
      things,
      (partition, offset) => view.reaches(partition, offset),
      this.#registry,
      store,
      this.#deps,
      { changed: () => this.#changed(), failed },
      signal,
    )
    this.#processor = processor
    const mqtt = (up: boolean): void => ready.say('fleet.mqtt', up, up ? 'connected' : 'not connected')
    const outbox = fleetOutbox(this.#settings, count, sender, this.#registry, this.#deps, { mqtt, failed }, signal)
    this.#outbox = outbox
    // A transaction has its deadline, a publication too.
    const patienceMs = 2 * Math.max(this.#settings.fleet.transactionTimeoutMs, this.#settings.commands.pubackTimeoutMs)
    const progress = () => [...processor.engine.progress(), ...outbox.engine.progress()]
    watchWork(this.name, 'fleet_worker', patienceMs, progress, this.#deps)
    this.#releasers.add('mqtt connection', () => outbox.publisher.close(1000))
    this.#releasers.add('outbox', () => outbox.engine.close())
    this.#releasers.add('processor', () => processor.engine.close())
    this.#releasers.add('outbox group', () => outbox.group.close())
    this.#releasers.add('processor group', () => processor.group.close())
    this.#kafka.push(view, writer, processor, outbox.group)
    outbox.publisher.open()
    processor.group.open()
    outbox.group.open()
  }

  pending(): number {
    return (this.#processor?.engine.pending ?? 0) + (this.#outbox?.engine.pending ?? 0)
  }

  sessions(): readonly string[] {
    return []
  }

  async renew(server: RenewedServer): Promise<void> {
    if (server === 'mqtt') await this.#outbox?.publisher.renew()
    if (server === 'kafka') for (const each of this.#kafka) await each.renew()
  }

  async drain(graceMs: number): Promise<void> {
    const { emit } = this.#deps
    this.#stop.abort()
    const [outbox, sender] = [this.#outbox, this.#sender]
    if (outbox !== null && sender !== null) {
      emit({ event: 'drain_step', step: 'fleet: waiting for the answers of the broker', pending: this.pending() })
      outbox.engine.mqtt(false)
      await withDeadline(this.#quiet(outbox, sender), (graceMs * 3) / 4, 'draining').catch(() => {
        emit({ event: 'drain_cut', held: ['publications'], pending: this.pending() })
      })
      await withDeadline(outbox.engine.commit(), graceMs / 8, 'committing').catch(() => undefined)
    }
    await this.#releasers.releaseAll()
  }

  async #openStore(): Promise<DiskFolder | null> {
    const { cacheThings, folder } = this.#settings.fleet.store
    if (folder === null) return null
    const store = new DiskFolder(folder, cacheThings)
    await store.open()
    this.#releasers.add('local store', () => store.close())
    return store
  }

  async #quiet({ publisher }: FleetOutbox, sender: Sender): Promise<void> {
    while (publisher.size > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await sender.drained()
  }

  #changed(): void {
    const isReady = this.#processor?.engine.ready ?? false
    const fault = this.#processor?.engine.fault ?? this.#outbox?.engine.fault ?? null
    const reason = isReady ? 'state is read back' : 'reading state back'
    this.#deps.ready.say('fleet.restored', isReady && fault === null, fault ?? reason)
  }
}
