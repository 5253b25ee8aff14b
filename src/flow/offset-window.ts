/**
 * The inputs of one partition that are in work, in order of their offsets. They settle in any order; the offset that
 * may be committed is the first one that is not settled, so a restart repeats and never skips.
 */
export class OffsetWindow {
  /** Offsets that have entered, in order; null once settled. Those before `#head` are gone. */
  #offsets: (bigint | null)[] = []
  #head = 0
  /** Sequence number of `#offsets[0]`. */
  #base = 0
  #next: bigint

  /** `next` is the offset of the first input to come. */
  constructor(next: bigint) {
    this.#next = next
  }

  /** Inputs that have entered and are not passed by the committable offset. */
  get pending(): number {
    return this.#offsets.length - this.#head
  }

  /** Offset of the next input to come. */
  get next(): bigint {
    return this.#next
  }

  /** Takes an input in; returns its sequence number, to settle it by. */
  enter(offset: bigint): number {
    this.#offsets.push(offset)
    this.#next = offset + 1n
    return this.#base + this.#offsets.length - 1
  }

  /** Everything before this offset has been read, also what was no record. */
  reached(next: bigint): void {
    if (next > this.#next) this.#next = next
  }

  settle(sequence: number): void {
    this.#offsets[sequence - this.#base] = null
    while (this.#head < this.#offsets.length && this.#offsets[this.#head] === null) this.#head += 1
    if (this.#head > 1024 && this.#head * 2 > this.#offsets.length) {
      this.#offsets = this.#offsets.slice(this.#head)
      this.#base += this.#head
      this.#head = 0
    }
  }

  /** The offset to commit: of the first input that is not settled, or of the next one to come. */
  committable(): bigint {
    return this.#offsets[this.#head] ?? this.#next
  }
}
