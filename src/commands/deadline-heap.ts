/** Deadlines in order of time, equal ones in order of `order`. Adding and taking cost the logarithm of the size. */
export class DeadlineHeap<T> {
  readonly #items: { readonly at: number; readonly order: number; readonly item: T }[] = []
  readonly #isLive: (item: T) => boolean
  readonly #whenGone: (item: T) => void

  /**
   * @param isLive whether a deadline still counts: what was cancelled is dropped when it comes to the top
   * @param whenGone told of every item that leaves, so that its owner knows when to add it anew
   */
  constructor(isLive: (item: T) => boolean, whenGone: (item: T) => void) {
    this.#isLive = isLive
    this.#whenGone = whenGone
  }

  get size(): number {
    return this.#items.length
  }

  add(at: number, order: number, item: T): void {
    const items = this.#items
    items.push({ at, order, item })
    let child = items.length - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!this.#before(child, parent)) break
      this.#swap(child, parent)
      child = parent
    }
  }

  /** Time of the earliest deadline that counts; null when there is none. */
  earliest(): number | null {
    for (;;) {
      const top = this.#items[0]
      if (top === undefined) return null
      if (this.#isLive(top.item)) return top.at
      this.#pop()
    }
  }

  /** Takes the earliest deadline that counts, if it is not later than `now`. */
  takeDue(now: number): T | null {
    const at = this.earliest()
    const top = this.#items[0]
    if (at === null || at > now || top === undefined) return null
    this.#pop()
    return top.item
  }

  #pop(): void {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined) return
    this.#whenGone(top.item)
    if (items.length === 0) return
    items[0] = last
    let parent = 0
    for (;;) {
      const left = 2 * parent + 1
      if (left >= items.length) return
      const right = left + 1
      const child = right < items.length && this.#before(right, left) ? right : left
      if (!this.#before(child, parent)) return
      this.#swap(child, parent)
      parent = child
    }
  }

  #before(one: number, other: number): boolean {
    const a = this.#items[one]
    const b = this.#items[other]
    if (a === undefined || b === undefined) return false
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  #swap(one: number, other: number): void {
    const items = this.#items
    const kept = items[one]
    const moved = items[other]
    if (kept === undefined || moved === undefined) return
    items[one] = moved
    items[other] = kept
  }
}
