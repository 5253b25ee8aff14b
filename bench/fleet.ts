import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config/load.ts'
import { installCodecs } from '../src/kafka/codecs.ts'
import type { FleetResults, StoreRounds, UpdateRounds } from './fleet-results.ts'
import { fleetTables } from './fleet-table.ts'
import { shadowBytes, ThingTopics } from './load/things.ts'
import { measureAccepted } from './measure/accepted-rate.ts'
import { type Drain, settled, watchDrain } from './measure/drain.ts'
import type { Rate } from './measure/rate.ts'
import { circumstances, rateRounds, rounded } from './rounds.ts'
import { saidReady } from './stage/controls.ts'
import { type Restore, startedFleet } from './stage/fleet-bridge.ts'
import { compiled, Stage } from './stage/stage.ts'

/**
 * One process of the fleet role against its controls; see docs/performance.md. BENCH_ROUNDS: rounds, 1 by default;
 * BENCH_THINGS and BENCH_UPDATES make a smaller one to try it. Throws when an update was not answered, or not done.
 */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 1)
const things = Number(process.env['BENCH_THINGS'] ?? 100_000)
const updates = Number(process.env['BENCH_UPDATES'] ?? 30_000)
const warmUp = Math.ceil(updates / 6)
const rateSize = { perSecond: 200, warmUpSeconds: 3, seconds: 10 }
/** So many things report in turn at the steady rate: Artemis makes an address for a topic that it has not met, slowly. */
const reporting = Math.min(things, rateSize.perSecond)
const partitions = 12
const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)

installCodecs()
const loadBefore = loadavg()[0] ?? 0
const stage = await Stage.open({ fleet: { enabled: true } })
const surroundings = { env: {}, readFile: (path: string) => readFileSync(path, 'utf8') }
const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, surroundings)
const brokers = stage.kafka.brokers
const empty = await ThingTopics.create('empty', brokers, stage.registryUrl, partitions)
const topics = await ThingTopics.create('things', brokers, stage.registryUrl, partitions)
say(`${things} things are written`)
await topics.register(things)
await topics.fill(things)
const registered = await ThingTopics.create('registered', brokers, stage.registryUrl, partitions)
await registered.register(things)

const mosquitto = await stage.broker()
const artemis = await stage.ground.artemis()
/** Updates that were ever appended. */
let reported = 0
const own = { empty: [] as number[], registered: [] as number[] }
const restores = { memory: [] as Restore[], disk: [] as Restore[] }
const drains = {
  memory: [] as Drain[],
  disk: [] as Drain[],
  transactions: [] as Drain[],
  plainLoop: [] as Drain[],
}
const rates = { bridge: [] as Rate[], echo: [] as Rate[] }

for (let round = 1; round <= rounds; round += 1) {
  for (const [name, some] of Object.entries({ empty, registered })) {
    say(`round ${round} of ${rounds}: ${name}`)
    const [nobody, { ownMb }] = await startedFleet(stage, 'fleet', mosquitto.url, some, {})
    own[name === 'empty' ? 'empty' : 'registered'].push(rounded(ownMb))
    await nobody.process.stop()
  }
  for (const store of ['memory', 'disk'] as const) {
    say(`${store}: restores, then drains`)
    const [restore, drain] = await fleetRound(store)
    restores[store].push(restore)
    drains[store].push(drain)
  }
  const values = await storedValues()
  for (const control of ['transactions', 'plainLoop'] as const) {
    say(`${control} drains`)
    drains[control].push(await controlRound(control, `${control}-${round}`, values))
  }
  say(`${rateSize.perSecond} a second through the bridge`)
  const [bridge] = await startedFleet(stage, 'ingest,fleet', artemis.url, topics, {})
  rates.bridge.push(await measureAccepted(bridge.process, artemis.url, reporting, rateSize))
  await bridge.process.stop()
  say(`${rateSize.perSecond} a second through the echo`)
  const echoTopic = `bench.echo-${round}`
  await stage.stored.createTopic(echoTopic, partitions)
  await stage.stored.count(echoTopic)
  const echo = await stage.start('echo', [compiled('controls/echo.js'), artemis.url, brokers[0] ?? '', echoTopic])
  await saidReady({ process: echo, count: () => Promise.resolve(0) })
  rates.echo.push(await measureAccepted(echo, artemis.url, reporting, rateSize))
  await echo.stop()
}
await stage.close()

const results: FleetResults = {
  ...circumstances(loadBefore, loadavg()[0] ?? 0),
  setting: {
    things,
    shadowBytes,
    updates,
    partitions,
    maxInputs: settings.fleet.maxInputsPerTransaction,
    cacheThings: settings.fleet.store.cacheThings,
    compression: settings.kafka.compression,
    ratePerSecond: rateSize.perSecond,
  },
  emptyOwnMb: own.empty,
  registeredOwnMb: own.registered,
  memory: storeRounds('memory'),
  disk: storeRounds('disk'),
  transactions: updateRounds(drains.transactions),
  plainLoop: updateRounds(drains.plainLoop),
  accepted: { bridge: rateRounds(rates.bridge), echo: rateRounds(rates.echo) },
}
mkdirSync(new URL('results/', import.meta.url), { recursive: true })
writeFileSync(new URL('results/fleet.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`)
console.log(fleetTables(results))

async function fleetRound(store: 'memory' | 'disk'): Promise<[Restore, Drain]> {
  const folder = store === 'disk' ? { 'fleet.store.folder': join(stage.ground.folder, 'store') } : {}
  const [bridge, restore] = await startedFleet(stage, 'fleet', mosquitto.url, topics, folder)
  const before = await bridge.count()
  await report(warmUp)
  await settled(bridge, before + warmUp)
  const base = await bridge.count()
  bridge.process.freeze()
  await report(updates)
  const drain = await watchDrain(bridge, base, updates, async () => Promise.resolve(bridge.process.thaw()))
  if (drain.repeated !== 0) throw new Error(`${drain.repeated} more inputs than there were`)
  await bridge.process.stop()
  return [restore, drain]
}

async function report(count: number): Promise<void> {
  await topics.report(reported, count, things)
  reported += count
}

/** What the bridge stored for some updates, by topic. */
async function storedValues(): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {}
  for (const channel of ['shadowState', 'shadowChanges', 'mqttOutbox'] as const) {
    const ends = await stage.stored.ends(topics.names.topic(channel))
    // The last ones, but for what marks the ends of transactions.
    const places = new Map([...ends].map(([partition, high]) => [partition, String(Math.max(0, Number(high) - 100))]))
    const records = await stage.stored.after(topics.names.topic(channel), places, 300)
    found[channel] = records.slice(0, 300).map(({ value }) => value.toString('base64'))
  }
  return found
}

async function controlRound(
  control: 'transactions' | 'plainLoop',
  name: string,
  values: Readonly<Record<string, readonly string[]>>,
): Promise<Drain> {
  const byTopic: Record<string, readonly string[]> = {}
  for (const [channel, some] of Object.entries(values)) {
    byTopic[`bench.${name}.${channel}`] = some
    await stage.stored.createTopic(`bench.${name}.${channel}`, partitions)
    await stage.stored.count(`bench.${name}.${channel}`)
  }
  const path = join(stage.ground.folder, `${name}.json`)
  writeFileSync(path, JSON.stringify(byTopic))
  const order = {
    broker: brokers[0],
    groupId: `bench-${name}`,
    from: topics.names.topic('thingInbox'),
    transactional: control === 'transactions',
    compression: settings.kafka.compression,
    maxInputs: settings.fleet.maxInputsPerTransaction,
    values: path,
  }
  const process_ = await stage.start(name, [compiled('controls/consume-produce.js'), JSON.stringify(order)])
  const measured = { process: process_, count: async () => process_.ask() }
  await saidReady(measured)
  const drain = await watchDrain(measured, 0, reported, async () => {
    await process_.ask()
  })
  await process_.stop()
  return drain
}

function storeRounds(store: 'memory' | 'disk'): StoreRounds {
  const all = restores[store]
  return {
    restoreSeconds: all.map(({ seconds }) => rounded(seconds)),
    restoreThingsPerSecond: all.map(({ seconds }) => Math.round(things / seconds)),
    restoreCpuSeconds: all.map(({ cpuSeconds }) => rounded(cpuSeconds)),
    ownMb: all.map((each) => rounded(each.ownMb)),
    updates: updateRounds(drains[store]),
  }
}

function updateRounds(all: readonly Drain[]): UpdateRounds {
  return {
    perSecond: all.map((each) => Math.round(each.messagesPerSecond)),
    cpuMicros: all.map((each) => rounded(each.cpuMicrosPerMessage)),
    peakResidentMb: all.map((each) => rounded(each.peakResidentMb)),
  }
}
