import { compileCommands } from '../commands/command-rules.ts'
import type { Settings } from '../config/settings.ts'
import { CommandEngine } from '../engine/command-engine.ts'
import { type CommandInput, commandInputs } from '../engine/command-ports.ts'
import { Sender } from '../flow/sender.ts'
import { GroupSource } from '../kafka/group-source.ts'
import type { Registry } from '../kafka/registry.ts'
import { KafkaWriter } from '../kafka/writer.ts'
import { Backoff } from '../kernel/backoff.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { messageOf } from '../kernel/failure.ts'
import { Releasers } from '../kernel/releasers.ts'
import { Publisher } from '../mqtt/publisher.ts'
import type { BridgeEvent } from '../observe/events/event.ts'
import { topicsOf } from '../records/topics.ts'
import { commandChannels } from './channels.ts'
import { commandReader } from './command-reader.ts'
import { coPartitionCount, groupOptions } from './group-options.ts'
import { senderOptions, waitForEncodings, writerOptions } from './kafka-side.ts'
import { publishConnection } from './mqtt-connections.ts'
import { watchSink, watchWork } from './progress.ts'
import type { RenewedServer, Role, RoleDeps } from './role.ts'

/** Conditions of readiness that this role speaks for. */
export const commandConditions = ['command.kafka', 'command.registry', 'command.restored', 'command.mqtt'] as const

/** Read commands from Kafka, publish them, write what became of them, commit. */
export class CommandRole implements Role {
  readonly name = 'command'
  readonly #settings: Settings
  readonly #registry: Registry
  readonly #deps: RoleDeps
  readonly #stop = new AbortController()
  readonly #releasers = new Releasers()
  #engine: CommandEngine | null = null
  #publisher: Publisher | null = null
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
    const { kafka, mqtt, commands } = this.#settings
    const { signal } = this.#stop
    const encodings = await waitForEncodings(
      this.name,
      commandChannels.writes,
      commandChannels.reads,
      this.#settings,
      this.#registry,
      this.#deps,
      signal,
    )
    const topics = topicsOf(this.#settings)
    const partitions = coPartitionCount(commandInputs, this.#settings, encodings.partitions)

    const writer = new KafkaWriter(writerOptions(this.#settings), encodings.encodings, this.#emit)
    this.#releasers.add('kafka writer', () => writer.close())
    const backoff = (): Backoff => new Backoff({ ...kafka.retry, random })
    const sender = new Sender(senderOptions(this.#settings), {
      writer,
      clock,
      emit: this.#emit,
      backoff: backoff(),
      settled: () => undefined,
      beforeWrite: () => group.checkLease(),
    })
    this.#sender = sender
    this.#releasers.add('sender', () => sender.close())
    this.#deps.conservation.pendingFrom(() => sender.pending)
    watchSink(this.name, this.#settings, sender, writer, this.#deps)

    const publisher = new Publisher(
      {
        connection: publishConnection(this.#settings, 'cmd'),
        maxInFlight: commands.maxInFlight,
        pubackTimeoutMs: commands.pubackTimeoutMs,
        reconnect: mqtt.reconnect,
      },
      { clock, emit, random, changed: (up) => this.#mqtt(up), told: () => engine.decided() },
    )
    this.#publisher = publisher
    this.#releasers.add('mqtt connection', () => publisher.close(1000))

    const failed = (error: unknown): void =>
      emit({ event: 'unexpected_error', where: 'command_engine', error: messageOf(error) })
    const inputOf = new Map<string, CommandInput>(commandInputs.map((input) => [topics[input], input]))
    const group = new GroupSource(
      groupOptions(this.#settings, 'command', commandInputs, partitions),
      {
        rebalancing: () => {
          engine.commit().catch(failed)
        },
        taken: (taken) => engine.taken(taken),
        lost: (lost, how) => engine.lost(lost, how === 'expelled' ? sender.abandon() : null),
        records: (messages, topic, partition, next) => {
          const input = inputOf.get(topic)
          if (input !== undefined) engine.records(messages, input, partition, next)
        },
      },
      backoff(),
      this.#emit,
    )
    const engine = new CommandEngine(
      {
        rules: compileCommands(this.#settings, this.#deps.bridgeVersion),
        source: {
          owns: (partition) => group.owns(partition),
          startAt: (input, partition, offset) => group.startAt(topics[input], partition, offset),
          pause: (input, partition) => group.pause(topics[input], partition),
          resume: (input, partition) => group.resume(topics[input], partition),
          commit: (entries) => group.commit(entries.map((entry) => ({ ...entry, topic: topics[entry.input] }))),
          committed: (input) => group.committed(topics[input]),
          bounds: (input) => group.bounds(topics[input]),
          offsetsAt: (input, timestamp) => group.offsetsAt(topics[input], timestamp),
        },
        reader: commandReader(this.#settings, this.#registry, this.#deps, signal),
        sink: sender,
        publisher,
        clock,
        emit: this.#emit,
        partitions,
        maxPending: commands.maxPendingPerPartition,
      },
      backoff,
      {
        ready: (isReady) =>
          ready.say(
            'command.restored',
            isReady,
            isReady ? 'known commands read back' : 'reading the known commands back',
          ),
        failed,
      },
    )
    this.#engine = engine
    watchWork(this.name, 'command_worker', 2 * commands.pubackTimeoutMs, () => engine.progress(), this.#deps)
    this.#releasers.add('command engine', () => engine.close())
    this.#releasers.add('consumer group', () => group.close())
    this.#kafka.push(writer, group)
    publisher.open()
    group.open()
  }

  pending(): number {
    return (this.#engine?.pending ?? 0) + (this.#publisher?.size ?? 0)
  }

  sessions(): readonly string[] {
    return []
  }

  async renew(server: RenewedServer): Promise<void> {
    if (server === 'mqtt') await this.#publisher?.renew()
    if (server === 'kafka') for (const each of this.#kafka) await each.renew()
  }

  async drain(graceMs: number): Promise<void> {
    const { emit } = this.#deps
    this.#stop.abort()
    const [engine, sender] = [this.#engine, this.#sender]
    if (engine !== null && sender !== null) {
      emit({
        event: 'drain_step',
        step: 'command: waiting for the answers of the broker and of Kafka',
        pending: this.pending(),
      })
      engine.stopReading()
      await withDeadline(this.#quiet(sender), (graceMs * 3) / 4, 'draining').catch(() => {
        emit({ event: 'drain_cut', held: ['publications or statuses'], pending: this.pending() })
      })
      await withDeadline(engine.commit(), graceMs / 8, 'committing').catch(() => undefined)
    }
    await this.#releasers.releaseAll()
  }

  /** Resolves when no publication is out and every status is stored. */
  async #quiet(sender: Sender): Promise<void> {
    while ((this.#publisher?.size ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await sender.drained()
  }

  #mqtt(up: boolean): void {
    this.#engine?.mqtt(up)
    this.#deps.ready.say('command.mqtt', up, up ? 'connected' : 'not connected; no command is read meanwhile')
  }

  /** Every event of this role passes here, and readiness follows some of them. */
  readonly #emit = (event: BridgeEvent): void => {
    const { emit, ready } = this.#deps
    emit(event)
    switch (event.event) {
      case 'kafka_send_stalled':
        ready.say('command.kafka', false, `statuses wait: ${event.code}`)
        break
      case 'kafka_send_recovered':
        ready.say('command.kafka', true, 'statuses are stored')
        break
      default:
    }
  }
}
