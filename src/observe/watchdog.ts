import type { Conditions } from './conditions.ts'
import type { Emit } from './events/event.ts'

/** A piece of work that goes on by itself as long as anything of it is pending. */
export interface Lane {
  /** Which one, for the log: a client id, a partition. */
  readonly name: string
  readonly pending: number
  /** Any number that changes when something of it was finished. */
  readonly done: number
  /** What helps whoever reads the log: epoch, ages, states. */
  readonly says: string
}

/** Where work can hang. */
export interface Watched {
  /** From the closed set `watched`. */
  readonly part: string
  /** Name of the condition of /livez that it speaks for; several may share one. */
  readonly condition: string
  /** How long its own deadlines may take, in milliseconds: it cannot be called a hang before that. */
  readonly patienceMs: number
  /** Whether all it waits for is there. An outage of somebody else is no hang. */
  connected(): boolean
  lanes(): readonly Lane[]
}

interface Seen {
  done: number
  /** Since when nothing was finished, of `performance.now()`. */
  since: number
  isStalled: boolean
}

/** So much later than it should be, and the process itself was asleep. */
const sleepMs = 5000

/**
 * Looks whether work that is pending gets finished. Never asks a server: it counts what finishes here. A part in which
 * nothing does, although it has all it needs, makes /livez red, and says once what is pending.
 */
export class Watchdog {
  readonly #stallMs: number
  readonly #live: Conditions
  readonly #emit: Emit
  readonly #now: () => number
  readonly #parts: { readonly watched: Watched; readonly lanes: Map<string, Seen>; stalledAt: number | null }[] = []
  #timer: NodeJS.Timeout | undefined
  #lookedAt = 0

  /** `now` never jumps; milliseconds. */
  constructor(stallMs: number, live: Conditions, emit: Emit, now: () => number = () => performance.now()) {
    this.#stallMs = stallMs
    this.#live = live
    this.#emit = emit
    this.#now = now
  }

  watch(watched: Watched): void {
    this.#parts.push({ watched, lanes: new Map(), stalledAt: null })
  }

  open(): void {
    this.#lookedAt = this.#now()
    const everyMs = Math.min(1000, this.#stallMs / 4)
    this.#timer = setInterval(() => this.look(), everyMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  look(): void {
    const now = this.#now()
    // After a sleep nothing can have been finished; what comes now counts from now.
    const wasAsleep = now - this.#lookedAt > sleepMs
    this.#lookedAt = now
    for (const part of this.#parts) {
      const { watched, lanes } = part
      const idle = wasAsleep || !watched.connected()
      const limitMs = Math.max(this.#stallMs, watched.patienceMs)
      const current = watched.lanes()
      const seen = new Map(current.map((lane) => [lane.name, see(lanes.get(lane.name), lane, idle, now, limitMs)]))
      lanes.clear()
      for (const [name, each] of seen) lanes.set(name, each)
      const stalled = current.filter(({ name }) => seen.get(name)?.isStalled === true)
      if (stalled.length > 0 && part.stalledAt === null) {
        part.stalledAt = now
        const since = Math.min(...stalled.map(({ name }) => seen.get(name)?.since ?? now))
        this.#emit({
          event: 'watchdog_stalled',
          part: watched.part,
          forMs: Math.round(now - since),
          pending: stalled.reduce((sum, { pending }) => sum + pending, 0),
          what: stalled.map(({ name, pending, says }) => `${name}: ${pending} pending, ${says}`),
        })
      } else if (stalled.length === 0 && part.stalledAt !== null) {
        const afterMs = Math.round(now - part.stalledAt)
        part.stalledAt = null
        this.#emit({ event: 'watchdog_recovered', part: watched.part, afterMs })
      }
    }
    this.#tell()
  }

  #tell(): void {
    const stalledOf = new Map<string, string[]>()
    for (const { watched, stalledAt } of this.#parts) {
      const stalled = stalledOf.get(watched.condition) ?? []
      stalledOf.set(watched.condition, stalled)
      if (stalledAt !== null) stalled.push(watched.part)
    }
    for (const [condition, parts] of stalledOf) {
      this.#live.say(condition, parts.length === 0, parts.length === 0 ? 'ok' : `nothing finishes: ${parts.join(' ')}`)
    }
  }
}

/** A lane that hangs goes on hanging until something of it is finished, whatever becomes of the other side meanwhile. */
function see(before: Seen | undefined, { pending, done }: Lane, idle: boolean, now: number, limitMs: number): Seen {
  const moved = before === undefined || before.done !== done || pending === 0
  if (moved || (idle && !before.isStalled)) return { done, since: now, isStalled: false }
  return { done, since: before.since, isStalled: before.isStalled || now - before.since >= limitMs }
}
