import type { CommandStatus } from '../records/generated/command-status.ts'
import type { CommandRules } from './command-rules.ts'
import { restedCommand, restingText } from './resting-command.ts'
import type { StatusSubject } from './status-record.ts'

/**
 * Where a known command stands.
 *
 * - `publishing`: handed to the broker, its PUBACK is out.
 * - `waiting`: for the device's next ONLINE, or its expiry.
 * - `unread`: its last status read back is ACCEPTED or WAITING, and its request has not been read yet.
 * - `settled`: nothing is due any more; replies count.
 */
export type Phase =
  | { readonly at: 'publishing'; readonly work: Work; readonly ticket: number; readonly again: boolean }
  | { readonly at: 'waiting'; readonly work: Work }
  | { readonly at: 'unread'; readonly after: 'ACCEPTED' | 'WAITING' }
  | { readonly at: 'settled' }

/** What is needed to publish a command. Dropped with it: it may hold what is sensitive. */
export interface Work {
  readonly payload: Buffer
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null
  readonly ifOffline: 'FAIL' | 'WAIT'
  /** Offset of the request, for the worker to know what must be read again after a restart; as Kafka's clients tell it. */
  readonly offset: string
  /** Of the request record, for the statuses that no reply causes. */
  readonly traceparent: string | null
}

/** A command known by serial and id, and what may happen to it next. */
export interface KnownCommand {
  readonly subject: StatusSubject
  readonly acceptedAt: number
  /** Order of acceptance among commands accepted in the same millisecond. */
  readonly order: number
  phase: Phase
  /** The last status, produced again for a repeat. */
  last: CommandStatus
  /** Topic of the reply that caused `last`; null when it was none. */
  lastMqttTopic: string | null
  /** Publications so far. */
  published: number
  /** The device came online while the PUBACK was out: a wait would miss it. */
  onlineMeanwhile: boolean
  /** Whether its expiry is among the timers. */
  hasTimer: boolean
  /** A publication of it is out, though a reply may have settled it already. */
  isOut: boolean
  /** Forgotten, or replaced by a later use of its id. */
  isGone: boolean
}

/** How many due commands one input may forget: more than one input can add, so that the backlog shrinks. */
const FORGOTTEN_PER_INPUT = 8

function keyOf(deviceSn: string, commandId: string): string {
  // Neither holds a space: serials and ids are checked before anything is known.
  return `${deviceSn} ${commandId}`
}

/**
 * The commands of one partition that are known, for as long as attendance 11.5 says. All work per input is bounded:
 * a command is judged forgotten when it is looked up, and a few due ones are dropped with each request.
 */
export class KnownCommands {
  readonly #rules: CommandRules
  /** By serial and id. Those that rest are text. */
  readonly #byKey = new Map<string, KnownCommand | string>()
  /** Those that may rest when the input is done with. */
  readonly #touched = new Set<KnownCommand>()
  /** Those with something under way, per device: publishing, waiting, or read back as waiting. */
  readonly #active = new Map<string, Set<KnownCommand>>()
  /** Keys, and when to look whether they are to be forgotten. A key whose id was used again is there more than once. */
  #due: string[] = []
  #dueAt: number[] = []
  #head = 0

  constructor(rules: CommandRules) {
    this.#rules = rules
  }

  get size(): number {
    return this.#byKey.size
  }

  /** The command, if it is known at `time`. */
  find(deviceSn: string, commandId: string, time: number): KnownCommand | null {
    const command = this.former(deviceSn, commandId)
    return command !== null && this.isKnown(command, time) ? command : null
  }

  /** The command last seen under this serial and id, perhaps no longer known. */
  former(deviceSn: string, commandId: string): KnownCommand | null {
    const key = keyOf(deviceSn, commandId)
    const found = this.#byKey.get(key)
    if (typeof found !== 'string') return found ?? null
    const command = restedCommand(found, deviceSn, commandId)
    this.#byKey.set(key, command)
    this.#touched.add(command)
    return command
  }

  /** Says that an input is done with: nobody holds a command that this gave or took, unless it is under way. */
  rest(): void {
    for (const command of this.#touched) {
      if (command.phase.at !== 'settled' || command.isOut || command.isGone) continue
      const { deviceSn, commandId } = command.subject
      this.#byKey.set(keyOf(deviceSn, commandId), restingText(command))
    }
    this.#touched.clear()
  }

  /** Takes a command in; it replaces a former one of the same serial and id. */
  add(command: KnownCommand): void {
    const { deviceSn, commandId } = command.subject
    const key = keyOf(deviceSn, commandId)
    const former = this.#byKey.get(key)
    if (typeof former === 'object') {
      this.#leaveActive(former)
      former.isGone = true
      if (former.phase.at === 'waiting') former.phase = { at: 'settled' }
    }
    this.#byKey.set(key, command)
    this.#lookAgain(key, this.#forgetAt(command))
    this.#noteActive(command)
    this.#touched.add(command)
  }

  /** Says that the phase of a command changed. */
  move(command: KnownCommand, phase: Phase): void {
    this.#leaveActive(command)
    command.phase = phase
    this.touch(command)
    if (!command.isGone) this.#noteActive(command)
  }

  /** Says that a command has changed in another way. */
  touch(command: KnownCommand): void {
    this.#touched.add(command)
  }

  /**
   * Whether the command waits: really; or published again, which keeps its place until the PUBACK; or by its last
   * status read back, while that may be true.
   */
  isWait(command: KnownCommand, time: number): boolean {
    const { phase } = command
    if (phase.at === 'waiting') return true
    if (phase.at === 'publishing') return phase.again
    return phase.at === 'unread' && phase.after === 'WAITING' && time < command.acceptedAt + this.#rules.waitMs
  }

  /** How many commands wait for the device. */
  countWaits(deviceSn: string, now: number): number {
    let count = 0
    for (const command of this.#active.get(deviceSn) ?? []) if (this.isWait(command, now)) count += 1
    return count
  }

  /** The waiting commands of a device whose requests have been read, in order of acceptance. */
  waitingOf(deviceSn: string): readonly KnownCommand[] {
    const waiting = [...(this.#active.get(deviceSn) ?? [])].filter((command) => command.phase.at === 'waiting')
    return waiting.sort((one, other) => one.acceptedAt - other.acceptedAt || one.order - other.order)
  }

  /** The commands of a device whose PUBACK is out. */
  publishingTo(deviceSn: string): readonly KnownCommand[] {
    return [...(this.#active.get(deviceSn) ?? [])].filter((command) => command.phase.at === 'publishing')
  }

  /** All with something under way: publishing, waiting, or read back as waiting. Takes time in proportion to them. */
  *active(): IterableIterator<KnownCommand> {
    for (const set of this.#active.values()) yield* set
  }

  /** Drops a few of the commands that are no longer known at `time`. */
  forgetSome(time: number): void {
    for (let count = 0; count < FORGOTTEN_PER_INPUT; count += 1) {
      const [key, at] = [this.#due[this.#head], this.#dueAt[this.#head]]
      if (key === undefined || at === undefined || at >= time) break
      this.#head += 1
      this.#forgetOrPostpone(key, time)
    }
    if (this.#head > 1024 && this.#head * 2 > this.#due.length) {
      this.#due = this.#due.slice(this.#head)
      this.#dueAt = this.#dueAt.slice(this.#head)
      this.#head = 0
    }
  }

  #forgetOrPostpone(key: string, time: number): void {
    const [deviceSn = '', commandId = ''] = key.split(' ')
    const command = this.former(deviceSn, commandId)
    if (command === null) return
    if (this.isKnown(command, time)) {
      // What waits may be settled long before its term: look again after the shortest time it can be known for.
      this.#lookAgain(key, Math.max(this.#forgetAt(command), time))
      return
    }
    this.#leaveActive(command)
    command.isGone = true
    this.#byKey.delete(key)
  }

  #lookAgain(key: string, at: number): void {
    this.#due.push(key)
    this.#dueAt.push(at)
  }

  #forgetAt(command: KnownCommand): number {
    return command.last.statusTime + this.#rules.rememberMs
  }

  isKnown(command: KnownCommand, time: number): boolean {
    return command.phase.at === 'publishing' || this.isWait(command, time) || time <= this.#forgetAt(command)
  }

  #noteActive(command: KnownCommand): void {
    if (!isActive(command.phase)) return
    const { subject } = command
    const set = this.#active.get(subject.deviceSn)
    if (set === undefined) this.#active.set(subject.deviceSn, new Set([command]))
    else set.add(command)
  }

  #leaveActive(command: KnownCommand): void {
    if (!isActive(command.phase)) return
    const set = this.#active.get(command.subject.deviceSn)
    if (set === undefined || !set.delete(command)) return
    if (set.size === 0) this.#active.delete(command.subject.deviceSn)
  }
}

/** Whether something is under way: publishing, waiting, or read back as waiting. */
function isActive(phase: Phase): boolean {
  return phase.at === 'publishing' || phase.at === 'waiting' || (phase.at === 'unread' && phase.after === 'WAITING')
}
