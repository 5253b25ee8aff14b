/** Counts records that have been handed over and are not stored, for whoever must not go on before they are. */
export class Unstored {
  #count = 0
  #waiting: (() => void)[] = []

  add(): void {
    this.#count += 1
  }

  /** One of them is stored. */
  readonly one = (): void => {
    this.#count -= 1
    if (this.#count > 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Resolves when none is left. */
  async none(): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
