/** A stack of things to release. Released last in, first out, each once; the first error is thrown at the end. */
export class Releasers {
  readonly #stack: { readonly name: string; readonly release: () => Promise<void> | void }[] = []

  add(name: string, release: () => Promise<void> | void): void {
    this.#stack.push({ name, release })
  }

  /** Names of what is still held, innermost last. For the line that says what a stop is waiting for. */
  held(): readonly string[] {
    return this.#stack.map((entry) => entry.name)
  }

  async releaseAll(): Promise<void> {
    const errors: unknown[] = []
    for (let entry = this.#stack.pop(); entry !== undefined; entry = this.#stack.pop()) {
      try {
        await entry.release()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} resources could not be released`)
  }
}
