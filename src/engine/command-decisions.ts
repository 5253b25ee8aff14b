import { commandDeadLetter } from '../commands/command-dead-letter.ts'
import { type CommandEffect, type Publication, recordEffect } from '../commands/command-effect.ts'
import { CommandPartition } from '../commands/command-partition.ts'
import { type CommandReading, keyText } from '../commands/command-request.ts'
import type { CommandRequest } from '../records/generated/command-request.ts'
import type { CommandStatus } from '../records/generated/command-status.ts'
import type { PresenceEvent } from '../records/generated/presence-event.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { partitionFor } from '../records/topics.ts'
import { type Answer, applyEffects } from './command-effects.ts'
import type { CommandPorts, Commit } from './command-ports.ts'
import type { CommandTally } from './command-tally.ts'
import { HeldRequests } from './held-requests.ts'
import { type InputOwner, InputTicket } from './input-ticket.ts'
import { PartitionOffsets, type SettledInput } from './partition-offsets.ts'
import { Unstored } from './unstored.ts'

/** An input that was decided. `input` null: its offset was settled before. Null altogether: a timer. */
interface Decided {
  readonly message: KafkaMessage
  readonly input: SettledInput | null
  readonly sequence: number
}

/** What the inputs of one partition lead to, from the decision until Kafka has it. */
export class CommandDecisions {
  /** How far the inputs are done with. */
  readonly offsets: PartitionOffsets
  readonly #partition: number
  readonly #ports: CommandPorts
  readonly #tally: CommandTally
  readonly #isOver: () => boolean
  readonly #state: CommandPartition
  readonly #unstored = new Unstored()
  readonly #held = new HeldRequests()
  readonly #owner: InputOwner<Decided | null>

  /**
   * `next`: offset of the first input of each kind to come. `isOver`: the partition is not ours any more, and the
   * broker's answers mean nothing. `settled`: an input is done with.
   */
  constructor(
    partition: number,
    next: Readonly<Record<SettledInput, bigint>>,
    ports: CommandPorts,
    tally: CommandTally,
    hooks: { readonly isOver: () => boolean; readonly settled: () => void },
  ) {
    this.offsets = new PartitionOffsets(partition, next)
    this.#partition = partition
    this.#ports = ports
    this.#tally = tally
    this.#isOver = hooks.isOver
    this.#state = new CommandPartition(ports.rules)
    this.#owner = {
      settled: (decided) => {
        if (decided === null || decided.input === null) return
        this.offsets.settle(decided.input, decided.sequence)
        hooks.settled()
      },
      stored: this.#unstored.one,
      deadLetterOf: (decided, { channel }) =>
        decided === null || channel === 'deadLetter'
          ? null
          : commandDeadLetter(decided.message, 'PRODUCE_REJECTED', ports.rules, ports.clock.now()),
    }
  }

  counts(): { readonly known: number; readonly publishing: number; readonly waiting: number } {
    return this.#state.counts()
  }

  /** What has changed since the last call and may be committed. */
  commits(): readonly Commit[] {
    return this.offsets.commits(this.#held.lowest(this.#state.heldOffset()))
  }

  /** Resolves when Kafka has everything that was decided. */
  async stored(): Promise<void> {
    await this.#unstored.none()
  }

  /** Takes a status read back; null: one that nobody can read. */
  restore(message: KafkaMessage, status: CommandStatus | null): void {
    if (status !== null) this.#state.restore({ status, mqttTopic: message.headers['mqtt_topic'] ?? null })
  }

  /** `again`: it was settled before, and is read only because it may still wait. */
  request(message: KafkaMessage, reading: CommandReading, again: boolean): void {
    if (!again && reading.kind === 'unreadable') {
      const { partition, offset } = message
      this.#ports.emit({ event: 'command_unreadable', partition, offset, error: 'no command in Avro or JSON' })
    }
    if (!again && reading.kind === 'request') this.#checkPlace(message, reading.request)
    this.#decide(message, again ? null : 'command', (now) =>
      this.#state.request(message, reading, now, again ? 'reread' : 'first'),
    )
  }

  /** Takes what a device answered, as it came. */
  reply(message: KafkaMessage): void {
    this.#decide(message, 'commandReply', (now) => this.#state.reply(message, now))
  }

  /** Takes a report of presence; null: one that nobody can read. */
  presence(message: KafkaMessage, report: PresenceEvent | null): void {
    const isOnline = report !== null && report.status === 'ONLINE' && report.reason !== 'RETAINED_SNAPSHOT'
    this.#decide(message, 'presence', (now) => (isOnline ? this.#state.online(report.deviceSn, now) : []))
  }

  /** Expires what is due. Returns whether anything was. */
  fire(now: number): boolean {
    const deadline = this.#state.nextDeadline()
    if (deadline === null || deadline > now) return false
    const ticket = new InputTicket(this.#owner, null)
    this.#apply(this.#state.fire(now), ticket)
    ticket.release()
    return true
  }

  /** Clients of librdkafka put a key elsewhere unless told; the device's replies go where its serial belongs. */
  #checkPlace(message: KafkaMessage, request: CommandRequest): void {
    const { partitions, emit } = this.#ports
    const serial = request.deviceSn === '' ? keyText(message) : request.deviceSn
    if (partitionFor('command', serial, partitions) === this.#partition) return
    emit({ event: 'command_misplaced', partition: this.#partition, offset: message.offset })
  }

  /** One input: its offset is in work until everything that it causes is stored. `input` null: it was settled before. */
  #decide(message: KafkaMessage, input: SettledInput | null, decide: (now: number) => readonly CommandEffect[]): void {
    const { clock, rules } = this.#ports
    const sequence = input === null ? 0 : this.offsets.enter(input, message)
    const ticket = new InputTicket<Decided | null>(this.#owner, { message, input, sequence })
    let effects: readonly CommandEffect[]
    try {
      effects = decide(clock.now())
    } catch (error) {
      // One record that meets a bug must not stop the partition. Its value may be sensitive, so only the class is told.
      this.#ports.emit({ event: 'unexpected_error', where: 'command_worker', error: nameOf(error) })
      effects =
        input === 'command'
          ? [recordEffect(commandDeadLetter(message, 'INTERNAL_ERROR', rules, clock.now(), 'VALIDATE'))]
          : []
    }
    const isRequest = input === 'command'
    this.#tally.input(isRequest)
    this.#apply(effects, ticket, isRequest ? message.timestamp : null)
    ticket.release()
  }

  #apply(
    effects: readonly CommandEffect[],
    ticket: InputTicket<Decided | null>,
    requestedAt: number | null = null,
  ): void {
    for (const { kind } of effects) if (kind === 'record') this.#unstored.add()
    applyEffects(effects, ticket, requestedAt, this.#partition, this.#held, this.#ports, this.#tally, this.#answered)
  }

  readonly #answered = ({ ticket: out }: Publication, answer: Answer, ticket: InputTicket<Decided | null>): void => {
    if (this.#isOver()) return
    const now = this.#ports.clock.now()
    const effects =
      'code' in answer ? this.#state.puback(out, answer.code, now) : this.#state.unsent(out, now, answer.wasSent)
    this.#apply(effects, ticket)
    ticket.release()
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
