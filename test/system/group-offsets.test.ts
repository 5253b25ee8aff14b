import type { Consumer } from 'kafkajs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseSettings } from '../../src/config/parse.ts'
import { coPartitionAssigner } from '../../src/kafka/copartition-assigner.ts'
import { GroupSource } from '../../src/kafka/group-source.ts'
import { Backoff } from '../../src/kernel/backoff.ts'
import { Failure } from '../../src/kernel/failure.ts'
import { groupOptions } from '../../src/roles/group-options.ts'
import { CommandNames, commandSettings } from '../kit/command-names.ts'
import { produceRaw } from '../kit/command-records.ts'
import { type SettingsTree, soonMissed } from '../kit/ingest-worker.ts'
import { Latch, patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { kafkaOf, withAdmin } from '../kit/topic-reader.ts'

/**
 * Who may say how far a partition is done with: members of one group on a real Kafka, which takes a commit for a
 * partition that was taken away as long as it comes from a member (kafkajs sends it with the generation of now).
 */
const { kafkaBrokers: brokers } = sharedGround()
const partitions = 2
const open: { close(): Promise<unknown> }[] = []
let names: CommandNames

beforeEach(async () => {
  names = new CommandNames('offsets')
  await names.create(brokers, partitions)
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

class Member {
  readonly source: GroupSource
  readonly lost: number[] = []
  readonly #latch = new Latch()
  #taken = 0

  /** `rebalancing`: what it does when the group is about to share out anew; `kafka`: settings of its own. */
  static join(rebalancing: (source: GroupSource) => void = () => undefined, kafka: SettingsTree = {}): Member {
    const member = new Member(rebalancing, kafka)
    open.push(member.source)
    member.source.open()
    return member
  }

  private constructor(rebalancing: (source: GroupSource) => void, changes: SettingsTree) {
    // So long that a member which waits for others to join is not given up meanwhile.
    const kafka = { rebalanceTimeoutMs: 60_000, ...changes }
    const settings = parseSettings(commandSettings(sharedGround(), names, { kafka }))
    this.source = new GroupSource(
      groupOptions(settings, 'offsets', ['command'], partitions),
      {
        rebalancing: () => rebalancing(this.source),
        taken: () => {
          this.#taken += 1
          this.#latch.look()
        },
        lost: (gone) => {
          this.lost.push(...gone)
        },
        records: () => undefined,
      },
      new Backoff({ firstMs: 100, maxMs: 1000, random: Math.random }),
      () => undefined,
    )
  }

  async holds(count: number): Promise<void> {
    await this.#latch.until(`${count} partitions`, () => this.#taken > 0 && this.source.held.size === count, patienceMs)
  }

  /** Commits these offsets by partition. */
  async commit(offsets: Readonly<Record<number, bigint>>): Promise<void> {
    const entries = Object.entries(offsets).map(([partition, offset]) => ({ partition: Number(partition), offset }))
    await this.source.commit(entries.map((entry) => ({ ...entry, topic: names.command, metadata: '' })))
  }
}

/** Committed offsets as Kafka has them, by partition. */
async function committed(): Promise<string[]> {
  const asked = { groupId: `${names.name}-offsets`, topics: [names.command] }
  const found = await withAdmin(brokers, (admin) => admin.fetchOffsets(asked))
  return (found[0]?.partitions ?? []).toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset)
}

/** Guards kafka/group-source.ts `commit` (`#held.has`) and its REBALANCING: seen to fail without each. */
test('no offset is committed for a partition that was taken away; what is done by then is', async () => {
  const first = Member.join((source) => {
    const entries = [0, 1].map((partition) => ({ topic: names.command, partition, offset: 2n, metadata: '' }))
    source.commit(entries).catch(() => undefined)
  })
  await first.holds(2)
  await first.commit({ 0: 1n, 1: 1n })
  const second = Member.join()
  await second.holds(1)
  await first.holds(1)
  // The last moment counts: whoever comes next begins behind it.
  expect(await committed()).toEqual(['2', '2'])

  const gone = first.lost[0] ?? -1
  expect([...second.source.held]).toEqual([gone])
  await second.commit({ [gone]: 7n })
  await first.commit({ 0: 3n, 1: 3n })
  expect(await committed()).toEqual(gone === 0 ? ['7', '3'] : ['3', '7'])
})

/**
 * From its request to join until it knows what it holds, a member may own anything or nothing. A member that is too busy
 * to join holds that moment open. Guards kafka/group-source.ts `#revoked` (`#settled`): seen to fail without it.
 */
test('no offset is committed while the group shares out anew', async () => {
  const records = Array.from({ length: partitions }, (_, partition) => ({ partition, value: '{}' }))
  await produceRaw(brokers, names.command, records)
  const member = Member.join()
  await member.holds(2)
  const busy = await BusyMember.join()
  await member.holds(1)
  const [own = -1] = member.source.held
  await member.commit({ [own]: 1n })
  const before = await committed()

  // One more joins, so all have to, and one does not.
  Member.join()
  // Until then it still is what the group knows it as, and the same offset again changes nothing.
  await expect.poll(() => member.commit({ [own]: 1n }).catch(kindOf), { timeout: patienceMs }).toBe('lost')
  expect(await member.commit({ [own]: 5n }).catch(kindOf)).toBe('lost')
  expect(await committed()).toEqual(before)

  await busy.close()
  const again = async () => {
    await member.commit({ 0: 6n, 1: 6n }).catch(() => undefined)
    return committed()
  }
  await expect.poll(again, { timeout: patienceMs }).toContain('6')
})

/**
 * What lies in sockets and timers of a process that was asleep comes before anything tells it that others own its
 * partitions. Guards kafka/group-source.ts `owns` (`checkLease`): seen to fail without it.
 */
test('a process that slept for a whole session owns nothing from its first moment on', async () => {
  const member = Member.join(undefined, soonMissed)
  await member.holds(2)
  expect([0, 1].map((partition) => member.source.owns(partition))).toEqual([true, true])
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, soonMissed.sessionTimeoutMs + 100)
  expect([0, 1].map((partition) => member.source.owns(partition))).toEqual([false, false])
  expect(member.lost).toEqual([0, 1])
  expect(await member.commit({ 0: 1n }).catch(kindOf)).toBe('lost')
  // It joins anew by itself.
  await member.holds(2)
})

/** A member that begins to work on the first batch it gets, and does nothing else until it is closed. */
class BusyMember {
  readonly #consumer: Consumer
  readonly #finish: () => void

  /** Resolves when it works. */
  static async join(): Promise<BusyMember> {
    const consumer = kafkaOf(brokers).consumer({
      groupId: `${names.name}-offsets`,
      partitionAssigners: [coPartitionAssigner(partitions, () => undefined)],
      sessionTimeout: 30_000,
      rebalanceTimeout: 60_000,
      maxWaitTimeInMs: 20,
    })
    let finish = (): void => undefined
    const work = new Promise<void>((resolve) => {
      finish = resolve
    })
    const busy = new BusyMember(consumer, finish)
    open.push(busy)
    await consumer.connect()
    await consumer.subscribe({ topics: [names.command], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const eachBatch = async () => {
        resolve()
        await work
      }
      consumer.run({ autoCommit: false, eachBatch }).catch(reject)
    })
    return busy
  }

  private constructor(consumer: Consumer, finish: () => void) {
    this.#consumer = consumer
    this.#finish = finish
  }

  async close(): Promise<void> {
    this.#finish()
    await this.#consumer.disconnect()
  }
}

function kindOf(error: unknown): string {
  return error instanceof Failure ? error.kind : String(error)
}
