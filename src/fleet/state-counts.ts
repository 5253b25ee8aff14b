/** Kinds of state that are counted by status. */
type Counted = 'command' | 'execution' | 'job'

/** How many commands, job executions and jobs have which status. Kept up as records come, so that asking costs nothing. */
export class StateCounts {
  readonly #counts = new Map<string, number>()

  /** One of them went from one status to another; null: it was not there, or is not any more. */
  move(kind: Counted, before: string | null, after: string | null): void {
    if (before === after) return
    this.#add(kind, before, -1)
    this.#add(kind, after, 1)
  }

  of(kind: Counted, status: string): number {
    return this.#counts.get(`${kind} ${status}`) ?? 0
  }

  #add(kind: Counted, status: string | null, by: number): void {
    if (status === null) return
    this.#counts.set(`${kind} ${status}`, this.of(kind, status) + by)
  }
}
