const MINUTE_MS = 60_000

/** Counts the requests of each API key over the last minute (fleets 4.1, 429). */
export class RateLimit {
  readonly #perMinute: number
  /** Times of the last requests that were let through, by key, oldest first. */
  readonly #taken = new Map<string, number[]>()

  /** @param perMinute 0: no limit */
  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Lets a request through and counts it: 0; or, when the key is over its rate, the seconds it has to wait. */
  take(apiKey: string, now: number): number {
    if (this.#perMinute === 0) return 0
    // Those that lie ahead were counted by a clock that has been set back since.
    const recent = (this.#taken.get(apiKey) ?? []).filter((time) => time <= now && now - time < MINUTE_MS)
    const oldest = recent[0]
    if (oldest !== undefined && recent.length >= this.#perMinute) {
      return Math.max(1, Math.ceil((oldest + MINUTE_MS - now) / 1000))
    }
    recent.push(now)
    this.#taken.set(apiKey, recent)
    return 0
  }
}
