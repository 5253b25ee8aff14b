import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Decider, Pump } from '../../../src/flow/pump.ts'
import { Sender } from '../../../src/flow/sender.ts'
import { Backoff } from '../../../src/kernel/backoff.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import type { BridgeRecord, Outcome } from '../../../src/records/bridge-record.ts'
import { messageOf } from '../../kit/ingest.ts'
import { ScriptedKafka, type Verdict, verdicts } from './scripted-kafka.ts'
import { ScriptedSession } from './scripted-session.ts'

/** What a part of a message is. `stubborn`: its dead letter is refused too, a few times. */
const parts = ['good', 'ignored', 'deadLetter', 'unencodable', 'poison', 'stubborn'] as const
type Part = (typeof parts)[number]

type Step =
  | { readonly do: 'message'; readonly session: number; readonly parts: readonly Part[] }
  | { readonly do: 'read'; readonly session: number; readonly messages: number }
  | { readonly do: 'cut'; readonly session: number }
  | { readonly do: 'wait'; readonly turns: number }
  /** Milliseconds that the clock jumps, forwards or back. */
  | { readonly do: 'jump'; readonly by: number }

const sessionCount = 2
const session = fc.nat(sessionCount - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('message' as const),
      session,
      parts: fc.array(fc.constantFrom(...parts), { maxLength: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('read' as const), session, messages: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), session }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('jump' as const), by: fc.integer({ min: -3_600_000, max: 3_600_000 }) }),
  },
)

/** Everything between a broker and Kafka that decides what is acknowledged, with both of them played. */
class World {
  readonly kafka: ScriptedKafka
  readonly sessions: readonly ScriptedSession[]
  readonly sent: { readonly name: string; readonly session: number; readonly parts: readonly Part[] }[] = []
  readonly events: BridgeEvent[] = []
  readonly sender: Sender<never>
  readonly #pump: Pump
  #now = 1_000_000

  constructor(given: readonly Verdict[], messages: readonly Step[], gapMs: number) {
    const partsOf = new Map<string, readonly Part[]>()
    for (const each of messages) {
      if (each.do !== 'message') continue
      const name = String(this.sent.length)
      this.sent.push({ name, session: each.session, parts: each.parts })
      partsOf.set(name, each.parts)
    }
    const refusals = this.sent.flatMap(({ name, parts: kinds }) =>
      kinds.flatMap((part, item): [string, number][] => {
        const key = `${part}-${name}-${item}`
        if (part === 'poison') return [[key, Number.POSITIVE_INFINITY]]
        return part === 'stubborn'
          ? [
              [key, Number.POSITIVE_INFINITY],
              [`dead-${key}`, 4],
            ]
          : []
      }),
    )
    this.kafka = new ScriptedKafka(given, new Map(refusals))
    this.sessions = Array.from(
      { length: sessionCount },
      () => new ScriptedSession((name) => this.#mustBeStored(name, partsOf.get(name) ?? [])),
    )
    // The tallies of an event are used again after it.
    const emit = (event: BridgeEvent): void => void this.events.push(structuredClone(event))
    const sender = new Sender(
      { gapMs, stallMs: 10_000 },
      {
        writer: this.kafka,
        clock: { now: () => this.#now },
        emit,
        backoff: new Backoff({ firstMs: 0, maxMs: 0, random: () => 0 }),
        settled: () => this.#flush(),
        beforeWrite: () => undefined,
      },
    )
    this.sender = sender as never
    this.#pump = new Pump(decider(partsOf), sender, emit)
  }

  async take(step: Step, name: string): Promise<void> {
    switch (step.do) {
      case 'message':
        this.sessions[step.session]?.enqueue(name)
        break
      case 'read':
        this.#read(step.session, step.messages)
        break
      case 'cut':
        this.sessions[step.session]?.cut()
        break
      case 'jump':
        this.#now += step.by
        break
      case 'wait':
        for (let i = 0; i < step.turns; i += 1) await turn()
    }
  }

  /** Everything goes well from here on. */
  async end(): Promise<void> {
    for (const [number] of this.sessions.entries()) this.#read(number, Number.POSITIVE_INFINITY)
    await this.sender.drained()
    this.#flush()
  }

  #read(number: number, messages: number): void {
    for (let i = 0; i < messages; i += 1) {
      const delivery = this.sessions[number]?.deliver() ?? null
      if (delivery === null) break
      this.#pump.offer(messageOf('t', delivery.message), delivery.window, delivery.sequence)
    }
    this.#pump.endOfRead()
    this.#flush()
  }

  #flush(): void {
    for (const each of this.sessions) each.flush()
  }

  /** Promise 1, at the moment of each acknowledgement. */
  #mustBeStored(name: string, kinds: readonly Part[]): void {
    for (const [item, part] of kinds.entries()) {
      const key = keyAtLast(part, name, item)
      if (key !== null && !this.kafka.has.has(key)) throw new Error(`${key} was acknowledged and is not stored`)
    }
  }
}

/** Under which key a part of a message ends on Kafka; null when it does not. */
function keyAtLast(part: Part, name: string, item: number): string | null {
  if (part === 'ignored') return null
  const key = `${part}-${name}-${item}`
  return part === 'good' || part === 'deadLetter' ? key : `dead-${key}`
}

function decider(partsOf: ReadonlyMap<string, readonly Part[]>): Decider {
  return {
    decide: ({ payload }) => {
      const name = Buffer.from(payload).toString()
      return (partsOf.get(name) ?? []).map((part, item): Outcome => {
        if (part === 'ignored') return { kind: 'ignored', reason: 'empty_batch' }
        const record: BridgeRecord = {
          channel: part === 'deadLetter' ? 'deadLetter' : 'attendance',
          key: `${part}-${name}-${item}`,
          value: {},
          headers: null,
          timestamp: 0,
        }
        return part === 'deadLetter' ? { kind: 'deadLettered', code: 'X', record } : { kind: 'produced', record }
      })
    },
    deadLetterOf: (_message, _item, record) =>
      record.channel === 'deadLetter' ? null : { ...record, channel: 'deadLetter', key: `dead-${record.key}` },
  }
}

/** First times only: what was not acknowledged is repeated, and what was not answered may be written twice. */
function firsts(keys: readonly string[]): string[] {
  return [...new Set(keys)]
}

/**
 * After any failures of any kind the windows are full of nothing. Guards flow/pump.ts `#remaining` and `settle`,
 * flow/ack-window.ts `flush` and `close`, flow/sender.ts `#fly`, `#replace` and `kick`: seen to fail when a delivery is
 * settled at its first part or at its offer, when a failed flight counts as stored, when a refused record is dropped,
 * when acknowledgements leave in the order of settling, and when `kick` does not look at full batches.
 */
it('settles every delivery exactly once and in order, or loses it with its connection, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.array(fc.constantFrom(...verdicts), { maxLength: 40 }),
      fc.constantFrom(0, 1),
      async (steps, given, gapMs) => {
        const world = new World(given, steps, gapMs)
        let next = 0
        for (const each of steps) {
          await world.take(each, String(next))
          if (each.do === 'message') next += 1
        }
        await world.end()

        for (const [number, each] of world.sessions.entries()) {
          const own = world.sent.filter(({ session: of }) => of === number)
          // Each message once, in the order in which it came: no window lets a message go that another one holds.
          expect(each.acknowledged).toEqual(own.map(({ name }) => name))
          expect(each.pending).toBe(0)
          expect(each.isEmpty).toBe(true)
          expect(each.lost.here).toBe(each.lost.there)
          const good = own.flatMap(({ name, parts: kinds }) =>
            kinds.flatMap((part, item) => (part === 'good' ? [`good-${name}-${item}`] : [])),
          )
          const mine = new Set(good)
          expect(firsts(world.kafka.stored.filter((key) => mine.has(key)))).toEqual(good)
        }
        expect(world.sender.pending).toBe(0)
        let difference = 0
        for (const event of world.events) {
          if (event.event === 'inputs_decided') {
            difference += event.received
            for (const count of event.ignored.values()) difference -= count
          } else if (event.event === 'batch_stored') {
            difference -= event.records
          }
        }
        expect(difference).toBe(0)
      },
    ),
    { numRuns: 120, interruptAfterTimeLimit: 40_000 },
  )
}, 60_000)
