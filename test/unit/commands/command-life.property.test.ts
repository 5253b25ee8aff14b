import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommandEffect, Publication } from '../../../src/commands/command-effect.ts'
import { CommandPartition } from '../../../src/commands/command-partition.ts'
import type { CommandRequest } from '../../../src/records/generated/command-request.ts'
import type { CommandStatus } from '../../../src/records/generated/command-status.ts'
import type { KafkaMessage } from '../../../src/records/kafka-message.ts'
import { fromPlain } from '../../../src/records/plain.ts'
import { rulesOf, T0 } from './partition-driver.ts'

const DEDUP = 60_000
const WAIT = 300_000
const rules = rulesOf({
  commands: {
    dedupSeconds: DEDUP / 1000,
    rememberSeconds: 600,
    limits: { waitSeconds: WAIT / 1000, waitingPerDevice: 2 },
  },
})

type Step =
  | {
      readonly do: 'ask'
      readonly device: string
      readonly id: string
      readonly wait: boolean
      readonly seconds: number | null
    }
  | { readonly do: 'answer'; readonly pick: number; readonly code: number }
  | { readonly do: 'online'; readonly device: string }
  | { readonly do: 'reply'; readonly device: string; readonly id: string; readonly status: string }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'restart' }

const device = fc.constantFrom('D1', 'D2')
const id = fc.constantFrom('a', 'b', 'c')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      device,
      id,
      wait: fc.boolean(),
      seconds: fc.option(fc.integer({ min: -5, max: 120 })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      pick: fc.nat(5),
      code: fc.constantFrom(0, 0x10, 0x10, 0x10, 0x87),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('online' as const), device }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reply' as const),
      device,
      id,
      status: fc.constantFrom('ok', 'no', 'accepted'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 100_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

/** One use of an id: from its ACCEPTED on. The model's own book, kept from what was seen outside. */
interface Use {
  readonly key: string
  readonly acceptedAt: number
  readonly expiresAt: number | null
  /** Distinct statuses as `STATUS/attempt`, in order. */
  readonly seen: string[]
  published: number
}

/** Kafka, a broker and a worker around a partition, as simple as they can be; checks as it goes. */
class World {
  now = T0
  partition = new CommandPartition(rules)
  readonly requests: { readonly message: KafkaMessage; readonly request: CommandRequest; settled: boolean }[] = []
  readonly statusTopic: CommandStatus[] = []
  /** Publications without a PUBACK, and the request that each settles (the last of a wait settles none). */
  open: { readonly publication: Publication; readonly use: Use; readonly offset: number | null }[] = []
  readonly uses: Use[] = []
  committed = 0
  held: bigint | null = null

  run(step: Step): void {
    // Two uses of one id in one millisecond have the same event ids and times: this model could not tell them apart.
    this.now += 1
    switch (step.do) {
      case 'ask': {
        const request = fromPlain('CommandRequest', {
          commandId: step.id,
          deviceSn: step.device,
          op: 'ping',
          ifOffline: step.wait ? 'WAIT' : 'FAIL',
          expiresAt: step.seconds === null ? null : this.now + step.seconds * 1000,
        })
        const offset = this.requests.length
        const message = {
          topic: 't',
          partition: 0,
          offset: String(offset),
          key: null,
          value: null,
          headers: {},
          timestamp: this.now,
        }
        this.requests.push({ message, request, settled: false })
        const isRepeat = this.#isRepeat(`${step.device} ${step.id}`)
        const before = this.statusTopic.length
        const publications = this.#read(offset, 'first')
        const [first] = this.statusTopic.slice(before)
        if (isRepeat)
          expect([publications, first?.statusTime === this.now && first.status === 'REJECTED']).toEqual([0, false])
        else
          expect(this.statusTopic.slice(before).findLast((each) => each.statusTime === this.now)?.status).toMatch(
            /^(ACCEPTED|REJECTED|EXPIRED)/,
          )
        break
      }
      case 'answer':
        this.answer(step.pick, step.code)
        break
      case 'online':
        this.#take(this.partition.online(step.device, this.now), null)
        break
      case 'reply': {
        const value = Buffer.from(JSON.stringify({ id: step.id, op: 'ping', status: step.status }))
        const message = {
          topic: 'r',
          partition: 0,
          offset: '0',
          key: Buffer.from(step.device),
          value,
          headers: {},
          timestamp: this.now,
        }
        this.#take(this.partition.reply(message, this.now), null)
        break
      }
      case 'pass':
        this.pass(step.ms)
        break
      case 'restart':
        this.#restart()
    }
    this.#commit()
  }

  answer(pick: number, code: number): void {
    const [taken] = this.open.splice(pick % Math.max(1, this.open.length), 1)
    if (taken === undefined) return
    this.#take(this.partition.puback(taken.publication.ticket, code, this.now), null, taken.use)
    const request = taken.offset === null ? undefined : this.requests[taken.offset]
    if (request !== undefined) request.settled = true
    this.#commit()
  }

  pass(ms: number): void {
    // An id is not used again while the broker owes an answer: both uses would look the same from outside.
    if (ms > 5000) while (this.open.length > 0) this.answer(0, 0x10)
    const end = this.now + ms
    for (let at = this.partition.nextDeadline(); at !== null && at <= end; at = this.partition.nextDeadline()) {
      this.now = Math.max(this.now, at)
      this.#take(this.partition.fire(this.now), null)
    }
    this.now = end
  }

  /** Whether a request now is a repeat, by what was seen outside. */
  #isRepeat(key: string): boolean {
    const use = this.uses.findLast((each) => each.key === key)
    if (use === undefined) return false
    const isOut = this.open.some((each) => each.use === use)
    const isExpired = use.expiresAt !== null && this.now >= use.expiresAt
    const waits = use.seen.at(-1)?.startsWith('WAITING') === true && !isExpired
    return waits || isOut || this.now - use.acceptedAt < DEDUP
  }

  #read(offset: number, purpose: 'first' | 'reread'): number {
    const entry = this.requests[offset]
    if (entry === undefined) return 0
    const { message, request } = entry
    const publications = this.#take(this.partition.request(message, { kind: 'request', request }, this.now, purpose), {
      offset,
      request,
      message,
    })
    if (publications === 0) entry.settled = true
    return publications
  }

  #commit(): void {
    while (this.requests[this.committed]?.settled === true) this.committed += 1
    this.held = this.partition.heldOffset()
  }

  #restart(): void {
    // Publications that are out are lost to the worker: the broker may or may not have them.
    this.open = []
    this.partition = new CommandPartition(rules)
    for (const status of this.statusTopic) this.partition.restore({ status, mqttTopic: null })
    const from = this.held === null ? this.committed : Number(this.held)
    for (let offset = from; offset < this.committed; offset += 1) this.#read(offset, 'reread')
    for (let offset = this.committed; offset < this.requests.length; offset += 1) this.#read(offset, 'first')
  }

  /** Writes records, sends publications, and checks both. Returns the number of publications. */
  #take(
    effects: readonly CommandEffect[],
    cause: { readonly offset: number; readonly request: CommandRequest; readonly message: KafkaMessage } | null,
    answered: Use | null = null,
  ): number {
    let publications = 0
    for (const effect of effects) {
      if (effect.kind === 'record') this.#status(effect.record.value as CommandStatus, cause?.request ?? null, answered)
      if (effect.kind !== 'publish') continue
      publications += 1
      const { publication } = effect
      const id = (JSON.parse(publication.payload.toString()) as { id: string }).id
      const use = this.#lastUse(`${publication.deviceSn} ${id}`)
      expect(publication.expiresAt).toBe(use.expiresAt)
      expect(use.expiresAt === null || this.now < use.expiresAt).toBe(true)
      expect(publication.expirySeconds ?? 1).toBeGreaterThanOrEqual(1)
      use.published += 1
      if (cause !== null) {
        // Only the request that was accepted is published, never a repeat of it by another record.
        expect(cause.request.expiresAt).toBe(use.expiresAt)
      }
      this.open.push({ publication, use, offset: cause?.offset ?? null })
    }
    return publications
  }

  #status(status: CommandStatus, request: CommandRequest | null, answered: Use | null): void {
    const key = `${status.deviceSn} ${status.commandId}`
    const isOld = this.statusTopic.some(
      (each) => each.eventId === status.eventId && each.statusTime === status.statusTime,
    )
    this.statusTopic.push(status)
    if (status.status === 'REJECTED' || isOld) return
    if (status.status === 'EXPIRED' && request !== null && !this.#isOpen(key)) return
    if (status.status === 'ACCEPTED') {
      const former = this.uses.findLast((use) => use.key === key)
      // A new use only when it is no repeat: the former was accepted long enough ago and waits no longer.
      if (former !== undefined) expect(status.statusTime - former.acceptedAt).toBeGreaterThanOrEqual(DEDUP)
      if (former !== undefined) expect(former.seen.at(-1)).not.toMatch(/^WAITING/)
      this.uses.push({
        key,
        acceptedAt: status.statusTime,
        expiresAt: request?.expiresAt ?? null,
        seen: ['ACCEPTED/1'],
        published: 0,
      })
      return
    }
    const use = answered ?? this.#lastUse(key)
    // The broker's refusal has a code of ours, a device's failure none.
    const step = status.status === 'FAILED' && status.errorCode !== null ? 'REFUSED' : status.status
    const waited = use.seen.findLast((each) => each.startsWith('WAITING'))
    // An answer of the broker is about the publication after the last wait.
    if (answered !== null && status.status !== 'EXPIRED')
      expect(status.attempt).toBe(1 + Number(waited?.split('/')[1] ?? 0))
    const name = `${step}/${status.attempt}`
    if (!use.seen.includes(name)) use.seen.push(name)
  }

  #isOpen(key: string): boolean {
    const last = this.uses.findLast((use) => use.key === key)?.seen.at(-1) ?? ''
    return /^(ACCEPTED|WAITING)/.test(last)
  }

  #lastUse(key: string): Use {
    const use = this.uses.findLast((each) => each.key === key)
    if (use === undefined) throw new Error(`${key} was never accepted`)
    return use
  }
}

const BRIDGE_END = /^(PUBLISHED|NO_SUBSCRIBER|REFUSED|EXPIRED)/
const REPLY = /^(SUCCEEDED|DELIVERED|FAILED)/

describe('the life of commands', () => {
  it('ends well, whatever comes and whenever the worker restarts', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const world = new World()
        for (const each of steps) world.run(each)
        // Let everything end: the broker answers, the expiries come.
        while (world.open.length > 0) world.answer(0, 0x10)
        world.pass(WAIT)
        expect(world.partition.counts().publishing).toBe(0)
        expect(world.partition.nextDeadline()).toBeNull()
        expect(world.requests.every((request) => request.settled)).toBe(true)
        for (const use of world.uses) {
          const attempts = use.seen
            .filter((name) => !name.startsWith('ACCEPTED'))
            .map((name) => Number(name.split('/')[1]))
          expect(attempts).toEqual([...attempts].sort((one, other) => one - other))
          expect(Math.max(0, ...attempts)).toBeLessThanOrEqual(Math.max(1, use.published))
          const ends = use.seen.filter((name) => BRIDGE_END.test(name))
          const isAnswered = use.seen.some((name) => REPLY.test(name))
          // A reply may come before the PUBACK, whose outcome is then no news.
          expect([use.seen, ends.length]).toEqual([use.seen, isAnswered && ends.length === 0 ? 0 : 1])
          const published = use.seen.findIndex((name) => name.startsWith('PUBLISHED'))
          if (published >= 0) expect(use.seen.slice(published).join()).not.toContain('EXPIRED')
        }
      }),
      { numRuns: 300 },
    )
  })
})
