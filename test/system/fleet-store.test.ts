import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetLog, FleetOperator } from '../kit/fleet-records.ts'
import { FleetThings } from '../kit/fleet-things.ts'
import { IngestWorker, soonMissed } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** Things that do not fit memory: 240 of them, of which 8 do. */
const { kafkaBrokers: brokers, registryUrl } = sharedGround()
const all = Array.from({ length: 240 }, (_, n) => `s${n}`)
const names = new FleetNames('store')
const operator = new FleetOperator(brokers, registryUrl, names)
const open: IngestWorker[] = []
let folder: string
let log: FleetLog
let things: FleetThings

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'things-'))
  await names.create(brokers)
  await operator.register(...all)
  log = await FleetLog.open(brokers, names)
  // A command that no one subscribes to would end at once.
  things = await FleetThings.connect(sharedGround().mqttUrl, `${names.name}-things`)
})
afterAll(async () => {
  await log?.close()
  await things?.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  for (const worker of open.splice(0)) await worker.close()
})

function settingsWith(path: string) {
  return fleetSettings(sharedGround(), names, { kafka: soonMissed, fleet: { store: { folder: path, cacheThings: 8 } } })
}

async function start(): Promise<IngestWorker> {
  const worker = await IngestWorker.ready(settingsWith(folder), 'fleet')
  open.push(worker)
  return worker
}

async function setAll(round: number, desired: object): Promise<void> {
  const desiredJson = JSON.stringify(desired)
  const requests = all.map((thingName) => ({
    op: 'SET_DESIRED',
    requestId: `${round}-${thingName}`,
    thingName,
    desiredJson,
  }))
  await operator.ask('shadowRequests', ...requests)
  await log.holds(`round ${round}`, () => log.of('shadowState', { version: round }).length >= all.length)
}

/** What stands under the key of each thing. */
function shadows(): Map<string, unknown> {
  return new Map(log.all.flatMap(({ channel, key, value }) => (channel === 'shadowState' ? [[key, value]] : [])))
}

/** Guards store/disk-values.ts `#read` and fleet/state.ts `#change`: a thing that left the memory keeps all it was. */
test('things outside of memory are what they were, also after a kill', async () => {
  const first = await start()
  await setAll(1, { a: 1, led: { on: true } })
  const commands = all.map((thingName) => ({
    op: 'SEND_COMMAND',
    requestId: `c-${thingName}`,
    thingName,
    action: 'reboot',
    ttl: 600,
  }))
  await operator.ask('commandRequests', ...commands)
  await log.holds('commands', () => log.of('commandExecutions', { status: 'SENT' }).length === all.length)
  await setAll(2, { b: 2, led: { on: null } })
  // One place for each partition.
  expect(readdirSync(folder)).toHaveLength(4)
  await first.process.kill()

  const second = await start()
  // Places of its own, and none of the killed one.
  expect(readdirSync(folder)).toHaveLength(4)
  await setAll(3, { c: 3 })
  for (const [thing, value] of shadows()) {
    expect(value, thing).toMatchObject({ thingName: thing, version: 3, desiredJson: '{"a":1,"b":2,"c":3}' })
  }
  expect(shadows().size).toBe(all.length)
  const cancels = all.map((thingName) => ({
    op: 'CANCEL_COMMAND',
    requestId: `x-${thingName}`,
    thingName,
    executionId: `c-${thingName}`,
  }))
  await operator.ask('commandRequests', ...cancels)
  await log.holds('ends', () => log.of('commandExecutions', { status: 'CANCELED' }).length === all.length)
  expect(log.of('commandExecutions', { status: 'SENT' })).toHaveLength(all.length)
  expect(log.of('results', { status: 'REJECTED' })).toEqual([])
  expect(log.of('fleetDeadLetter')).toEqual([])
  await second.untilMetric('bridge_conservation_difference', (difference) => difference === 0)
  await second.process.stop()
  expect(readdirSync(folder)).toEqual([])
})

test('a folder that cannot be written to ends the start, and the line says what to do', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const refused = await IngestWorker.start(settingsWith(file), 'fleet')
  open.push(refused)
  const line = await refused.says('process_failed')
  expect(line['code']).toBe('store_unusable')
  expect(String(line['error'])).toContain(file)
  expect((await refused.process.exited).code).toBe(1)
})

/**
 * The whole point of the folder. Guards engine/fleet-restore.ts `settle`: seen to fail (the process dies of
 * its heap) without it, as it does without a folder.
 */
test('shadows of 60 MB are served in a heap of 72 MB, where they alone would not leave room to work', async () => {
  const big = new FleetNames('big')
  await big.create(brokers)
  const writer = new FleetOperator(brokers, registryUrl, big)
  const count = 5000
  const many = Array.from({ length: count }, (_, n) => `b${n}`)
  const empty = { desiredJson: '{}', deltaJson: '{}', metadataJson: '{}', lastPublishedDeltaJson: '{}' }
  const shadowFor = (thingName: string) => {
    const reportedJson = JSON.stringify({ text: thingName.padEnd(12_500, '.') })
    return [thingName, { thingName, version: 1, reportedJson, updatedAt: 1, ...empty }] as const
  }
  await writer.register(...many)
  // As many as Kafka takes in one batch of a partition.
  for (let at = 0; at < count; at += 160) await writer.write('shadowState', many.slice(at, at + 160).map(shadowFor))
  const startWith = async (store: object) => {
    const settings = fleetSettings(sharedGround(), big, { fleet: { store, shadow: { maxBytes: 16_384 } } })
    const worker = await IngestWorker.start(settings, 'fleet', { NODE_OPTIONS: '--max-old-space-size=72' })
    open.push(worker)
    const outcome = Promise.race([
      worker.becomes(true, 0, 60_000).then(() => 'ready'),
      worker.process.exited.then(() => 'ended'),
    ])
    return [worker, await outcome] as const
  }
  const [, without] = await startWith({})
  expect(without).toBe('ended')

  const [, outcome] = await startWith({ folder, cacheThings: 100 })
  expect(outcome).toBe('ready')
  const bigLog = await FleetLog.open(brokers, big)
  const some = many.filter((_, n) => n % 250 === 7)
  for (const thing of some) await writer.setDesired(thing, `set-${thing}`, { led: 'on' })
  for (const thingName of some) {
    const after = await bigLog.until('shadowState', { thingName, version: 2 })
    expect(after['desiredJson'], thingName).toBe('{"led":"on"}')
    expect(after['reportedJson'], thingName).toBe(shadowFor(thingName)[1].reportedJson)
  }
  await bigLog.close()
})
