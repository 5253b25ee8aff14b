/** How long the kit waits for what must come: far beyond what it takes on a machine that does five other things. */
export const patienceMs = 60_000

/** Waits for conditions over state that changes by events: whoever changes it calls `look`. */
export class Latch {
  readonly #waiting = new Set<() => void>()

  look(): void {
    for (const look of this.#waiting) look()
  }

  /** Resolves when `holds`; throws, naming `what` as it is then, when that takes longer than `timeoutMs`. */
  async until(what: string | (() => string), holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!holds()) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(look)
        reject(new Error(`${typeof what === 'string' ? what : what()}: not within ${timeoutMs} ms`))
      }, timeoutMs)
      this.#waiting.add(look)
    })
  }
}
