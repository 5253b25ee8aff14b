/**
 * Microseconds since the epoch, finer than `Date.now()`: anchored to it at a moment when it turned to a new
 * millisecond, so that it can be compared with the clock Kafka stamps records with.
 */
export class WallClock {
  readonly #anchorMicros: number
  readonly #anchor: bigint

  constructor() {
    const before = Date.now()
    let now = before
    while (now === before) now = Date.now()
    this.#anchor = process.hrtime.bigint()
    this.#anchorMicros = now * 1000
  }

  micros(): number {
    return this.#anchorMicros + Number((process.hrtime.bigint() - this.#anchor) / 1000n)
  }
}
