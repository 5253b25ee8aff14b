import { messageOf } from '../kernel/failure.ts'
import type { Lane } from '../observe/watchdog.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { CommandDecisions } from './command-decisions.ts'
import type { Bounds, CommandInput, CommandPorts, Commit } from './command-ports.ts'
import type { CommandTally } from './command-tally.ts'
import type { Lag } from './partition-offsets.ts'

/** Where a partition's inputs begin. */
export interface CommandStart {
  /** Statuses from here on say what is known; up to `statusEnd`, which was the end when the partition was taken. */
  readonly statusFrom: bigint
  readonly statusEnd: bigint
  /** Requests before `command` are read again, from `held` on, only to find those that wait. */
  readonly held: bigint
  readonly command: bigint
  /** End of the committed requests when the partition was taken: a former owner may have decided those before it. */
  readonly commandEnd: bigint
  readonly commandReply: bigint
  readonly presence: bigint
}

/**
 * What a partition is doing. It goes through these once, in this order:
 *
 * - `statuses`: reads the status topic to the end that it had when the partition was taken.
 * - `rereading`: reads the requests again that may still wait.
 * - `live`: takes requests, and after those before `commandEnd` everything as it comes.
 */
type Phase = 'statuses' | 'rereading' | 'live' | 'over'

export interface WorkerHooks {
  /** The partition is worked on from now on. */
  live(): void
  /** A run of inputs is decided: the moment to send what it caused. */
  decided(): void
}

/** Owns the commands of one partition as long as the partition is ours. Inputs of one kind pass one after the other. */
export class CommandWorker {
  readonly partition: number
  readonly #ports: CommandPorts
  readonly #start: CommandStart
  readonly #hooks: WorkerHooks
  readonly #decisions: CommandDecisions
  #phase: Phase = 'statuses'
  /** Runs of records wait for the one before, because reading one may have to wait for the registry, or for room. */
  readonly #turns = new Map<CommandInput, Promise<void>>()
  /** Requests that Kafka has given us and that nothing is decided about. */
  #unread = 0
  #whenRoom: (() => void) | null = null
  /** A run that could not be read to its end must not be followed by another: its records would be skipped. */
  #broken = false
  #paused = false
  #mqttUp = false
  /** Replies and presence are read. */
  #follows = false

  constructor(partition: number, start: CommandStart, ports: CommandPorts, tally: CommandTally, hooks: WorkerHooks) {
    this.partition = partition
    this.#start = start
    this.#ports = ports
    this.#hooks = hooks
    this.#decisions = new CommandDecisions(partition, start, ports, tally, {
      isOver: () => this.#isLost(),
      // The last record stored may be what a full window waited for: no other event would come to open it.
      settled: () => {
        this.#steer()
        if (this.#whenRoom !== null && this.#hasRoom()) this.#wake()
      },
    })
  }

  get isLive(): boolean {
    return this.#phase === 'live'
  }

  /** Inputs in work. */
  get pending(): number {
    return this.#decisions.offsets.pending
  }

  /** Inputs in work, for whoever watches that they get finished. */
  progress(): Lane {
    const { pending, settled, pendingRequests } = this.#decisions.offsets
    const says = `${pendingRequests} of them requests, ${settled} settled, ${this.#phase}`
    return { name: `partition ${this.partition}`, pending, done: settled, says }
  }

  counts(): { readonly known: number; readonly publishing: number; readonly waiting: number } {
    return this.#decisions.counts()
  }

  /** How far behind the requests of this partition are. */
  lag(): Lag {
    return this.#decisions.offsets.lag()
  }

  /** Kafka says that the command topic of this partition begins and ends here. */
  noteBounds({ low, high }: Bounds, now: number): void {
    this.#decisions.offsets.noteEnd(high, now)
    // What retention took is never read, and nothing else would tell that those before `commandEnd` are gone.
    if (this.#unread === 0) this.#follow(low)
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
    this.#wake()
    await this.#decisions.stored()
  }

  /** No request is read while nothing can be published: expiries go on, and nothing is published late. */
  mqtt(up: boolean): void {
    this.#mqttUp = up
    this.#steer()
    if (this.#hasRoom()) this.#wake()
  }

  records(messages: readonly KafkaMessage[], input: CommandInput, next: bigint): void {
    if (input === 'command') {
      this.#unread += messages.length
      // At once: what is fetched for a partition that was paused meanwhile is thrown away, and fetched again.
      this.#steer()
    }
    const turn = (this.#turns.get(input) ?? Promise.resolve())
      .then(() => this.#take(messages, input, next))
      .catch((error: unknown) => {
        this.#broken = true
        if (this.#isLost()) return
        this.#ports.emit({ event: 'unexpected_error', where: 'command_worker', error: messageOf(error) })
      })
    this.#turns.set(input, turn)
  }

  /** Expires what is due. */
  tick(now: number): void {
    if (this.#phase === 'live' && !this.#isLost() && this.#decisions.fire(now)) this.#hooks.decided()
  }

  /** What has changed since the last call and may be committed. */
  commits(): readonly Commit[] {
    return this.#phase === 'live' ? this.#decisions.commits() : []
  }

  /** These were committed. */
  noteCommitted(entries: readonly Commit[]): void {
    this.#decisions.offsets.noteCommitted(entries)
  }

  async #take(messages: readonly KafkaMessage[], input: CommandInput, next: bigint): Promise<void> {
    for (const message of messages) {
      if (input === 'command') {
        // New requests in the same run wait for room like all others.
        if (this.#phase === 'rereading' && BigInt(message.offset) >= this.#start.command) this.#goLive()
        if (!this.#hasRoom()) await this.#room()
        this.#unread -= 1
      }
      if (this.#isOver()) return
      const reading = this.#takeOne(message, input)
      if (reading === undefined) continue
      this.#hooks.decided()
      await this.#read(reading, input)
    }
    if (this.#isOver()) return
    this.#hooks.decided()
    if (input === 'commandStatus') {
      if (this.#phase === 'statuses' && next >= this.#start.statusEnd) this.#reread()
      return
    }
    this.#decisions.offsets.reached(input, next)
    if (input === 'command') {
      if (this.#phase === 'rereading' && next >= this.#start.command) this.#goLive()
      this.#follow(next)
    }
    this.#steer()
  }

  /** Waits for the registry. What else there is of this input stays in Kafka meanwhile: here it would pile up. */
  async #read(reading: Promise<void>, input: CommandInput): Promise<void> {
    const { source } = this.#ports
    // Of requests so many are fetched as there is room for, once the partition is live.
    const rests = input !== 'command' || this.#phase === 'rereading'
    if (rests) source.pause(input, this.partition)
    await reading
    if (rests && !this.#isOver()) source.resume(input, this.partition)
  }

  /** Whether a request may be read: it can be published, and not too many are in work. Those that waited may come back. */
  #hasRoom(): boolean {
    if (this.#phase !== 'live') return true
    return this.#mqttUp && this.#decisions.offsets.pendingRequests < this.#ports.maxPending
  }

  async #room(): Promise<void> {
    this.#hooks.decided()
    while (!this.#hasRoom()) {
      await new Promise<void>((resolve) => {
        this.#whenRoom = resolve
      })
    }
  }

  #wake(): void {
    const wake = this.#whenRoom
    this.#whenRoom = null
    wake?.()
  }

  /** Asked before anything is decided: what a former owner says would contradict the present one. */
  #isLost(): boolean {
    return this.#phase === 'over' || !this.#ports.source.owns(this.partition)
  }

  #isOver(): boolean {
    return this.#isLost() || this.#broken
  }

  /** A promise only where the registry has to be asked for the schema of the value. */
  #takeOne(message: KafkaMessage, input: CommandInput): Promise<void> | undefined {
    const { reader } = this.#ports
    switch (input) {
      case 'commandStatus':
        return this.#phase === 'statuses'
          ? withValue(reader.status(message), (status) => this.#decisions.restore(message, status))
          : undefined
      case 'command':
        return withValue(reader.request(message), (reading) => {
          if (!this.#isOver()) this.#decisions.request(message, reading, this.#phase === 'rereading')
        })
      case 'commandReply':
        this.#decisions.reply(message)
        return undefined
      case 'presence':
        return withValue(reader.presence(message), (report) => {
          if (!this.#isOver()) this.#decisions.presence(message, report)
        })
    }
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
    this.#follow(this.#start.command)
    this.#paused = false
    this.#steer()
    this.#hooks.live()
  }

  /**
   * Reads replies and presence once the requests before `commandEnd` are decided, up to `next` so far. A former owner
   * may have published one of those before Kafka had its ACCEPTED, or not have noted that it waits: what came of it
   * meanwhile would mean nothing, and does not come again.
   */
  #follow(next: bigint): void {
    if (this.#phase !== 'live' || this.#follows || next < this.#start.commandEnd) return
    this.#follows = true
    this.#ports.source.startAt('commandReply', this.partition, this.#start.commandReply)
    this.#ports.source.startAt('presence', this.partition, this.#start.presence)
  }

  /** Reads requests only while they can be published and not too many are in work or here already. */
  #steer(): void {
    if (this.#phase !== 'live') return
    const { maxPending, source } = this.#ports
    const here = this.#decisions.offsets.pendingRequests + this.#unread
    const pause = !this.#mqttUp || here >= maxPending || (this.#paused && here > maxPending / 2)
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) source.pause('command', this.partition)
    else source.resume('command', this.partition)
  }
}

/** Goes on with a value, at once where it is there. */
function withValue<T>(value: T | Promise<T>, goOn: (value: T) => void): Promise<void> | undefined {
  if (value instanceof Promise) return value.then(goOn)
  goOn(value)
  return undefined
}
