import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { ArtemisServer } from '../../scripts/ground/servers/artemis.ts'
import { partitionFor } from '../../src/records/topics.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetLog, FleetOperator } from '../kit/fleet-records.ts'
import { FleetThings } from '../kit/fleet-things.ts'
import { IngestWorker, type SettingsTree, soonMissed } from '../kit/ingest-worker.ts'
import { ScriptedBroker, type ScriptedLink } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { kafkaOf, withAdmin } from '../kit/topic-reader.ts'

/**
 * Workers are killed, frozen, join and leave while things report and operators ask. FLEET_SEED repeats a run. Those with
 * an odd slot hold one thing of each partition in memory and the others in a folder.
 */
const seed = Number(process.env['FLEET_SEED'] ?? Date.now() % 1_000_000)
const { kafkaBrokers: brokers, registryUrl } = sharedGround()
const all = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6']
const open: { close(): Promise<unknown> }[] = []
let ground: Ground
let artemis: ArtemisServer
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'things-'))
  ground = await openGround()
  artemis = await ground.artemis()
})
afterAll(async () => {
  await ground.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function numbersOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

async function begin(
  what: string,
  mqttUrl = artemis.url,
  changes: SettingsTree = {},
  partitions = 4,
  configs: Parameters<FleetNames['create']>[3] = {},
) {
  const names = new FleetNames(what)
  await names.create(brokers, partitions, {}, configs)
  const operator = new FleetOperator(brokers, registryUrl, names)
  await operator.register(...all)
  const settings = (slot: number) => {
    const store = slot % 2 === 1 ? { folder: join(folder, String(slot)), cacheThings: 1 } : {}
    const fleet = { ...(changes['fleet'] as SettingsTree | undefined), store }
    const kafka = { ...soonMissed, ...(changes['kafka'] as SettingsTree | undefined) }
    return fleetSettings({ ...sharedGround(), mqttUrl }, names, { ...changes, kafka, fleet, mqtt: { slot } })
  }
  const start = async (roles: string, slot = 0) => {
    const worker = await IngestWorker.ready(settings(slot), roles)
    open.push(worker)
    return worker
  }
  const log = await FleetLog.open(brokers, names)
  open.push(log)
  return { names, operator, start, log }
}

/** Reports of all things with increasing numbers, and requests of operators, until it is stopped. */
class Traffic {
  readonly reported = new Map<string, number>()
  readonly #things: FleetThings
  readonly #operator: FleetOperator
  readonly #random: () => number
  readonly #ended: Promise<unknown>
  #stopped = false
  #asked = 0

  constructor(things: FleetThings, operator: FleetOperator, random: () => number) {
    this.#things = things
    this.#operator = operator
    this.#random = random
    things.command = (thing, executionId) => {
      things.respond(thing, executionId, { status: 'SUCCEEDED' }).catch(() => undefined)
    }
    open.push({ close: async () => this.stop() })
    this.#ended = Promise.all([...all.map(async (thing) => this.#report(thing)), this.#ask()])
  }

  get sent(): number {
    return [...this.reported.values()].reduce((sum, n) => sum + n, this.#asked)
  }

  /** Resolves when that much more was said and asked. */
  async more(count: number): Promise<void> {
    const wanted = this.sent + count
    while (this.sent < wanted) await this.#breath()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#ended
  }

  async #report(thing: string): Promise<void> {
    for (let n = 1; !this.#stopped; n += 1) {
      await this.#things.report(thing, { n })
      this.reported.set(thing, n)
      await this.#breath()
    }
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      const thing = all[Math.floor(this.#random() * all.length)] ?? 'r1'
      const id = `q${this.#asked}`
      if (this.#random() < 0.5) await this.#operator.setDesired(thing, id, { want: this.#asked })
      else await this.#operator.command(thing, id, { ttl: 300 })
      this.#asked += 1
      await this.#breath()
    }
  }

  /** Traffic is a rate, not an event. */
  async #breath(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * Waits for the end of what was asked, then says what must hold of every run. Only an ingest that died may put a report
 * twice into the inbox.
 */
async function judge(
  traffic: Traffic,
  operator: FleetOperator,
  log: FleetLog,
  ingest: 'lived' | 'died' = 'lived',
): Promise<void> {
  const ids = operator.requestIds
  await log.holds(
    'every request is answered',
    () => new Set(log.of('results').map((r) => r['requestId'])).size >= ids.length,
    60_000,
  )
  for (const [thing, n] of traffic.reported) {
    await log.holds(`${thing} reported ${n}`, () => numbersOfReports(log, thing).includes(n), 60_000)
  }
  const commands = log
    .of('results')
    .flatMap(({ executionId }) => (typeof executionId === 'string' ? [executionId] : []))
  const closed = () =>
    new Set(log.of('commandExecutions', { status: 'SUCCEEDED', reason: 'DEVICE' }).map((c) => c['executionId']))
  await log.holds('every command is answered', () => closed().size >= commands.length, 60_000)

  const answered = log.of('results').map(({ requestId, status, duplicate }) => [requestId, status, duplicate].join(' '))
  expect(answered.sort()).toEqual(ids.map((id) => `${id} ACCEPTED false`).sort())
  const statuses = log.of('commandExecutions').filter(({ reason }) => reason !== 'LATE_RESPONSE')
  const changes = statuses.map(({ executionId, status }) => [executionId, status].join(' '))
  expect(changes.sort()).toEqual(commands.flatMap((id) => [`${id} SENT`, `${id} SUCCEEDED`]).sort())
  for (const [thing, n] of traffic.reported) {
    const changed = () => log.of('shadowChanges', { thingName: thing })
    const state = () => log.of('shadowState', { thingName: thing }).at(-1)
    // They lie on two topics, and the log may have read more of one.
    await log.holds(`the state of ${thing} after all changes`, () => state()?.['version'] === changed().length, 60_000)
    const versions = changed().map(({ version }) => version)
    expect(versions, thing).toEqual(versions.map((_, i) => i + 1))
    const reports = numbersOfReports(log, thing)
    expect(
      (ingest === 'lived' ? reports : [...new Set(reports)]).sort((a, b) => a - b),
      thing,
    ).toEqual(Array.from({ length: n }, (_, i) => i + 1))
    expect(state(), thing).toMatchObject({ version: versions.length, reportedJson: JSON.stringify({ n }) })
  }
}

function numbersOfReports(log: FleetLog, thing: string): number[] {
  return log
    .of('shadowChanges', { thingName: thing, section: 'REPORTED' })
    .map(({ patchJson }) => (JSON.parse(String(patchJson)) as { n: number }).n)
}

test(`kill -9 in mid-flight: one result per request, no report lost, no version twice (seed ${seed})`, async () => {
  const random = numbersOf(seed)
  const { operator, start, log, names } = await begin('kill')
  const things = await FleetThings.connect(artemis.url, `${names.name}-things`)
  open.push(things)
  let worker = await start('ingest,fleet')
  const traffic = new Traffic(things, operator, random)
  for (let round = 0; round < 3; round += 1) {
    await traffic.more(60 + Math.floor(random() * 120))
    await worker.process.kill()
    worker = await start('ingest,fleet')
  }
  await traffic.more(60)
  await traffic.stop()
  await judge(traffic, operator, log, 'died')
  // What a worker restores is what the last one left.
  await worker.process.kill()
  await start('ingest,fleet')
  const before = log.of('shadowState', { thingName: 'r1' }).at(-1)
  await operator.setDesired('r1', 'after', { end: true })
  expect(await log.until('results', { requestId: 'after' })).toMatchObject({
    status: 'ACCEPTED',
    shadowVersion: Number(before?.['version']) + 1,
  })
})

test('a worker joins and leaves in mid-flight', async () => {
  const random = numbersOf(seed + 1)
  const { operator, start, log, names } = await begin('join')
  const things = await FleetThings.connect(artemis.url, `${names.name}-things`)
  open.push(things)
  await start('ingest,fleet')
  const traffic = new Traffic(things, operator, random)
  await traffic.more(60)
  const second = await start('fleet', 1)
  await traffic.more(100)
  await second.process.stop()
  await traffic.more(60)
  await traffic.stop()
  await judge(traffic, operator, log)
})

/** Guards kafka/transactor.ts `fence`. */
test('a frozen worker that wakes up writes nothing, and things go on at the other', async () => {
  const random = numbersOf(seed + 2)
  const { operator, start, log, names } = await begin('zombie')
  const things = await FleetThings.connect(artemis.url, `${names.name}-things`)
  open.push(things)
  await start('ingest', 2)
  const frozen = await start('fleet', 0)
  const traffic = new Traffic(things, operator, random)
  await traffic.more(60)
  frozen.process.freeze()
  await start('fleet', 1)
  await operator.setDesired('r2', 'elsewhere', { on: 'the other' })
  await log.until('results', { requestId: 'elsewhere' })
  const line = frozen.now
  frozen.process.thaw()
  await frozen.says('kafka_partitions_lost', line)
  await frozen.says('kafka_partitions_assigned', line)
  await traffic.more(60)
  await traffic.stop()
  await judge(traffic, operator, log)
})

/** Guards engine/fleet-worker.ts `#take` and `#fail`: what is read before the state is comes again later. */
test('a partition that is fenced in mid-flight starts over from what is committed, and does nothing twice', async () => {
  const { operator, start, log, names } = await begin('fenced', artemis.url, {}, 1)
  const things = await FleetThings.connect(artemis.url, `${names.name}-things`)
  open.push(things)
  const worker = await start('ingest,fleet')
  const traffic = new Traffic(things, operator, numbersOf(seed + 3))
  for (let round = 0; round < 3; round += 1) {
    await traffic.more(60)
    const line = worker.now
    await fence(`${names.name}-fleet-0`)
    await worker.says('fleet_partition_restarted', line)
    await worker.becomes(true, line)
  }
  await traffic.more(60)
  await traffic.stop()
  await judge(traffic, operator, log)
})

async function fence(transactionalId: string): Promise<void> {
  const producer = kafkaOf(brokers).producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  await (await producer.transaction()).abort()
  await producer.disconnect()
}

/** Guards kafka/transactor.ts `#batchesOf`: seen to fail when a partition's records go out in one batch. */
test('what is more than Kafka takes in one batch is written in several', async () => {
  const changes = { fleet: { registryMode: 'open' }, kafka: { compression: 'none' } }
  const { operator, start, log } = await begin('large', artemis.url, changes, 1)
  await start('fleet')
  const thingNames = Array.from({ length: 40 }, (_, i) => `large-${i}`)
  await operator.ask('jobRequests', jobOf('large', thingNames, { text: 'x'.repeat(32_000) }))
  await log.until('jobProgress', { jobId: 'large', fanOut: null, executionsTotal: 40 })
  await log.holds('every thing has it', () => log.of('jobExecutions', { jobId: 'large' }).length === 40)
})

/**
 * Guards engine/refusals.ts and engine/fleet-worker.ts `#fell`: seen to fail (the partition starts over for ever) when
 * `#fell` is not called, when `#decide` does not ask `reasonOf`, and when `next` does not part inputs that fell together.
 */
test('what Kafka will never take is refused alone, and the partition goes on', async () => {
  const limit = (bytes: number) => ({ 'max.message.bytes': String(bytes) })
  const configs = { jobState: limit(8000), shadowState: limit(3000), fleetEvents: limit(2000) }
  const changes = { fleet: { registryMode: 'open' }, kafka: { compression: 'none' } }
  const { operator, start, log, names } = await begin('refused', artemis.url, changes, 1, configs)
  const things = await FleetThings.connect(artemis.url, `${names.name}-things`)
  open.push(things)
  const worker = await start('ingest,fleet')
  const line = worker.now
  const large = 'x'.repeat(6000)
  // All at once, so that they stand in one transaction with requests that are fine.
  await Promise.all([
    operator.ask(
      'jobRequests',
      jobOf('small', ['r1', 'r2'], {}),
      jobOf(
        'large',
        Array.from({ length: 200 }, (_, i) => `${i}-${'n'.repeat(50)}`),
        {},
      ),
      jobOf('other', ['r1'], {}),
    ),
    operator.setDesired('r3', 'fine', { on: 1 }),
    things.report('r4', { text: large }, { clientToken: 'too-much' }),
    things.report('r5', { n: 1 }, { clientToken: 'little' }),
    things.say('r6', 'events/tick', { eventType: 'tick', severity: 'info', data: { text: large } }),
    things.say('r6', 'events/tick', { eventType: 'tick', severity: 'info' }),
  ])
  expect(await log.until('results', { requestId: 'large' }, 60_000)).toMatchObject({
    status: 'REJECTED',
    code: 'PAYLOAD_TOO_LARGE',
    message: expect.stringContaining(names.topic('jobState')),
    duplicate: false,
  })
  for (const requestId of ['small', 'other', 'fine']) {
    expect(await log.until('results', { requestId }, 60_000)).toMatchObject({ status: 'ACCEPTED' })
  }
  const rejected = await things.takes('r4', 'shadow/update/rejected', () => true, 60_000)
  expect(rejected.json).toMatchObject({ code: 500, clientToken: 'too-much' })
  await things.takes('r5', 'shadow/update/accepted', ({ clientToken }) => clientToken === 'little', 60_000)
  expect(await log.until('fleetDeadLetter', { code: 'PayloadTooLarge' }, 60_000)).toMatchObject({
    sourceTopic: '$emqx/things/r6/events/tick',
  })
  await log.until('fleetEvents', { thingName: 'r6', dataJson: '{}' }, 60_000)
  // The refused one has left nothing, and its repeat is answered from memory.
  expect(log.of('jobState', { jobId: 'large' })).toEqual([])
  await operator.ask('jobRequests', jobOf('large', ['r1'], {}))
  await log.until('results', { requestId: 'large', duplicate: true, status: 'REJECTED' }, 60_000)
  await operator.ask('jobRequests', jobOf('last', ['r3'], {}))
  await log.until('results', { requestId: 'last', status: 'ACCEPTED' }, 60_000)
  expect(worker.lines('record_refused', line)).toHaveLength(3)
  expect(log.of('results').filter(({ duplicate }) => duplicate === false)).toHaveLength(5)
})

const jobOf = (jobId: string, thingNames: readonly string[], document: object) => ({
  op: 'CREATE_JOB',
  requestId: jobId,
  jobId,
  targets: { thingNames, thingGroupNames: [] },
  documentJson: JSON.stringify(document),
})

const publishedOn = (broker: ScriptedBroker, leaf: string) =>
  broker.links.flatMap(({ seen }) =>
    seen.flatMap(({ packet }) => (packet.cmd === 'publish' && packet.topic.endsWith(leaf) ? [packet] : [])),
  )

/** Guards engine/outbox-worker.ts `toCommit`: the offset follows the PUBACK. */
test('an outbox that dies between PUBACK and commit publishes again', async () => {
  let silent = true
  const broker = await ScriptedBroker.start({
    publish: ({ messageId = 0, topic }, link) => {
      if (!silent || !topic.endsWith('twice/request')) link.send({ cmd: 'puback', messageId, reasonCode: 0 })
    },
  })
  open.push(broker)
  const { operator, start, log, names } = await begin('again', broker.url)
  const first = await start('fleet')
  await operator.command('r1', 'twice', { ttl: 300 })
  await log.until('results', { requestId: 'twice' })
  const link = await broker.linked('outbox')
  await link.until('the request', () => publishedOn(broker, 'twice/request').length === 1)
  // What is answered in another partition is committed, and with it whatever else may be.
  const partitions = new Map(all.map((thing) => [partitionFor('mqttOutbox', thing, 4), thing] as const))
  const own = partitionFor('mqttOutbox', 'r1', 4)
  const [other = -1, elsewhere = ''] = [...partitions].find(([partition]) => partition !== own) ?? []
  await operator.command(elsewhere, 'beside', { ttl: 300 })
  await expect.poll(async () => (await committedOutbox(names)).get(other), { timeout: 30_000 }).not.toBe('-1')
  expect((await committedOutbox(names)).get(own)).toBe('-1')
  // The broker has answered, and the worker does not live to commit.
  first.process.freeze()
  const [request] = publishedOn(broker, 'twice/request')
  link.send({ cmd: 'puback', messageId: request?.messageId ?? 0, reasonCode: 0 })
  await first.process.kill()
  silent = false
  await start('fleet')
  const later = await broker.linked('outbox', 1)
  await later.until('the request again', () => publishedOn(broker, 'twice/request').length === 2)
  await operator.command('r1', 'next', { ttl: 300 })
  await later.until('the next one', () => publishedOn(broker, 'next/request').length === 1)
  expect(publishedOn(broker, 'twice/request')).toHaveLength(2)
  expect(log.of('commandExecutions', { executionId: 'twice' })).toHaveLength(1)
})

/** Offsets of the outbox that are committed, by partition. */
async function committedOutbox(names: FleetNames): Promise<ReadonlyMap<number, string>> {
  const asked = { groupId: `${names.name}-outbox`, topics: [names.topic('mqttOutbox')] }
  const found = await withAdmin(brokers, (admin) => admin.fetchOffsets(asked))
  return new Map(found[0]?.partitions.map(({ partition, offset }) => [partition, offset]))
}

/** Guards fleet/commands/publish-result.ts: a repeated result finds the command closed. */
test('0x10 makes a command FAILED NO_SUBSCRIBER, once, also when the publication is repeated', async () => {
  const broker = await ScriptedBroker.start({
    publish: ({ messageId = 0 }, link: ScriptedLink) => link.send({ cmd: 'puback', messageId, reasonCode: 0x10 }),
  })
  open.push(broker)
  const { operator, start, log, names } = await begin('nobody', broker.url)
  const first = await start('fleet')
  await operator.command('r3', 'lonely', { ttl: 300 })
  expect(await log.until('commandExecutions', { executionId: 'lonely', status: 'FAILED' })).toMatchObject({
    reason: 'NO_SUBSCRIBER',
  })
  await first.process.stop()
  // As if the outbox had died before its commit.
  await withAdmin(brokers, async (admin) => {
    const partitions = [0, 1, 2, 3].map((partition) => ({ partition, offset: '0' }))
    await admin.setOffsets({ groupId: `${names.name}-outbox`, topic: names.topic('mqttOutbox'), partitions })
  })
  await start('fleet')
  const later = await broker.linked('outbox', 1)
  await later.until('the request again', () => publishedOn(broker, 'lonely/request').length === 2)
  await operator.command('r3', 'lonely-2', { ttl: 300 })
  await log.until('commandExecutions', { executionId: 'lonely-2', status: 'FAILED' })
  expect(log.of('commandExecutions', { executionId: 'lonely' }).map(({ status }) => status)).toEqual(['SENT', 'FAILED'])
})

test('a broker that is away costs nothing: what was decided meanwhile is published in order', async () => {
  const server = await ground.mosquitto()
  const { operator, start, log, names } = await begin('away', server.url)
  const worker = await start('fleet')
  const line = worker.now
  await server.kill()
  await worker.becomes(false, line)
  for (const n of [1, 2, 3, 4, 5]) await operator.setDesired('r4', `away-${n}`, { n })
  await log.until('results', { requestId: 'away-5' })
  // The thing is there before the outbox is: frozen until it has subscribed.
  worker.process.freeze()
  await server.start()
  const things = await FleetThings.connect(server.url, `${names.name}-things`)
  open.push(things)
  worker.process.thaw()
  const versions = () => things.on('r4', 'shadow/update').map(({ json }) => json['version'])
  await things.until('five desired states', () => new Set(versions()).size === 5)
  expect([...new Set(versions())]).toEqual([1, 2, 3, 4, 5])
  await worker.becomes(true, line)
})
