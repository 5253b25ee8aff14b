import { commandDeadLetter } from '../commands/command-dead-letter.ts'
import type { CommandEffect, Publication } from '../commands/command-effect.ts'
import { CommandPartition } from '../commands/command-partition.ts'
import { messageOf } from '../kernel/failure.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { type Answer, applyEffects, type Cause } from './command-effects.ts'
import type { CommandInput, CommandPorts, Commit } from './command-ports.ts'
import { InputTicket } from './input-ticket.ts'
import { type Lag, PartitionOffsets, type SettledInput } from './partition-offsets.ts'
import { Unstored } from './unstored.ts'

/** Where a partition's inputs begin. */
export interface CommandStart {
  /** Statuses from here on say what is known; up to `statusEnd`, which was the end when the partition was taken. */
  readonly statusFrom: bigint
  readonly statusEnd: bigint
  /** Requests before `command` are read again, from `held` on, only to find those that wait. */
  readonly held: bigint
  readonly command: bigint
  readonly commandReply: bigint
  readonly presence: bigint
}

/**
 * What a partition is doing. It goes through these once, in this order:
 *
 * - `statuses`: reads the status topic to the end that it had when the partition was taken.
 * - `rereading`: reads the requests again that may still wait.
 * - `live`: takes everything as it comes.
 */
type Phase = 'statuses' | 'rereading' | 'live' | 'over'

/** Owns the commands of one partition as long as the partition is ours. All inputs pass one after the other. */
export class CommandWorker {
  readonly partition: number
  readonly #ports: CommandPorts
  readonly #start: CommandStart
  readonly #state: CommandPartition
  readonly #offsets: PartitionOffsets
  readonly #whenLive: () => void
  readonly #unstored = new Unstored()
  #phase: Phase = 'statuses'
  /** Runs of records are taken one after the other, because reading one may have to wait for the registry. */
  #turn: Promise<void> = Promise.resolve()
  /** A run that could not be read to its end must not be followed by another: its records would be skipped. */
  #broken = false
  #paused = false
  #mqttUp = false

  constructor(partition: number, start: CommandStart, ports: CommandPorts, whenLive: () => void) {
    this.partition = partition
    this.#start = start
    this.#ports = ports
    this.#whenLive = whenLive
    this.#state = new CommandPartition(ports.rules)
    this.#offsets = new PartitionOffsets(partition, start)
  }

  get isLive(): boolean {
    return this.#phase === 'live'
  }

  /** Inputs in work. */
  get pending(): number {
    return this.#offsets.pending
  }

  counts(): { readonly known: number; readonly publishing: number; readonly waiting: number } {
    return this.#state.counts()
  }

  /** How far behind the requests of this partition are. */
  lag(): Lag {
    return this.#offsets.lag()
  }

  /** Kafka says that the command topic of this partition ends here. */
  noteEnd(end: bigint, now: number): void {
    this.#offsets.noteEnd(end, now)
  }

  begin(mqttUp: boolean): void {
    this.#mqttUp = mqttUp
    if (this.#start.statusFrom < this.#start.statusEnd) {
      this.#ports.source.startAt('commandStatus', this.partition, this.#start.statusFrom)
    } else {
      this.#reread()
    }
  }

  /**
   * The partition is not ours any more. Nothing is decided or published for it from here on. Resolves when what was
   * decided before is stored: whoever takes the partition next, in this process, has to read that back.
   */
  async end(): Promise<void> {
    this.#phase = 'over'
    await this.#unstored.none()
  }

  /** No request is read while nothing can be published: expiries go on, and nothing is published late. */
  mqtt(up: boolean): void {
    this.#mqttUp = up
    this.#steer()
  }

  records(messages: readonly KafkaMessage[], input: CommandInput, next: bigint): void {
    this.#turn = this.#turn
      .then(() => this.#take(messages, input, next))
      .catch((error: unknown) => {
        this.#broken = true
        if (this.#isOver()) return
        this.#ports.emit({ event: 'unexpected_error', where: 'command_worker', error: messageOf(error) })
      })
  }

  /** Expires what is due. */
  tick(now: number): void {
    if (this.#phase !== 'live' || this.#isLost()) return
    const deadline = this.#state.nextDeadline()
    if (deadline === null || deadline > now) return
    const ticket = new InputTicket(
      () => undefined,
      () => null,
      this.#unstored.one,
    )
    this.#apply(this.#state.fire(now), { ticket, isInput: false, requestedAt: null })
    ticket.release()
    this.#ports.sink.kick()
  }

  /** What has changed since the last call and may be committed. */
  commits(): readonly Commit[] {
    return this.#phase === 'live' ? this.#offsets.commits(this.#state.heldOffset()) : []
  }

  /** These were committed. */
  noteCommitted(entries: readonly Commit[]): void {
    this.#offsets.noteCommitted(entries)
  }

  async #take(messages: readonly KafkaMessage[], input: CommandInput, next: bigint): Promise<void> {
    for (const message of messages) {
      if (this.#isOver()) return
      await this.#takeOne(message, input)
    }
    if (this.#isOver()) return
    this.#ports.sink.kick()
    if (input === 'commandStatus') {
      if (this.#phase === 'statuses' && next >= this.#start.statusEnd) this.#reread()
      return
    }
    this.#offsets.reached(input, next)
    if (this.#phase === 'rereading' && input === 'command' && next >= this.#start.command) this.#goLive()
    this.#steer()
  }

  /** Asked before anything is decided: what a former owner says would contradict the present one. */
  #isLost(): boolean {
    return this.#phase === 'over' || !this.#ports.source.owns(this.partition)
  }

  #isOver(): boolean {
    return this.#isLost() || this.#broken
  }

  async #takeOne(message: KafkaMessage, input: CommandInput): Promise<void> {
    const { reader } = this.#ports
    switch (input) {
      case 'commandStatus': {
        const status = this.#phase === 'statuses' ? await reader.status(message) : null
        if (status !== null) this.#state.restore({ status, mqttTopic: message.headers['mqtt_topic'] ?? null })
        return
      }
      case 'command': {
        const reading = await reader.request(message)
        if (this.#isOver()) return
        const again = BigInt(message.offset) < this.#start.command
        if (!again && reading.kind === 'unreadable') {
          const { partition, offset } = message
          this.#ports.emit({ event: 'command_unreadable', partition, offset, error: 'no command in Avro or JSON' })
        }
        this.#decide(message, again ? null : 'command', (now) =>
          this.#state.request(message, reading, now, again ? 'reread' : 'first'),
        )
        return
      }
      case 'commandReply':
        this.#decide(message, 'commandReply', (now) => this.#state.reply(message, now))
        return
      case 'presence': {
        const report = await reader.presence(message)
        if (this.#isOver()) return
        const isOnline = report !== null && report.status === 'ONLINE' && report.reason !== 'RETAINED_SNAPSHOT'
        this.#decide(message, 'presence', (now) => (isOnline ? this.#state.online(report.deviceSn, now) : []))
      }
    }
  }

  /** One input: its offset is in work until everything that it causes is stored. `input` null: it was settled before. */
  #decide(message: KafkaMessage, input: SettledInput | null, decide: (now: number) => readonly CommandEffect[]): void {
    const { clock, rules } = this.#ports
    const ticket = new InputTicket(
      () => {
        if (input === null) return
        this.#offsets.settle(input, message)
        // The last record stored may be what a full window waited for: no other event would come to open it.
        this.#steer()
      },
      (record) =>
        record.channel === 'deadLetter' ? null : commandDeadLetter(message, 'PRODUCE_REJECTED', rules, clock.now()),
      this.#unstored.one,
    )
    if (input !== null) this.#offsets.enter(input, message)
    let effects: readonly CommandEffect[]
    try {
      effects = decide(clock.now())
    } catch (error) {
      // One record that meets a bug must not stop the partition. Its value may be sensitive, so only the class is told.
      this.#ports.emit({ event: 'unexpected_error', where: 'command_worker', error: nameOf(error) })
      effects =
        input === 'command'
          ? [{ kind: 'record', record: commandDeadLetter(message, 'INTERNAL_ERROR', rules, clock.now(), 'VALIDATE') }]
          : []
    }
    this.#apply(effects, { ticket, isInput: true, requestedAt: input === 'command' ? message.timestamp : null })
    ticket.release()
  }

  #apply(effects: readonly CommandEffect[], cause: Cause): void {
    for (const { kind } of effects) if (kind === 'record') this.#unstored.add()
    applyEffects(effects, cause, this.partition, this.#ports, this.#answered)
  }

  readonly #answered = ({ ticket: out }: Publication, answer: Answer, ticket: InputTicket): void => {
    if (this.#isLost()) return
    const now = this.#ports.clock.now()
    const effects =
      'code' in answer ? this.#state.puback(out, answer.code, now) : this.#state.unsent(out, now, answer.wasSent)
    this.#apply(effects, { ticket, isInput: false, requestedAt: null })
    ticket.release()
    this.#ports.sink.kick()
  }

  #reread(): void {
    this.#ports.source.pause('commandStatus', this.partition)
    if (this.#start.held >= this.#start.command) {
      this.#goLive()
      return
    }
    this.#phase = 'rereading'
    this.#ports.source.startAt('command', this.partition, this.#start.held)
  }

  #goLive(): void {
    const { source } = this.#ports
    const first = this.#phase !== 'rereading'
    this.#phase = 'live'
    // What was reread has already led the position up to the committed offset.
    if (first) source.startAt('command', this.partition, this.#start.command)
    source.startAt('commandReply', this.partition, this.#start.commandReply)
    source.startAt('presence', this.partition, this.#start.presence)
    this.#paused = false
    this.#steer()
    this.#whenLive()
  }

  /** Reads requests only while they can be published and not too many are in work. */
  #steer(): void {
    if (this.#phase !== 'live') return
    const { pendingRequests } = this.#offsets
    const { maxPending, source } = this.#ports
    const pause = !this.#mqttUp || pendingRequests >= maxPending || (this.#paused && pendingRequests > maxPending / 2)
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) source.pause('command', this.partition)
    else source.resume('command', this.partition)
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
