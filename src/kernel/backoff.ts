/** Exponential back-off with full jitter. Delays are in milliseconds. */
export interface BackoffOptions {
  readonly firstMs: number
  readonly maxMs: number
  /** Returns a number in [0, 1). An argument, so that tests and the pure core stay deterministic. */
  readonly random: () => number
}

export class Backoff {
  readonly #options: BackoffOptions
  #attempt = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** The delay before the next try: between half and all of the current ceiling, which doubles each time. */
  next(): number {
    const { firstMs, maxMs, random } = this.#options
    const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt, 30))
    this.#attempt += 1
    return Math.round(ceiling / 2 + (ceiling / 2) * random())
  }

  reset(): void {
    this.#attempt = 0
  }
}
