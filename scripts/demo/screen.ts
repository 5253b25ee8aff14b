import type { WriteStream } from 'node:tty'

/** The second screen of a terminal, drawn over and over; what was on the first one comes back at the end. */
export class Screen {
  readonly #out: WriteStream
  #open = false

  constructor(out: WriteStream) {
    this.#out = out
  }

  open(): void {
    this.#open = true
    // Second screen, no cursor.
    this.#out.write('\u001b[?1049h\u001b[?25l')
  }

  draw(compose: (columns: number, rows: number) => readonly string[]): void {
    if (!this.#open) return
    const lines = compose(this.#out.columns, this.#out.rows)
    // Lines are written over, not cleared first: no flicker.
    this.#out.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#out.write('\u001b[?25h\u001b[?1049l')
  }
}
