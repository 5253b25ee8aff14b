/** One line of a terminal that is written over and over; nothing at all where there is no terminal. */
export class LiveLine {
  readonly #out: NodeJS.WritableStream
  readonly isTerminal: boolean
  #shown = false

  constructor(out: NodeJS.WritableStream) {
    this.#out = out
    this.isTerminal = 'isTTY' in out && out.isTTY === true
  }

  show(text: string): void {
    if (!this.isTerminal) return
    const columns = 'columns' in this.#out && typeof this.#out.columns === 'number' ? this.#out.columns : 80
    // A line that wraps could not be written over.
    this.#out.write(`\r\u001b[2K${text.slice(0, columns - 1)}`)
    this.#shown = true
  }

  /** Wipes the line, so that something else can be written. */
  clear(): void {
    if (this.#shown) this.#out.write('\r\u001b[2K')
    this.#shown = false
  }
}

const barWidth = 24

export function progressBar(done: number, all: number): string {
  const full = all === 0 ? barWidth : Math.floor((done / all) * barWidth)
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${done}/${all}`
}
