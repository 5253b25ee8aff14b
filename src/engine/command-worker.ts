import { commandDeadLetter } from '../commands/command-dead-letter.ts'
import type { CommandEffect, Publication } from '../commands/command-effect.ts'
import { CommandPartition } from '../commands/command-partition.ts'
import { OffsetWindow } from '../flow/offset-window.ts'
import { messageOf } from '../kernel/failure.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { CommandStatus } from '../records/generated/command-status.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import type { CommandInput, CommandPorts, Commit } from './command-ports.ts'
import { InputTicket } from './input-ticket.ts'

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
  readonly #windows: Readonly<Record<'command' | 'commandReply' | 'presence', OffsetWindow>>
  readonly #whenLive: (worker: CommandWorker) => void
  #phase: Phase = 'statuses'
  /** Runs of records are taken one after the other, because reading one may have to wait for the registry. */
  #turn: Promise<void> = Promise.resolve()
  #paused = false
  #mqttUp = false
  /** What was committed last, to commit only what changed. */
  readonly #committed = new Map<CommandInput, string>()
  /** Kafka timestamps of requests in work, by offset; for the lag. */
  readonly #ages = new Map<bigint, number>()

  constructor(partition: number, start: CommandStart, ports: CommandPorts, whenLive: (worker: CommandWorker) => void) {
    this.partition = partition
    this.#start = start
    this.#ports = ports
    this.#whenLive = whenLive
    this.#state = new CommandPartition(ports.rules)
    this.#windows = {
      command: new OffsetWindow(start.command),
      commandReply: new OffsetWindow(start.commandReply),
      presence: new OffsetWindow(start.presence),
    }
  }

  get isLive(): boolean {
    return this.#phase === 'live'
  }

  /** Requests in work. */
  get pending(): number {
    return this.#windows.command.pending + this.#windows.commandReply.pending + this.#windows.presence.pending
  }

  counts(): { readonly known: number; readonly publishing: number; readonly waiting: number } {
    return this.#state.counts()
  }

  /** When the oldest request in work was produced, epoch milliseconds; null when none is in work. */
  oldestRequest(): number | null {
    let oldest: number | null = null
    for (const timestamp of this.#ages.values()) oldest = oldest === null ? timestamp : Math.min(oldest, timestamp)
    return oldest
  }

  begin(mqttUp: boolean): void {
    this.#mqttUp = mqttUp
    if (this.#start.statusFrom < this.#start.statusEnd) {
      this.#ports.source.startAt('commandStatus', this.partition, this.#start.statusFrom)
    } else {
      this.#reread()
    }
  }

  /** The partition is not ours any more. Nothing is written or published for it from here on. */
  end(): void {
    this.#phase = 'over'
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
        if (this.#phase === 'over') return
        this.#ports.emit({ event: 'unexpected_error', where: 'command_worker', error: messageOf(error) })
      })
  }

  /** Expires what is due. */
  tick(now: number): void {
    if (this.#phase !== 'live') return
    const deadline = this.#state.nextDeadline()
    if (deadline === null || deadline > now) return
    const ticket = new InputTicket(null, 0n, () => null)
    this.#apply(this.#state.fire(now), ticket)
    ticket.release()
    this.#ports.sink.kick()
  }

  /** What has changed since the last call and may be committed. */
  commits(): readonly Commit[] {
    if (this.#phase !== 'live') return []
    const { partition } = this
    const held = this.#state.heldOffset()
    const entries: Commit[] = [
      {
        input: 'command',
        partition,
        offset: this.#windows.command.committable(),
        metadata: held === null ? '' : `held=${held}`,
      },
      { input: 'commandReply', partition, offset: this.#windows.commandReply.committable(), metadata: '' },
      { input: 'presence', partition, offset: this.#windows.presence.committable(), metadata: '' },
    ]
    return entries.filter(({ input, offset, metadata }) => this.#committed.get(input) !== `${offset} ${metadata}`)
  }

  /** These were committed. */
  noteCommitted(entries: readonly Commit[]): void {
    for (const { input, offset, metadata, partition } of entries) {
      if (partition === this.partition) this.#committed.set(input, `${offset} ${metadata}`)
    }
  }

  async #take(messages: readonly KafkaMessage[], input: CommandInput, next: bigint): Promise<void> {
    for (const message of messages) {
      if (this.#phase === 'over') return
      await this.#takeOne(message, input)
    }
    // A partition that was lost while the last record was read has no next step.
    if (this.#isOver()) return
    this.#ports.sink.kick()
    if (input === 'commandStatus') {
      if (this.#phase === 'statuses' && next >= this.#start.statusEnd) this.#reread()
      return
    }
    this.#windows[input].reached(next)
    if (this.#phase === 'rereading' && input === 'command' && next >= this.#start.command) this.#goLive()
    this.#steer()
  }

  #isOver(): boolean {
    return this.#phase === 'over'
  }

  async #takeOne(message: KafkaMessage, input: CommandInput): Promise<void> {
    const { reader } = this.#ports
    switch (input) {
      case 'commandStatus': {
        const status: CommandStatus | null = this.#phase === 'statuses' ? await reader.status(message) : null
        if (status !== null) this.#state.restore({ status, mqttTopic: message.headers['mqtt_topic'] ?? null })
        return
      }
      case 'command': {
        const reading = await reader.request(message)
        if (this.#phase === 'over') return
        const again = BigInt(message.offset) < this.#start.command
        if (!again && reading.kind === 'unreadable') {
          const { partition, offset } = message
          this.#ports.emit({ event: 'command_unreadable', partition, offset, error: 'no command in Avro or JSON' })
        }
        this.#decide(message, again ? null : this.#windows.command, (now) =>
          this.#state.request(message, reading, now, again ? 'reread' : 'first'),
        )
        return
      }
      case 'commandReply':
        this.#decide(message, this.#windows.commandReply, (now) => this.#state.reply(message, now))
        return
      case 'presence': {
        const report = await reader.presence(message)
        if (this.#phase === 'over') return
        const isOnline = report !== null && report.status === 'ONLINE' && report.reason !== 'RETAINED_SNAPSHOT'
        this.#decide(message, this.#windows.presence, (now) => (isOnline ? this.#state.online(report.deviceSn, now) : []))
      }
    }
  }

  /** One input: its offset enters the window, and leaves it when everything it causes is stored. */
  #decide(message: KafkaMessage, window: OffsetWindow | null, decide: (now: number) => readonly CommandEffect[]): void {
    const { clock, rules } = this.#ports
    const offset = BigInt(message.offset)
    const ticket = new InputTicket(window, offset, (record) =>
      record.channel === 'deadLetter' ? null : commandDeadLetter(message, 'PRODUCE_REJECTED', rules, clock.now()),
    )
    window?.enter(offset)
    const isRequest = window === this.#windows.command
    if (isRequest) this.#ages.set(offset, message.timestamp)
    let effects: readonly CommandEffect[]
    try {
      effects = decide(clock.now())
    } catch (error) {
      // One record that meets a bug must not stop the partition. Its value may be sensitive, so only the class is told.
      this.#ports.emit({ event: 'unexpected_error', where: 'command_worker', error: nameOf(error) })
      effects = isRequest
        ? [{ kind: 'record', record: commandDeadLetter(message, 'INTERNAL_ERROR', rules, clock.now(), 'VALIDATE') }]
        : []
    }
    this.#apply(effects, ticket, 1)
    ticket.release()
  }

  #apply(effects: readonly CommandEffect[], ticket: InputTicket, messages = 0): void {
    const ignored = new Map<string, number>()
    const statuses = new Map<string, number>()
    let received = 0
    let unknownOps = 0
    for (const effect of effects) {
      switch (effect.kind) {
        case 'record':
          received += 1
          countStatus(effect.record, statuses)
          ticket.hold()
          this.#ports.sink.append(effect.record, ticket, 0)
          break
        case 'publish':
          ticket.hold()
          this.#publish(effect.publication, ticket)
          break
        case 'ignored':
          received += 1
          ignored.set(effect.reason, (ignored.get(effect.reason) ?? 0) + 1)
          break
        case 'counted':
          unknownOps += 1
      }
    }
    const { emit } = this.#ports
    if (messages + received > 0) emit({ event: 'inputs_decided', input: 'kafka', messages, received, ignored })
    if (statuses.size > 0) emit({ event: 'command_statuses_stored', statuses })
    if (unknownOps > 0) emit({ event: 'commands_read', requests: 0, unknownOps })
  }

  #publish(publication: Publication, ticket: InputTicket): void {
    const { clock, sink } = this.#ports
    const { deviceSn, topic, payload, expiresAt, commandId, traceparent } = publication
    const answer = (effectsOf: (now: number) => readonly CommandEffect[]): void => {
      if (this.#phase === 'over') return
      this.#apply(effectsOf(clock.now()), ticket)
      ticket.release()
      sink.kick()
      this.#steer()
    }
    this.#ports.publisher.send({
      orderKey: `${this.partition}/${deviceSn}`,
      topic,
      payload,
      expiresAt,
      contentType: 'application/json',
      correlationData: Buffer.from(commandId, 'utf8'),
      userProperties: { 'command-id': commandId, ...(traceparent === null ? {} : { traceparent }) },
      answered: (code) => answer((now) => this.#state.puback(publication.ticket, code, now)),
      expired: () => answer((now) => this.#state.unsent(publication.ticket, now)),
    })
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
    this.#whenLive(this)
  }

  /** Reads requests only while they can be published and not too many are in work. */
  #steer(): void {
    if (this.#phase !== 'live') return
    const { pending } = this.#windows.command
    for (const [offset] of this.#ages) {
      if (offset >= this.#windows.command.committable()) break
      this.#ages.delete(offset)
    }
    const { maxPending, source } = this.#ports
    const pause = !this.#mqttUp || pending >= maxPending || (this.#paused && pending > maxPending / 2)
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) source.pause('command', this.partition)
    else source.resume('command', this.partition)
  }
}

function countStatus(record: BridgeRecord, statuses: Map<string, number>): void {
  if (record.channel !== 'commandStatus') return
  const { status } = record.value as CommandStatus
  statuses.set(status, (statuses.get(status) ?? 0) + 1)
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
