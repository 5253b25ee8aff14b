import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Batch, Sender, type Writer } from '../../../src/flow/sender.ts'
import type { Ticket } from '../../../src/flow/ticket.ts'
import { Backoff } from '../../../src/kernel/backoff.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { Failure } from '../../../src/kernel/failure.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import type { BridgeRecord } from '../../../src/records/bridge-record.ts'

/** What the scripted far side does with each write, in turn; then it takes everything. */
type Verdict = 'ok' | 'transient' | 'poison'

interface Entry {
  readonly record: BridgeRecord
  readonly ticket: Ticket
  readonly item: number
}

class ListBatch implements Batch {
  readonly deadLetters = new Map<string, number>()
  readonly entries: Entry[] = []
  bytes = 0

  get records(): number {
    return this.entries.length
  }

  append(record: BridgeRecord, ticket: Ticket, item: number): boolean {
    if (this.entries.length >= 5) return false
    this.entries.push({ record, ticket, item })
    return true
  }

  settle(): void {
    for (const { ticket } of this.entries) ticket.stored()
  }
}

/** A far side that fails as told and refuses records whose key starts with "bad" for good. */
class ScriptedWriter implements Writer<ListBatch> {
  readonly taken: string[] = []
  readonly #verdicts: Verdict[]

  constructor(verdicts: readonly Verdict[]) {
    this.#verdicts = [...verdicts]
  }

  newBatch(): ListBatch {
    return new ListBatch()
  }

  async write(batch: ListBatch): Promise<void> {
    await this.#turn()
    if (batch.entries.some((e) => e.record.key?.startsWith('bad'))) throw new Failure('malformed', 'X', 'refused')
    for (const e of batch.entries) this.taken.push(e.record.key ?? '')
  }

  async isolate(
    batch: ListBatch,
    refused: (record: BridgeRecord, ticket: Ticket, item: number, failure: Failure) => void,
  ): Promise<void> {
    for (let e = batch.entries[0]; e !== undefined; e = batch.entries[0]) {
      await this.#turn()
      if (e.record.key?.startsWith('bad') === true) {
        refused(e.record, e.ticket, e.item, new Failure('malformed', 'X', 'refused'))
      } else {
        this.taken.push(e.record.key ?? '')
        e.ticket.stored()
      }
      batch.entries.shift()
    }
  }

  async #turn(): Promise<void> {
    await Promise.resolve()
    if (this.#verdicts.shift() === 'transient') throw new Failure('transient', 'timeout', 'not now')
  }
}

function record(key: string): BridgeRecord {
  return { channel: 'attendance', key, value: {}, headers: null, timestamp: 0 }
}

describe('sender', () => {
  it('tells every ticket exactly once, whatever fails; what is refused becomes a dead letter alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('good', 'bad'), { minLength: 1, maxLength: 30 }),
        fc.array(fc.constantFrom<Verdict>('ok', 'transient'), { maxLength: 20 }),
        async (kinds, verdicts) => {
          const writer = new ScriptedWriter(verdicts)
          const events: BridgeEvent[] = []
          const sender = new Sender(
            { gapMs: 0, stallMs: 10_000 },
            {
              writer,
              clock: systemClock,
              emit: (event) => events.push(event),
              backoff: new Backoff({ firstMs: 0, maxMs: 0, random: Math.random }),
              settled: () => undefined,
              beforeWrite: () => undefined,
            },
          )
          const stored = kinds.map(() => 0)
          kinds.forEach((kind, i) => {
            sender.append(
              record(`${kind}-${i}`),
              {
                stored: () => {
                  stored[i] = (stored[i] ?? 0) + 1
                },
                refused: (r) => ({ ...r, channel: 'deadLetter', key: `dead-${i}` }),
              },
              0,
            )
          })
          await sender.drained()
          expect(stored).toEqual(kinds.map(() => 1))
          const expected = kinds.map((kind, i) => (kind === 'bad' ? `dead-${i}` : `good-${i}`))
          expect([...writer.taken].sort()).toEqual([...expected].sort())
          const good = (keys: readonly string[]) => keys.filter((key) => key.startsWith('good'))
          expect(good(writer.taken)).toEqual(good(expected))
          expect(sender.pending).toBe(0)
          let counted = 0
          for (const event of events) if (event.event === 'batch_stored') counted += event.records
          expect(counted).toBe(kinds.length)
        },
      ),
      { numRuns: 300 },
    )
  })

  /** Guards flow/sender.ts `mayGo` and `abandon`: seen to fail when a flight is tried again, or a full batch is kept. */
  it('writes nothing of what was abandoned, and goes on with what comes after', async () => {
    const writer = new ScriptedWriter(['transient'])
    const events: BridgeEvent[] = []
    const told: string[] = []
    const gone: Promise<void>[] = []
    const sender: Sender<ListBatch> = new Sender(
      { gapMs: 0, stallMs: 10_000 },
      {
        writer,
        clock: systemClock,
        emit: (event) => events.push(event),
        backoff: new Backoff({ firstMs: 0, maxMs: 0, random: Math.random }),
        settled: () => undefined,
        beforeWrite: () => {
          // The first flight has failed: before it is tried again, this process finds that it was asleep.
          if (gone.length === 0 && events.some(({ event }) => event === 'kafka_send_stalled'))
            gone.push(sender.abandon())
        },
      },
    )
    const ticket = (key: string): Ticket => ({ stored: () => told.push(key), refused: () => null })
    for (let i = 0; i < 12; i += 1) sender.append(record(`before-${i}`), ticket(`before-${i}`), 0)
    await sender.drained()
    expect(gone).toHaveLength(1)
    await Promise.all(gone)
    expect([writer.taken, told, sender.pending]).toEqual([[], [], 0])
    sender.append(record('after'), ticket('after'), 0)
    await sender.drained()
    expect([writer.taken, told, sender.pending]).toEqual([['after'], ['after'], 0])
    const dropped = events.flatMap((each) => (each.event === 'inputs_decided' ? [...each.ignored] : []))
    expect(dropped.reduce((sum, [, count]) => sum + count, 0)).toBe(12)
    expect(events.map(({ event }) => event)).toContain('kafka_send_recovered')
  })
})
