/** What the demo shows of a record of `cams.command-status.v1`. */
export interface StatusRecord {
  readonly eventId: string
  readonly commandId: string
  readonly deviceSn: string
  readonly op: string
  readonly status: string
  readonly statusTime: number
  readonly attempt: number
  readonly errorCode: string | null
  readonly deviceCode: string | null
  readonly message: string | null
}

/** One command and what became of it so far. */
export interface SeenCommand {
  readonly deviceSn: string
  readonly commandId: string
  op: string
  /** Its statuses in order. */
  readonly steps: string[]
  /** Why it ended so; empty when there is nothing to say. */
  why: string
  /** From the operator's send to reading its end; null before, and for commands of others. */
  tookMs: number | null
  readonly askedAt: number | null
  /** Event id of its first final status. */
  end: string | null
  seenAt: number
}

/** After these nothing is due any more. PUBLISHED is not among them: the device may still answer. */
const final = new Set(['REJECTED', 'NO_SUBSCRIBER', 'EXPIRED', 'FAILED', 'SUCCEEDED'])
const kept = 40
const keptTimes = 2000
const rateSeconds = 30
/** How long a command that has ended is remembered, for a second end to be noticed. */
const rememberMs = 600_000

/** What the screen shows of commands: the operator's, and those that you send. */
export class CommandTally {
  /** Commands by their last status. */
  readonly outcomes = new Map<string, number>()
  /** The latest to move first. */
  readonly last: SeenCommand[] = []
  /** Commands with two different ends: never. */
  twoEnds = 0
  /** All that were asked for by the operator of the demo. */
  sent = 0
  readonly #commands = new Map<string, SeenCommand>()
  readonly #times: number[] = []
  readonly #perSecond = new Map<number, number>()

  /** The operator is about to send a command. */
  asked(deviceSn: string, commandId: string, now: number): void {
    this.sent += 1
    const second = Math.floor(now / 1000)
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + 1)
    this.#perSecond.delete(second - 2 * rateSeconds)
    this.#add(deviceSn, commandId, now, now)
    if (this.sent % 500 === 0) this.#forget(now)
  }

  take({ deviceSn, commandId, op, status, eventId, ...rest }: StatusRecord, now: number): void {
    const command = this.#commands.get(keyOf(deviceSn, commandId)) ?? this.#add(deviceSn, commandId, null, now)
    command.op = op
    command.seenAt = now
    const before = command.steps.at(-1)
    // A repeat of the same step has the same event id, and says nothing new.
    if (before !== status) {
      if (before !== undefined) this.#count(before, -1)
      this.#count(status, 1)
      command.steps.push(status)
    }
    command.why = [rest.errorCode, rest.deviceCode, rest.message].filter((part) => part !== null).join(' ')
    this.#end(command, status, eventId, now)
    const place = this.last.indexOf(command)
    if (place >= 0) this.last.splice(place, 1)
    this.last.unshift(command)
    if (this.last.length > kept) this.last.pop()
  }

  /** Commands sent in each of the last seconds, the oldest first, without the one that runs. */
  rates(): readonly number[] {
    const second = Math.floor(Date.now() / 1000)
    return Array.from({ length: rateSeconds }, (_, at) => this.#perSecond.get(second - rateSeconds + at) ?? 0)
  }

  /** From the operator's send to reading what the device said; null before the first. */
  answerTime(): { readonly medianMs: number; readonly p99Ms: number } | null {
    const sorted = this.#times.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
    return sorted.length === 0 ? null : { medianMs: at(0.5), p99Ms: at(0.99) }
  }

  #end(command: SeenCommand, status: string, eventId: string, now: number): void {
    if (!final.has(status)) return
    if (command.end !== null) {
      if (command.end !== eventId) this.twoEnds += 1
      return
    }
    command.end = eventId
    if (command.askedAt === null) return
    command.tookMs = now - command.askedAt
    // A wait is as long as the device is away.
    if (status !== 'SUCCEEDED' || command.steps.includes('WAITING') || command.steps.includes('DELIVERED')) return
    this.#times.push(command.tookMs)
    if (this.#times.length > keptTimes) this.#times.splice(0, keptTimes / 2)
  }

  #add(deviceSn: string, commandId: string, askedAt: number | null, now: number): SeenCommand {
    const command: SeenCommand = {
      deviceSn,
      commandId,
      op: '',
      steps: [],
      why: '',
      tookMs: null,
      askedAt,
      end: null,
      seenAt: now,
    }
    this.#commands.set(keyOf(deviceSn, commandId), command)
    return command
  }

  #count(status: string, by: number): void {
    this.outcomes.set(status, (this.outcomes.get(status) ?? 0) + by)
  }

  #forget(now: number): void {
    for (const [key, { end, seenAt }] of this.#commands) {
      if (end !== null && now - seenAt > rememberMs) this.#commands.delete(key)
    }
  }
}

function keyOf(deviceSn: string, commandId: string): string {
  return `${deviceSn} ${commandId}`
}
