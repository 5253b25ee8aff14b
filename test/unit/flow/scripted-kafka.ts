import type { Batch, Writer } from '../../../src/flow/sender.ts'
import type { Ticket } from '../../../src/flow/ticket.ts'
import { Failure } from '../../../src/kernel/failure.ts'
import type { BridgeRecord } from '../../../src/records/bridge-record.ts'

/**
 * What Kafka and its client do with one write:
 *
 * - `ok`: stores it, and answers.
 * - `away`: fails, and stores nothing.
 * - `answerLost`: stores it, and fails all the same.
 * - `half`: stores the first half, and fails.
 * - `bug`: throws what no table of errors knows.
 * - `slow`: answers only after a while.
 */
export type Verdict = 'ok' | 'away' | 'answerLost' | 'half' | 'bug' | 'slow'

export const verdicts: readonly Verdict[] = ['ok', 'away', 'answerLost', 'half', 'bug', 'slow']

interface Entry {
  readonly record: BridgeRecord
  readonly ticket: Ticket
  readonly item: number
}

class ListBatch implements Batch {
  readonly deadLetters = new Map<string, number>()
  readonly entries: Entry[] = []
  readonly bytes = 0

  get records(): number {
    return this.entries.length
  }

  append(record: BridgeRecord, ticket: Ticket, item: number): boolean {
    if (record.key?.startsWith('unencodable') === true) throw new Failure('malformed', 'X', 'cannot be encoded')
    if (this.entries.length >= 5) return false
    this.entries.push({ record, ticket, item })
    return true
  }

  settle(): void {
    for (const { ticket } of this.entries) ticket.stored()
  }
}

/** Takes records by the verdicts it was given, one for each write; then it takes everything that it ever takes. */
export class ScriptedKafka implements Writer<ListBatch> {
  /** Keys in the order in which they were stored; those that were written twice stand there twice. */
  readonly stored: string[] = []
  readonly has = new Set<string>()
  readonly #verdicts: Verdict[]
  /** Keys that are refused this many more times. */
  readonly #refusals: Map<string, number>

  /** `refuses` is how often a key is refused as never to be taken: for ever, or a few times. */
  constructor(given: readonly Verdict[], refuses: ReadonlyMap<string, number>) {
    this.#verdicts = [...given]
    this.#refusals = new Map(refuses)
  }

  newBatch(): ListBatch {
    return new ListBatch()
  }

  async write(batch: ListBatch): Promise<void> {
    await this.#turn(batch.entries, () => {
      const isRefused = batch.entries.map(({ record }) => this.#refuses(record.key)).includes(true)
      if (isRefused) throw new Failure('malformed', 'X', 'refused')
    })
  }

  async isolate(
    batch: ListBatch,
    refused: (record: BridgeRecord, ticket: Ticket, item: number, failure: Failure) => void,
  ): Promise<void> {
    for (let entry = batch.entries[0]; entry !== undefined; entry = batch.entries[0]) {
      const { record, ticket, item } = entry
      if (this.#refuses(record.key)) {
        await Promise.resolve()
        refused(record, ticket, item, new Failure('malformed', 'X', 'refused'))
      } else {
        await this.#turn([entry], () => undefined)
        ticket.stored()
      }
      batch.entries.shift()
    }
  }

  async #turn(entries: readonly Entry[], check: () => void): Promise<void> {
    const verdict = this.#verdicts.shift() ?? 'ok'
    await (verdict === 'slow' ? new Promise((resolve) => setTimeout(resolve, 2)) : Promise.resolve())
    if (verdict === 'away') throw new Failure('transient', 'connection', 'not there')
    if (verdict === 'bug') throw new TypeError('cannot read properties of undefined')
    check()
    for (const { record } of verdict === 'half' ? entries.slice(0, entries.length / 2) : entries) {
      this.stored.push(record.key ?? '')
      this.has.add(record.key ?? '')
    }
    if (verdict === 'half' || verdict === 'answerLost') throw new Failure('transient', 'timeout', 'no answer')
  }

  #refuses(key: string | null): boolean {
    const left = this.#refusals.get(key ?? '') ?? 0
    if (left > 0) this.#refusals.set(key ?? '', left - 1)
    return left > 0
  }
}
