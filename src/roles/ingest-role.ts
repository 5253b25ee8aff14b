import { randomUUID } from 'node:crypto'
import type { Settings } from '../config/settings.ts'
import { DeviceRegistry } from '../device/device-registry.ts'
import { FleetRegistry } from '../fleet/registry.ts'
import { Pump } from '../flow/pump.ts'
import { Sender } from '../flow/sender.ts'
import type { Registry } from '../kafka/registry.ts'
import { KafkaWriter } from '../kafka/writer.ts'
import { Backoff } from '../kernel/backoff.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Releasers } from '../kernel/releasers.ts'
import { IngestSource } from '../mqtt/ingest-source.ts'
import { RetainedSnapshot } from '../mqtt/retained-snapshot.ts'
import type { BridgeEvent } from '../observe/events/event.ts'
import { compileIngest } from '../routes/ingest.ts'
import { watchBrokerQueues } from './broker-queues.ts'
import { ingestChannels, ingestThingChannels } from './channels.ts'
import { DeviceTable } from './device-table.ts'
import { ingestDecider, type ThingsOfIngest } from './ingest-decider.ts'
import { senderOptions, waitForEncodings, writerOptions } from './kafka-side.ts'
import { sessionsOfSlot, snapshotConnection } from './mqtt-connections.ts'
import { OrphanSlots } from './orphan-slots.ts'
import { watchSink, watchWork } from './progress.ts'
import type { RenewedServer, Role, RoleDeps } from './role.ts'
import { thingsView } from './things-table.ts'

/** Conditions of readiness that this role speaks for. */
export const ingestConditions = ['ingest.kafka', 'ingest.registry', 'ingest.devices', 'ingest.mqtt'] as const

/** Read deliveries of EMQX, turn them into records, write them to Kafka, acknowledge. */
export class IngestRole implements Role {
  readonly name = 'ingest'
  readonly #settings: Settings
  readonly #registry: Registry
  readonly #deps: RoleDeps
  readonly #stop = new AbortController()
  readonly #releasers = new Releasers()
  #source: IngestSource | null = null
  #sender: Sender | null = null
  #snapshot: RetainedSnapshot | null = null
  #things: ThingsOfIngest | null = null
  #orphans: OrphanSlots | null = null
  /** What has connections to Kafka. */
  readonly #kafka: { renew(): Promise<void> }[] = []

  constructor(settings: Settings, registry: Registry, deps: RoleDeps) {
    this.#settings = settings
    this.#registry = registry
    this.#deps = deps
  }

  async open(): Promise<void> {
    const { clock, random, ready } = this.#deps
    const { kafka, mqtt, fleet } = this.#settings
    const { signal } = this.#stop
    watchBrokerQueues(this.#settings, this.#deps, this.#releasers)
    const channels = fleet.enabled ? [ingestChannels, ingestThingChannels] : [ingestChannels]
    const { encodings } = await waitForEncodings(
      this.name,
      channels.flatMap(({ writes }) => writes),
      channels.flatMap(({ reads }) => reads),
      this.#settings,
      this.#registry,
      this.#deps,
      signal,
    )

    const devices = new DeviceRegistry(this.#settings)
    const table = new DeviceTable(this.#settings, this.#registry, devices, this.#deps, signal)
    this.#releasers.add('device table', () => table.close())
    this.#kafka.push(table)
    table.open()
    await Promise.all([table.restored, this.#openThings(signal)])
    ready.say('ingest.devices', true, 'read to its end')

    const writer = new KafkaWriter(writerOptions(this.#settings), encodings, this.#emit)
    this.#releasers.add('kafka writer', () => writer.close())
    this.#kafka.push(writer)
    const sender = new Sender(senderOptions(this.#settings), {
      // A repeat has the same event id, so a late one does no harm.
      beforeWrite: () => undefined,
      writer,
      clock,
      emit: this.#emit,
      backoff: new Backoff({ ...kafka.retry, random }),
      settled: () => {
        this.#source?.flush()
        this.#snapshot?.flush()
      },
    })
    this.#sender = sender
    this.#releasers.add('sender', () => sender.close())
    this.#deps.conservation.pendingFrom(() => sender.pending)
    watchSink(this.name, this.#settings, sender, writer, this.#deps)

    const rules = compileIngest(this.#settings, this.#deps.bridgeVersion)
    const pump = new Pump(ingestDecider(rules, devices, this.#things, randomUUID), sender, this.#emit)
    const sourceDeps = { pump, clock, emit: this.#emit, random, reconnect: mqtt.reconnect }
    const source = new IngestSource(sessionsOfSlot(this.#settings, mqtt.slot), sourceDeps)
    this.#source = source
    this.#deps.setStanding('bridge_mqtt_window_used_ratio', () => [[{}, source.windowUsed]])
    this.#releasers.add('mqtt connections', () => source.close(1000))
    source.open()
    this.#watchOrphans(source)
    const windows = () =>
      source.windows().map(({ clientId, epoch, pending, acknowledged, oldestMs }) => ({
        name: `${clientId} link ${epoch}`,
        pending,
        done: acknowledged,
        says: `${acknowledged} acknowledged, the oldest has waited ${oldestMs} ms`,
      }))
    watchWork(this.name, 'mqtt_source', 0, windows, this.#deps)
    const snapshot = snapshotConnection(this.#settings)
    if (snapshot === null) return
    const reader = new RetainedSnapshot(snapshot, sourceDeps)
    this.#snapshot = reader
    this.#releasers.add('presence snapshot', () => reader.close(1000))
    reader.open()
  }

  /** Presence events name a client id: ingest has to know whose it is. */
  async #openThings(signal: AbortSignal): Promise<void> {
    if (!this.#settings.fleet.enabled) return
    const registry = new FleetRegistry(this.#settings.fleet)
    const view = thingsView(registry, this.#settings, this.#registry, this.#deps, signal)
    this.#releasers.add('things', () => view.close())
    this.#kafka.push(view)
    view.open()
    await view.restored
    this.#things = { settings: this.#settings.fleet, registry }
  }

  #watchOrphans(source: IngestSource): void {
    const { slot: own, orphans } = this.#settings.mqtt
    const { slots, peerUrl, afterSeconds } = orphans
    if (slots === 0 || peerUrl === null) return
    const watch = new OrphanSlots(
      { own, slots, peerUrl, afterMs: afterSeconds * 1000 },
      {
        emit: this.#deps.emit,
        canTake: () => source.ready && (this.#sender?.flightAgeMs() ?? 0) < senderOptions(this.#settings).stallMs,
        adopt: async (slot, signal) => source.adopt(sessionsOfSlot(this.#settings, slot), signal),
      },
    )
    this.#orphans = watch
    watch.open()
  }

  pending(): number {
    return this.#source?.pending ?? 0
  }

  sessions(): readonly string[] {
    return sessionsOfSlot(this.#settings, this.#settings.mqtt.slot).map(({ clientId }) => clientId)
  }

  async renew(server: RenewedServer): Promise<void> {
    if (server === 'mqtt') await this.#source?.renew()
    if (server === 'kafka') for (const each of this.#kafka) await each.renew()
  }

  async drain(graceMs: number): Promise<void> {
    const { emit, clock } = this.#deps
    const end = clock.now() + graceMs
    const left = (): number => Math.max(0, end - clock.now())
    this.#stop.abort()
    await this.#orphans?.close()
    const [source, sender] = [this.#source, this.#sender]
    if (source !== null && this.#deps.downscale.prepared) await this.#giveUpSlot(source, (graceMs * 3) / 4)
    if (source !== null && sender !== null) {
      emit({
        event: 'drain_step',
        step: 'ingest: waiting for Kafka to store what was taken in',
        pending: source.pending,
      })
      source.stopAccepting()
      await withDeadline(sender.drained(), left() - graceMs / 4, 'draining').catch(() => {
        emit({ event: 'drain_cut', held: ['kafka'], pending: source.pending })
      })
      emit({ event: 'drain_step', step: 'ingest: disconnecting', pending: source.pending })
      await source.close(left())
    }
    // Leaving a consumer group asks Kafka, which may be the one that does not answer.
    await withDeadline(this.#releasers.releaseAll(), left(), 'releasing').catch(() => undefined)
  }

  /** This worker does not come back under its client ids: nothing may be left to wait for it. */
  async #giveUpSlot(source: IngestSource, graceMs: number): Promise<void> {
    const { emit, clock } = this.#deps
    const { slot } = this.#settings.mqtt
    const began = clock.now()
    emit({
      event: 'drain_step',
      step: 'ingest: unsubscribing, and reading the sessions empty to give them up',
      pending: source.pending,
    })
    const ends = [...(await source.leave(AbortSignal.timeout(graceMs)))]
    const kept = ends.flatMap(([id, end]) => (end === 'kept' ? [id] : []))
    if (kept.length > 0) emit({ event: 'slot_kept', slot, sessions: kept })
    else emit({ event: 'slot_given_up', slot, sessions: ends.length, durationMs: clock.now() - began })
  }

  /** Every event of this role passes here, and readiness follows some of them. */
  readonly #emit = (event: BridgeEvent): void => {
    const { emit, ready } = this.#deps
    emit(event)
    switch (event.event) {
      case 'kafka_send_stalled':
        ready.say('ingest.kafka', false, `records wait: ${event.code}`)
        break
      case 'kafka_send_recovered':
        ready.say('ingest.kafka', true, 'records are stored')
        break
      case 'mqtt_subscribed':
      case 'mqtt_disconnected':
      case 'mqtt_subscription_refused': {
        const missing = this.#source?.missing ?? []
        const holds = this.#source !== null && missing.length === 0
        ready.say('ingest.mqtt', holds, holds ? 'subscribed' : `not subscribed: ${missing.join(' ')}`)
        break
      }
      default:
    }
  }
}
