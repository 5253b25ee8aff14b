import type { Data, SchemaName } from '../../records/generated/schemas.ts'
import { toPlain } from '../../records/plain.ts'
import type { CommandIo } from '../command.ts'
import { LiveLine } from '../live-line.ts'

/** Tells a person, or with `--json` a script, what is seen while waiting. */
export class Account {
  readonly json: boolean
  readonly io: CommandIo
  readonly #line: LiveLine
  /** What waits to be told; null: nothing has to wait. */
  #held: (() => void)[] | null = null

  constructor(json: boolean, io: CommandIo) {
    this.json = json
    this.io = io
    this.#line = new LiveLine(io.stderr)
  }

  /** A record: with `--json` a line with all its fields behind a member `record`, else the text, if there is one. */
  record<N extends SchemaName>(record: string, schema: N, value: Data[N], text: string | null): void {
    if (this.#held !== null && record !== 'result') {
      this.#held.push(() => this.record(record, schema, value, text))
      return
    }
    this.#line.clear()
    if (this.json) this.io.stdout.write(`${JSON.stringify({ record, ...toPlain(schema, value) })}\n`)
    else if (text !== null) this.io.stdout.write(`${text}\n`)
  }

  /** Keeps records, but for a result, until `release`. */
  hold(): void {
    this.#held ??= []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const tell of held) tell()
  }

  /** What a person has to know and no script reads. */
  note(text: string): void {
    this.#line.clear()
    this.io.stderr.write(`${text}\n`)
  }

  /** What a terminal shows for now: a line or several. */
  show(text: string): void {
    this.#line.show(text)
  }

  clear(): void {
    this.#line.clear()
  }
}
