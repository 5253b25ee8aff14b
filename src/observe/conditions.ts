import type { Clock } from '../kernel/clock.ts'

export interface Condition {
  readonly name: string
  readonly holds: boolean
  /** Why it does not hold, or what makes it hold. For people: no secrets, no payloads. */
  readonly reason: string
  /** Since when it has been so, epoch milliseconds. */
  readonly since: number
}

/** A set of named conditions, known from the start. The answer is yes when all of them hold. */
export class Conditions {
  readonly #clock: Clock
  readonly #changed: (holds: boolean, missing: readonly string[]) => void
  readonly #conditions = new Map<string, Condition>()
  #holds: boolean

  /**
   * `initially` is the answer of every condition until somebody speaks for it. `changed` is told when the answer of
   * the whole turns over.
   */
  constructor(
    names: readonly string[],
    initially: boolean,
    clock: Clock,
    changed: (holds: boolean, missing: readonly string[]) => void,
  ) {
    this.#clock = clock
    this.#changed = changed
    const since = clock.now()
    for (const name of names) {
      this.#conditions.set(name, { name, holds: initially, reason: initially ? 'ok' : 'not yet', since })
    }
    this.#holds = initially || names.length === 0
  }

  get holds(): boolean {
    return this.#holds
  }

  all(): readonly Condition[] {
    return [...this.#conditions.values()]
  }

  /** Every condition of which the name begins so holds. */
  holdAll(start: string): boolean {
    return this.all().every(({ name, holds }) => holds || !name.startsWith(start))
  }

  missing(): readonly string[] {
    return this.all()
      .filter((condition) => !condition.holds)
      .map((condition) => condition.name)
  }

  /** Says how a condition stands. Throws when nobody announced it. */
  say(name: string, holds: boolean, reason: string): void {
    const before = this.#conditions.get(name)
    if (before === undefined) throw new Error(`nobody announced the condition ${name}`)
    const since = before.holds === holds ? before.since : this.#clock.now()
    this.#conditions.set(name, { name, holds, reason, since })
    const missing = this.missing()
    if ((missing.length === 0) === this.#holds) return
    this.#holds = missing.length === 0
    this.#changed(this.#holds, missing)
  }
}
