import { expect, test } from 'vitest'
import { readJsonCommand } from '../../../src/commands/command-request.ts'
import type { CommandInput } from '../../../src/engine/command-ports.ts'
import { CommandTally } from '../../../src/engine/command-tally.ts'
import { type CommandStart, CommandWorker } from '../../../src/engine/command-worker.ts'
import type { OutgoingMessage } from '../../../src/flow/outgoing-message.ts'
import type { Ticket } from '../../../src/flow/ticket.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import type { CommandStatus } from '../../../src/records/generated/command-status.ts'
import type { PresenceEvent } from '../../../src/records/generated/presence-event.ts'
import type { KafkaMessage } from '../../../src/records/kafka-message.ts'
import { fromPlain } from '../../../src/records/plain.ts'
import { rulesOf, SN, T0 } from '../commands/partition-driver.ts'

const maxPending = 10
const empty: CommandStart = {
  statusFrom: 0n,
  statusEnd: 0n,
  held: 0n,
  command: 0n,
  commandEnd: 0n,
  commandReply: 0n,
  presence: 0n,
}

/** A worker of one partition whose broker and Kafka answer when they are told to. */
class Driver {
  readonly out: OutgoingMessage[] = []
  readonly events: BridgeEvent[] = []
  paused = false
  owned = true
  now = T0
  registryIsAway = false
  /** What is not fetched for now. */
  readonly #resting = new Set<CommandInput>()
  #asked: (() => void)[] = []
  /** What became of commands, in order. */
  readonly steps: string[] = []
  readonly worker: CommandWorker
  readonly #unstored: Ticket[] = []
  /** Topics that are read, and records of the others. */
  readonly #opened = new Set<CommandInput>()
  readonly #later = new Map<CommandInput, readonly KafkaMessage[]>()
  #offset = 0

  /** `status`: the one that the status topic holds. */
  constructor(start: Partial<CommandStart> = {}, status: Partial<CommandStatus> = {}) {
    const emit = (event: BridgeEvent): void => {
      this.events.push(event)
    }
    const tally = new CommandTally(emit)
    this.worker = new CommandWorker(
      0,
      { ...empty, ...start },
      {
        rules: rulesOf(),
        source: {
          owns: () => this.owned,
          startAt: (input) => {
            this.#opened.add(input)
            const messages = this.#later.get(input) ?? []
            this.#later.delete(input)
            if (messages.length > 0) this.give(input, messages)
          },
          pause: (input) => {
            if (input === 'command') this.paused = true
            else this.#resting.add(input)
          },
          resume: (input) => {
            if (input === 'command') this.paused = false
            else this.#resting.delete(input)
          },
          commit: () => Promise.resolve(),
          committed: () => Promise.resolve(new Map()),
          bounds: () => Promise.resolve(new Map()),
          offsetsAt: () => Promise.resolve(new Map()),
        },
        reader: {
          request: ({ value }) => (value === null ? { kind: 'tombstone' } : readJsonCommand(value, 32)),
          status: () =>
            this.#read(fromPlain('CommandStatus', { eventId: 'e', statusTime: T0, deviceSn: SN, ...status })),
          presence: ({ value }) => (value === null ? null : this.#read(JSON.parse(value.toString()) as PresenceEvent)),
        },
        sink: {
          append: ({ channel, value }, ticket) => {
            if (channel === 'commandStatus') this.steps.push((value as CommandStatus).status)
            this.#unstored.push(ticket)
          },
          kick: () => undefined,
        },
        publisher: { send: (message) => this.out.push(message), forget: () => undefined },
        clock: { now: () => this.now },
        emit,
        partitions: 1,
        maxPending,
      },
      tally,
      { live: () => undefined, decided: () => tally.tell() },
    )
    this.worker.begin(true)
  }

  async requests(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (): KafkaMessage => {
      const offset = String(this.#offset++)
      const value = Buffer.from(JSON.stringify({ deviceSn: `SN${offset}`, commandId: `c${offset}`, op: 'ping' }))
      return { topic: 't', partition: 0, offset, key: null, value, headers: {}, timestamp: T0 }
    })
    this.worker.records(messages, 'command', BigInt(this.#offset))
    await this.turn()
  }

  /** A topic holds these and no others: they come when it is read. */
  give(input: CommandInput, messages: readonly KafkaMessage[]): void {
    if (this.#opened.has(input)) this.worker.records(messages, input, BigInt(messages.length))
    else this.#later.set(input, messages)
  }

  /** The broker accepts the `count` oldest publications, and Kafka stores what there is. */
  async done(count: number): Promise<void> {
    this.answer(count, 0)
    this.stored()
    await this.turn()
  }

  get resting(): readonly CommandInput[] {
    return [...this.#resting]
  }

  /** The registry is there again. */
  registryAnswers(): void {
    this.registryIsAway = false
    for (const answer of this.#asked.splice(0)) answer()
  }

  #read<T>(value: T): T | Promise<T> {
    return this.registryIsAway ? new Promise<void>((resolve) => this.#asked.push(resolve)).then(() => value) : value
  }

  /** The broker answers the `count` oldest publications. */
  answer(count: number, code: number): void {
    for (const message of this.out.splice(0, count)) message.answered(code)
  }

  /** Kafka stores what there is. */
  stored(): void {
    for (const ticket of this.#unstored.splice(0)) ticket.stored()
  }

  /** What is noted with the committed offset of the requests. */
  note(): string | undefined {
    return this.worker.commits().find(({ input }) => input === 'command')?.metadata
  }

  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Guards engine/command-worker.ts `#hasRoom` (`maxPending`) and its `settled` (`#wake`): seen to fail without either. */
test('no more requests are in work than are allowed, though more were fetched; each that is done makes room', async () => {
  const driver = new Driver()
  await driver.requests(35)
  const inWork: number[] = []
  for (let done = 0; done < 35; done += 5) {
    inWork.push(driver.worker.pending)
    await driver.done(5)
  }
  expect(inWork).toEqual([10, 10, 10, 10, 10, 10, 5])
  expect([driver.worker.pending, driver.out.length]).toEqual([0, 0])
  expect(driver.worker.commits().find(({ input }) => input === 'command')?.offset).toBe(35n)
  const requests = driver.events.map((event) => (event.event === 'commands_read' ? event.requests : 0))
  expect(requests.reduce((sum, n) => sum + n, 0)).toBe(35)
})

/** Guards engine/command-worker.ts `#steer` (`#unread`): seen to fail when it counts what is in work alone. */
test('the partition is paused as soon as too much of it is here, and goes on when half of that is done', async () => {
  const driver = new Driver()
  await driver.requests(4)
  expect(driver.paused).toBe(false)
  const more = driver.requests(16)
  expect(driver.paused).toBe(true)
  await more
  await driver.done(10)
  expect(driver.paused).toBe(true)
  await driver.done(5)
  expect(driver.paused).toBe(false)
})

/** Guards engine/command-worker.ts `mqtt` (`#wake`) and `#hasRoom` (`#mqttUp`): seen to fail without either. */
test('what was fetched is not decided while the broker is away, and lags', async () => {
  const driver = new Driver()
  driver.worker.mqtt(false)
  await driver.requests(3)
  driver.worker.noteBounds({ low: 0n, high: 3n }, T0)
  expect([driver.out.length, driver.worker.pending]).toEqual([0, 0])
  expect(driver.worker.lag()).toEqual({ records: 3, since: T0 })
  driver.worker.mqtt(true)
  await driver.turn()
  expect(driver.out.length).toBe(3)
  await driver.done(3)
  expect(driver.worker.lag()).toEqual({ records: 0, since: null })
})

/** Guards engine/command-worker.ts `#isLost`: seen to fail when it says no. */
test('a lost partition decides nothing more of what waited for room', async () => {
  const driver = new Driver()
  await driver.requests(12)
  driver.out.length = 0
  driver.owned = false
  driver.worker.end().catch(() => undefined)
  await driver.turn()
  expect([driver.out.length, driver.worker.pending]).toEqual([0, maxPending])
})

const request = { deviceSn: SN, commandId: 'c1', op: 'ping', ifOffline: 'WAIT', expiresAt: T0 + 60_000 }

function message(plain: object, offset = 0): KafkaMessage {
  const [key, value] = [Buffer.from(SN), Buffer.from(JSON.stringify(plain))]
  return { topic: 't', partition: 0, offset: String(offset), key, value, headers: {}, timestamp: T0 }
}

/**
 * Its former owner published the command and ended before Kafka had its ACCEPTED. The device knows the id, and answers
 * no repeat of it. Guards engine/command-worker.ts `#follow`: seen to fail when replies are read from the start.
 */
test.each([1, 2])('a reply counts though its request has to be read again, among %d', async (requests) => {
  const driver = new Driver({ commandEnd: BigInt(requests) })
  driver.give('commandReply', [message({ id: 'c1', op: 'ping', status: 'ok' })])
  await driver.turn()
  expect(driver.worker.pending).toBe(0)
  const other = message({ ...request, commandId: 'c0' })
  driver.give('command', [...(requests > 1 ? [other] : []), message(request, requests - 1)])
  await driver.turn()
  expect(driver.steps.slice(requests)).toEqual(['SUCCEEDED'])
})

/**
 * Its former owner ended before it could note that a request waits. Guards engine/command-worker.ts `#follow`: seen to
 * fail when presence is read from the start.
 */
test('a command read back as WAITING is published when its device came back meanwhile', async () => {
  const driver = new Driver({ statusEnd: 1n, commandEnd: 1n }, { ...request, status: 'WAITING' })
  driver.give('presence', [message({ deviceSn: SN, status: 'ONLINE', reason: 'DEVICE_REPORT' })])
  driver.give('commandStatus', [message({})])
  await driver.turn()
  driver.give('command', [message(request)])
  await driver.turn()
  expect([driver.steps, driver.out.length]).toEqual([['WAITING'], 1])
})

/** Guards engine/command-worker.ts `#goLive`: seen to fail without `#follow` there. */
test('a reply counts at once where no request is left to be read', async () => {
  const driver = new Driver({ statusEnd: 1n }, { ...request, status: 'PUBLISHED' })
  driver.give('commandReply', [message({ id: 'c1', op: 'ping', status: 'ok' })])
  driver.give('commandStatus', [message({})])
  await driver.turn()
  expect(driver.steps).toEqual(['SUCCEEDED'])
})

/**
 * Whoever comes after would find it WAITING, and never read its request again. Guards engine/held-requests.ts: seen to
 * fail when `lowest` leaves out what is not stored.
 */
test.each(['expires', 'is published', 'expires before it is published'])(
  'a waiting command is held until Kafka has what became of it: it %s',
  async (end) => {
    const driver = new Driver()
    driver.give('command', [message(request)])
    await driver.turn()
    driver.answer(1, 0x10)
    driver.stored()
    expect(driver.note()).toBe('held=0')
    if (end !== 'expires') {
      driver.give('presence', [message({ deviceSn: SN, status: 'ONLINE', reason: 'DEVICE_REPORT' })])
      await driver.turn()
    }
    if (end === 'is published') driver.answer(1, 0)
    driver.now = T0 + 60_000
    if (end === 'expires') driver.worker.tick(driver.now)
    else for (const publication of driver.out) publication.expired(false)
    expect(driver.steps.at(-1)).toBe(end === 'is published' ? 'PUBLISHED' : 'EXPIRED')
    expect(driver.note()).toBe('held=0')
    driver.stored()
    expect(driver.note()).toBe('')
  },
)

/**
 * They lie in one fetch with those that are read again. Guards engine/command-worker.ts `#take` (`#goLive`): seen to
 * fail when the partition goes live at the end of the run only.
 */
test('new requests behind those that are read again wait for room and for the broker', async () => {
  const driver = new Driver({ statusEnd: 1n, command: 1n }, { ...request, status: 'WAITING' })
  driver.worker.mqtt(false)
  driver.give('commandStatus', [message({})])
  await driver.turn()
  driver.give('command', [
    message(request),
    ...Array.from({ length: 20 }, (_, i) => message({ ...request, commandId: `n${i}` }, i + 1)),
  ])
  await driver.turn()
  expect([driver.steps, driver.worker.pending]).toEqual([['WAITING'], 0])
  driver.worker.mqtt(true)
  await driver.turn()
  expect(driver.worker.pending).toBe(maxPending)
})

/**
 * Guards engine/command-worker.ts `#take` (`pause`): seen to fail without it, everything that the topic holds came into
 * memory.
 */
test.each(['commandStatus', 'presence'] as const)(
  'no more of %s is fetched while the registry is asked for its schema',
  async (input) => {
    const driver = new Driver(input === 'commandStatus' ? { statusEnd: 2n } : {}, { ...request, status: 'PUBLISHED' })
    driver.registryIsAway = true
    driver.worker.records([message({ deviceSn: SN, status: 'OFFLINE', reason: 'DEVICE_REPORT' })], input, 1n)
    await driver.turn()
    expect(driver.resting).toContain(input)
    driver.registryAnswers()
    await driver.turn()
    expect(driver.resting).not.toContain(input)
  },
)

/** Guards engine/command-worker.ts `noteBounds`: seen to fail without `#follow` there. */
test('replies count though retention took the requests that they would come after', async () => {
  const driver = new Driver({ statusEnd: 1n, commandEnd: 5n }, { ...request, status: 'PUBLISHED' })
  driver.give('commandReply', [message({ id: 'c1', op: 'ping', status: 'ok' })])
  driver.give('commandStatus', [message({})])
  await driver.turn()
  driver.worker.noteBounds({ low: 4n, high: 5n }, T0)
  await driver.turn()
  expect(driver.steps).toEqual([])
  driver.worker.noteBounds({ low: 5n, high: 5n }, T0)
  await driver.turn()
  expect(driver.steps).toEqual(['SUCCEEDED'])
})
