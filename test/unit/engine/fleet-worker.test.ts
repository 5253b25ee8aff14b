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
import { fromPlain } from '../../../src/records/plain.ts'

const T0 = 1_748_390_400_000
const inputs = { thingRegistry: 0n, thingInbox: 0n, jobInbox: 0n, shadowRequests: 0n, commandRequests: 0n }
const start: FleetStart = {
  inputs: { ...inputs, jobRequests: 0n } satisfies Record<FleetInput, bigint>,
  state: Object.fromEntries(stateChannels.map((channel) => [channel, { from: 0n, end: 0n }])) as Record<
    StateChannel,
    { readonly from: bigint; readonly end: bigint }
  >,
}

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
  #offset = 0

  lives = 0

  constructor(from: FleetStart = start) {
    const fleet = parseSettings({ fleet: { registryMode: 'open' } }).fleet
    const ports: FleetPorts = {
      settings: fleet,
      registry: new FleetRegistry(fleet),
      source: {
        owns: () => true,
        startAt: () => undefined,
        pause: () => undefined,
        resume: () => undefined,
        committed: () => Promise.resolve(new Map()),
        bounds: () => Promise.resolve(new Map()),
        offsetsAt: () => Promise.resolve(new Map()),
      },
      transactionsOf: () => {
        throw new Error('nobody asks')
      },
      newMemory: () => Promise.resolve(this.memory),
      read: (_topic: FleetTopic, { value }) =>
        Promise.resolve(
          value === null ? undefined : fromPlain('FleetRequest', JSON.parse(Buffer.from(value).toString()) as object),
        ),
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
    const request = { op: 'SET_DESIRED', requestId: `r-${this.#offset}`, thingName, desiredJson: JSON.stringify({ n }) }
    const message = {
      topic: 'fleet.shadow.requests',
      partition: 0,
      offset: String(this.#offset),
      key: Buffer.from(thingName),
      value: Buffer.from(JSON.stringify(request)),
      headers: {},
      timestamp: T0,
    }
    this.#offset += 1
    this.worker.records([message], 'shadowRequests', BigInt(this.#offset))
    // Nothing here waits for anything but promises.
    await new Promise((resolve) => setImmediate(resolve))
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
