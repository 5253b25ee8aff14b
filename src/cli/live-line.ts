/** Lines at the end of a terminal that are written over and over; nothing at all where there is no terminal. */
export class LiveLine {
  readonly #out: NodeJS.WritableStream
  readonly isTerminal: boolean
  /** Lines that stand there now. */
  #shown = 0

  constructor(out: NodeJS.WritableStream) {
    this.#out = out
    this.isTerminal = 'isTTY' in out && out.isTTY === true
  }

  /** Shows a line, or several of them, in place of what it showed before. */
  show(text: string): void {
    if (!this.isTerminal) return
    // A terminal that nobody looks at says 0.
    const columns = 'columns' in this.#out && typeof this.#out.columns === 'number' ? this.#out.columns || 80 : 80
    // A line that wraps could not be written over.
    const lines = text.split('\n').map((line) => line.slice(0, columns - 1))
    this.#out.write(`${this.#wiped()}${lines.join('\n')}`)
    this.#shown = lines.length
  }

  /** Wipes what it shows, so that something else can be written. */
  clear(): void {
    if (this.#shown > 0) this.#out.write(this.#wiped())
    this.#shown = 0
  }

  /** To the first of our lines, and away with everything from there. */
  #wiped(): string {
    return this.#shown > 1 ? `\r\u001b[${this.#shown - 1}A\u001b[J` : '\r\u001b[J'
  }
}

const barWidth = 24

export function progressBar(done: number, all: number): string {
  const full = all === 0 ? barWidth : Math.min(barWidth, Math.floor((done / all) * barWidth))
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${done}/${all}`
}
