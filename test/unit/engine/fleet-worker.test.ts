import { expect, test } from 'vitest'
import { parseSettings } from '../../../src/config/parse.ts'
import type { FleetInput, FleetPorts, FleetTopic, ThingMemory } from '../../../src/engine/fleet-ports.ts'
import { type FleetStart, FleetWorker } from '../../../src/engine/fleet-worker.ts'
import { Refusals } from '../../../src/engine/refusals.ts'
import type { KeptThing } from '../../../src/fleet/kept-things.ts'
import { FleetRegistry } from '../../../src/fleet/registry.ts'
import { type StateChannel, stateChannels } from '../../../src/fleet/state.ts'
import { Failure } from '../../../src/kernel/failure.ts'
import type { BridgeRecord } from '../../../src/records/bridge-record.ts'
import type { FleetResult } from '../../../src/records/generated/fleet-result.ts'
import { fromPlain } from '../../../src/records/plain.ts'

const T0 = 1_748_390_400_000
const inputs = { thingRegistry: 0n, thingInbox: 0n, jobInbox: 0n, shadowRequests: 0n, commandRequests: 0n }
const start: FleetStart = {
  registered: 0n,
  inputs: { ...inputs, jobRequests: 0n } satisfies Record<FleetInput, bigint>,
  state: Object.fromEntries(stateChannels.map((channel) => [channel, { from: 0n, end: 0n }])) as Record<
    StateChannel,
    { readonly from: bigint; readonly end: bigint }
  >,
}

const shadow = fromPlain('ShadowState', {
  thingName: 't',
  version: 1,
  reportedJson: '{}',
  desiredJson: '{}',
  deltaJson: '{}',
  metadataJson: '{}',
  lastPublishedDeltaJson: '{}',
  updatedAt: T0,
})

/** A memory of things that breaks when it is told to. */
class Memory extends Map<string, KeptThing> implements ThingMemory {
  breaks: 'get' | 'settle' | null = null
  settled = 0
  whenSettled = (): void => undefined

  override get(name: string): KeptThing | undefined {
    this.#look('get')
    return super.get(name)
  }

  async settle(): Promise<void> {
    this.#look('settle')
    this.settled += 1
    this.whenSettled()
    await Promise.resolve()
  }

  async close(): Promise<void> {
    await Promise.resolve()
  }

  #look(what: string): void {
    if (this.breaks === what) throw new Failure('transient', 'store_failed', 'no room on that disk')
  }
}

/** The owner of a partition whose transactions always succeed. */
class Driver {
  readonly memory = new Memory()
  readonly written: (readonly BridgeRecord[])[] = []
  readonly failures: Failure[] = []
  readonly worker: FleetWorker
  readonly registry: FleetRegistry
  /** No record can be read before this. */
  held: Promise<void> = Promise.resolve()
  /** Topics that are not read at the moment. */
  readonly paused = new Set<FleetTopic>()
  /** What the table of things has of its topic. */
  #registered = 0n
  #whenRegistered = (): void => undefined
  #offset = 0

  lives = 0

  constructor(from: FleetStart = start, registryMode: 'open' | 'strict' = 'open') {
    const fleet = parseSettings({ fleet: { registryMode } }).fleet
    this.registry = new FleetRegistry(fleet)
    const ports: FleetPorts = {
      settings: fleet,
      registry: this.registry,
      registered: async (_partition, offset) => {
        while (this.#registered < offset) await new Promise<void>((resolve) => (this.#whenRegistered = resolve))
      },
      source: {
        owns: () => true,
        startAt: (topic) => this.paused.delete(topic),
        pause: (topic) => this.paused.add(topic),
        resume: (topic) => this.paused.delete(topic),
        committed: () => Promise.resolve(new Map()),
        bounds: () => Promise.resolve(new Map()),
        offsetsAt: () => Promise.resolve(new Map()),
      },
      transactionsOf: () => {
        throw new Error('nobody asks')
      },
      newMemory: () => Promise.resolve(this.memory),
      read: async (topic: FleetTopic, { value }) => {
        await this.held
        if (value === null) return undefined
        return topic === 'shadowState' ? shadow : fromPlain('FleetRequest', JSON.parse(Buffer.from(value).toString()))
      },
      clock: { now: () => T0 },
      emit: () => undefined,
      maxInputs: 10,
      maxWaiting: 100,
    }
    const transactions = {
      fence: () => Promise.resolve(),
      write: (records: readonly BridgeRecord[]) => {
        this.written.push(records)
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    }
    this.worker = new FleetWorker(0, from, transactions, new Refusals(), this.memory, ports, {
      live: () => {
        this.lives += 1
      },
      failed: (_worker, failure) => this.failures.push(failure),
    })
    this.worker.begin()
  }

  async setDesired(thingName: string, n: number): Promise<void> {
    await this.turn()
    const request = { op: 'SET_DESIRED', requestId: `r-${this.#offset}`, thingName, desiredJson: JSON.stringify({ n }) }
    this.#give('shadowRequests', thingName, Buffer.from(JSON.stringify(request)))
    await this.turn()
  }

  async unregister(thingName: string): Promise<void> {
    this.#give('thingRegistry', thingName, null)
    await this.turn()
  }

  /** The table of things has taken everything before this offset. */
  async tableHas(offset: bigint): Promise<void> {
    this.#registered = offset
    this.#whenRegistered()
    await this.turn()
  }

  /** What became of the requests, in order. */
  get answers(): readonly (string | null)[] {
    const records = this.written.flat().filter(({ channel }) => channel === 'results')
    return records.map(({ value }) => (value as FleetResult).code)
  }

  /** Nothing here waits for anything but promises. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }

  #give(topic: FleetInput, key: string, value: Buffer | null): void {
    const offset = String(this.#offset)
    this.#offset += 1
    const message = { topic, partition: 0, offset, key: Buffer.from(key), value, headers: {}, timestamp: T0 }
    this.worker.records([message], topic, BigInt(this.#offset))
  }
}

/** Guards engine/fleet-worker.ts `#commit`: the memory is settled behind the transaction, not before it. */
test('makes room in the memory after each transaction', async () => {
  const driver = new Driver()
  await driver.setDesired('t1', 1)
  expect([driver.written.length, driver.memory.settled]).toEqual([1, 1])
  await driver.setDesired('t1', 2)
  expect([driver.written.length, driver.memory.settled]).toEqual([2, 2])
  expect(driver.failures).toEqual([])
})

/** Guards engine/fleet-worker.ts `#decide`: the input is innocent, so it is no dead letter and its offset stays. */
test('starts over when the memory of things cannot be read, and blames no input', async () => {
  const driver = new Driver()
  driver.memory.breaks = 'get'
  await driver.setDesired('t1', 1)
  expect(driver.failures.map(({ code }) => code)).toEqual(['store_failed'])
  expect(driver.written).toEqual([])
})

test('starts over when what does not fit cannot be written', async () => {
  const driver = new Driver()
  driver.memory.breaks = 'settle'
  await driver.setDesired('t1', 1)
  expect(driver.failures.map(({ code }) => code)).toEqual(['store_failed'])
  driver.memory.breaks = null
  await driver.setDesired('t1', 2)
  expect(driver.written).toHaveLength(1)
})

/** Guards engine/fleet-worker.ts `#take` (`restoring`): seen to go live, after it was lost, without it. */
test('a partition that is lost while its state is read back does not go live', async () => {
  const records = 500
  const end = { from: 0n, end: BigInt(records) }
  const message = { topic: 'fleet.shadow.state', partition: 0, offset: '0', value: null, headers: {}, timestamp: T0 }
  const messages = Array.from({ length: records }, (_, n) => ({ ...message, key: Buffer.from(`t${n}`) }))
  const read = async (whenSettled: (driver: Driver) => void) => {
    const driver = new Driver({ ...start, state: { ...start.state, shadowState: end } })
    driver.memory.whenSettled = () => whenSettled(driver)
    driver.worker.records(messages, 'shadowState', BigInt(records))
    await new Promise((resolve) => setImmediate(resolve))
    expect(driver.memory.settled).toBe(1)
    return driver
  }
  expect(await read(() => undefined)).toMatchObject({ lives: 1, failures: [] })
  expect(await read(({ worker }) => worker.end())).toMatchObject({ lives: 0, failures: [] })
})

/**
 * The owner reads the end of a thing, and another consumer of this process, which is behind, knows who is served. What
 * comes after must not make a state that nobody ends. Guards engine/fleet-worker.ts `#take` (`thingRegistry`): seen to
 * fail, the request accepted, without it.
 */
test('a thing that was unregistered is not served any more, though the table of things is behind', async () => {
  const driver = new Driver(start, 'strict')
  driver.registry.register(fromPlain('ThingRecord', { thingName: 't1', mqttClientId: 'c1' }))
  await driver.setDesired('t1', 1)
  await driver.unregister('t1')
  await driver.setDesired('t1', 2)
  driver.registry.unregister('t1')
  await driver.tableHas(2n)
  expect(driver.answers).toEqual([null, 'THING_NOT_FOUND'])
})

/**
 * Guards engine/fleet-worker.ts `#goLive` (`registered`): seen to fail, the request accepted, without it; and `records`:
 * seen to fail, answered twice, when what is handed over before its time is only looked at when its turn comes.
 */
test('nor by the next owner, whose table is behind', async () => {
  const driver = new Driver({ ...start, registered: 2n }, 'strict')
  driver.registry.register(fromPlain('ThingRecord', { thingName: 't1', mqttClientId: 'c1' }))
  await driver.turn()
  await driver.setDesired('t1', 1)
  expect(driver.lives).toBe(0)
  driver.registry.unregister('t1')
  await driver.tableHas(2n)
  expect(driver.lives).toBe(1)
  // Read from the committed offset on, that is, once more.
  await driver.setDesired('t1', 1)
  expect(driver.answers).toEqual(['THING_NOT_FOUND'])

  const lost = new Driver({ ...start, registered: 2n }, 'strict')
  lost.worker.end()
  await lost.tableHas(2n)
  expect(lost.lives).toBe(0)
})

/**
 * A disk is slower than Kafka: what is fetched must not gather in memory. Guards engine/fleet-worker.ts `records`: seen to
 * fail without `#untakenBytes`.
 */
test('no more state is read than is taken', async () => {
  const value = Buffer.alloc(1024 * 1024)
  const from = { ...start, state: { ...start.state, shadowState: { from: 0n, end: 100n } } }
  const driver = new Driver(from)
  let go = (): void => undefined
  driver.held = new Promise((resolve) => (go = resolve))
  for (let offset = 0; offset < 16; offset += 1) {
    expect(driver.paused.has('shadowState')).toBe(false)
    const message = { topic: 's', partition: 0, offset: String(offset), key: Buffer.from('t'), value, headers: {} }
    driver.worker.records([{ ...message, timestamp: T0 }], 'shadowState', BigInt(offset + 1))
    await driver.turn()
  }
  expect([...driver.paused]).toEqual(['shadowState'])
  go()
  await driver.turn()
  await driver.turn()
  expect([...driver.paused]).toEqual([])
  expect(driver.failures).toEqual([])
})
