/** One timer of a thing. There is at most one per command execution and one per job execution. */
export interface Timer {
  readonly thingName: string
  readonly kind: 'command' | 'job'
  /** executionId or jobId. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly deadline: number
  /** Order in which equal deadlines fire: the order they were set in. */
  readonly order: number
}

/** The timers of the things of a partition, earliest first (fleets 1, Timers). Derived from state, never stored. */
export class TimerQueue {
  readonly #current = new Map<string, Timer>()
  /** A binary heap; timers that were replaced stay in it until they come to the top, or are more than the others. */
  #heap: Timer[] = []
  #orders = 0

  /** Sets, moves or (deadline null) removes a timer. Setting the same deadline again keeps its place. */
  set(thingName: string, kind: Timer['kind'], id: string, deadline: number | null): void {
    const name = `${kind}/${thingName}/${id}`
    if (this.#current.get(name)?.deadline === deadline) return
    if (deadline === null) {
      this.#current.delete(name)
      return
    }
    this.#orders += 1
    const timer: Timer = { thingName, kind, id, deadline, order: this.#orders }
    this.#current.set(name, timer)
    this.#push(timer)
    // A device may set a timer of a week anew with every report.
    if (this.#heap.length > 2 * this.#current.size + 1000) {
      this.#heap = []
      for (const each of this.#current.values()) this.#push(each)
    }
  }

  /** How many timers are in memory, those that were replaced too. */
  get inMemory(): number {
    return this.#heap.length
  }

  /** The next timer, or null. It stays set: the decision about it changes the state, and that the timer. */
  first(): Timer | null {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined) return null
      if (this.#current.get(`${top.kind}/${top.thingName}/${top.id}`) === top) return top
      this.#pop()
    }
  }

  /** Takes the next timer out when its deadline is at or before `until`; null when there is none. */
  take(until: number): Timer | null {
    const top = this.first()
    if (top === null || top.deadline > until) return null
    this.#pop()
    this.#current.delete(`${top.kind}/${top.thingName}/${top.id}`)
    return top
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(timer, heap[parent] as Timer)) break
      heap[at] = heap[parent] as Timer
      at = parent
    }
    heap[at] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Timer
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child += 1
      if (!before(heap[child] as Timer, last)) break
      heap[at] = heap[child] as Timer
      at = child
    }
    heap[at] = last
  }
}

function before(one: Timer, other: Timer): boolean {
  return one.deadline < other.deadline || (one.deadline === other.deadline && one.order < other.order)
}
