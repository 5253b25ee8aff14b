import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import { produceRaw } from '../kit/command-records.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetLog, FleetOperator } from '../kit/fleet-records.ts'
import { FleetThings } from '../kit/fleet-things.ts'
import { IngestWorker } from '../kit/ingest-worker.ts'
import { patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/**
 * The life of things on a real Kafka, registry and Artemis, with one worker of all roles for all tests. Artemis, as
 * Mosquitto gives nothing that begins with `$` to a shared subscription. The worker holds one thing of each partition in
 * memory and the others in a folder; the workers of the other files of things hold all in memory.
 */
const names = new FleetNames('things')
const { kafkaBrokers: brokers, registryUrl } = sharedGround()
const operator = new FleetOperator(brokers, registryUrl, names)
let ground: Ground
let folder: string
let worker: IngestWorker
let things: FleetThings
let log: FleetLog
let shadows: (thing: string, headers?: Record<string, string>) => Promise<Response>

beforeAll(async () => {
  ground = await openGround()
  const [artemis, [port = 0]] = await Promise.all([ground.artemis(), freePorts(1), names.create(brokers)])
  // Registered before the start: nothing orders the registry before the requests.
  await operator.register('t1', 't2', 't3', 't4', 't5', 't6')
  const http = { host: '127.0.0.1', port }
  folder = mkdtempSync(join(tmpdir(), 'things-'))
  const fleet = { store: { folder, cacheThings: 1 } }
  const settings = fleetSettings({ ...sharedGround(), mqttUrl: artemis.url }, names, { http, fleet })
  things = await FleetThings.connect(artemis.url, `${names.name}-things`)
  worker = await IngestWorker.ready(settings, 'ingest,fleet,http')
  log = await FleetLog.open(brokers, names)
  shadows = async (thing, headers = {}) =>
    fetch(`http://127.0.0.1:${port}/api/v1/thing-datas/${thing}/shadow`, { headers })
})
afterAll(async () => {
  await log?.close()
  await things?.close()
  await worker?.close()
  await ground?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a desired state reaches the device with a delta, and the report clears it', async () => {
  await operator.setDesired('t1', 'want-1', { led: { on: true }, level: 3 })
  expect(await log.until('results', { requestId: 'want-1' })).toMatchObject({ status: 'ACCEPTED', shadowVersion: 1 })
  const desired = await things.takes('t1', 'shadow/update', (json) => json['clientToken'] === 'want-1')
  expect(desired.json).toEqual({
    state: { desired: { led: { on: true }, level: 3 } },
    clientToken: 'want-1',
    version: 1,
  })
  expect(desired.packet).toMatchObject({ qos: 1, retain: false })
  expect(desired.packet.properties).toMatchObject({
    contentType: 'application/json',
    userProperties: { 'fleet-origin': 'server' },
  })
  const delta = await things.takes('t1', 'shadow/update/delta')
  expect(delta.json).toMatchObject({ version: 1, state: { led: { on: true }, level: 3 } })
  await things.report('t1', { led: { on: true }, level: 3 }, { clientToken: 'said', version: 1 })
  const accepted = await things.takes('t1', 'shadow/update/accepted')
  expect(accepted.json).toMatchObject({
    state: { reported: { led: { on: true }, level: 3 } },
    version: 2,
    clientToken: 'said',
  })
  const change = await log.until('shadowChanges', { thingName: 't1', version: 2 })
  expect(change).toMatchObject({ section: 'REPORTED', deltaJson: '{}', clientToken: 'said' })
  await things.report('t1', { level: 4 }, { version: 1 })
  expect((await things.takes('t1', 'shadow/update/rejected')).json).toMatchObject({
    code: 409,
    message: 'Version conflict',
  })
  expect(things.on('t1', 'shadow/update/delta')).toHaveLength(1)
})

test('an event becomes a record, and one that is none a dead letter', async () => {
  await things.say('t2', 'events/door', { eventType: 'door', severity: 'warn', data: { open: true } })
  await things.say('t2', 'events/door', { eventType: 'window', severity: 'warn' })
  await things.say('nobody', 'events/door', { eventType: 'door', severity: 'warn' })
  expect(await log.until('fleetEvents', { thingName: 't2' })).toMatchObject({
    eventType: 'door',
    severity: 'warn',
    dataJson: '{"open":true}',
    timestampSource: 'broker',
  })
  await log.until('fleetDeadLetter', { code: 'EventTypeMismatch' })
  await log.until('fleetDeadLetter', { code: 'ThingNotFound' })
  expect(log.of('fleetEvents')).toHaveLength(1)
})

/** Guards engine/outbox-worker.ts `#publish`. */
test('a command is published with its properties, answered, and SUCCEEDED', async () => {
  await operator.command('t3', 'c-1', { paramsJson: '{"n":1}', ttl: 25 })
  expect(await log.until('results', { requestId: 'c-1' })).toMatchObject({ status: 'ACCEPTED', executionId: 'c-1' })
  const { json, packet } = await things.takes('t3', 'executions/c-1/request')
  expect(json).toMatchObject({ commandId: 'c-1', action: 'reboot', params: { n: 1 }, ttl: 25 })
  expect(packet).toMatchObject({ qos: 1, retain: false })
  expect(packet.properties).toMatchObject({
    contentType: 'application/json',
    userProperties: { 'fleet-origin': 'server' },
  })
  expect(packet.properties?.messageExpiryInterval).toBeGreaterThan(15)
  expect(packet.properties?.messageExpiryInterval).toBeLessThanOrEqual(25)
  await things.respond('t3', 'c-1', { status: 'SUCCEEDED', result: { took: 2 } })
  expect(await log.until('commandExecutions', { executionId: 'c-1', status: 'SUCCEEDED' })).toMatchObject({
    reason: 'DEVICE',
    resultJson: '{"took":2}',
  })
  await operator.command('t3', 'c-1', { paramsJson: '{"n":1}', ttl: 25 })
  expect(await log.until('results', { requestId: 'c-1', duplicate: true })).toMatchObject({ status: 'ACCEPTED' })
  expect(things.on('t3', 'executions/c-1/request')).toHaveLength(1)
})

/** Guards engine/fleet-worker.ts `#appendTimers`. */
test('a command that nobody answers is TIMED_OUT in time', async () => {
  await operator.command('t3', 'c-late', { ttl: 2 })
  const done = await log.until('commandExecutions', { executionId: 'c-late', status: 'TIMED_OUT' })
  expect(done).toMatchObject({ reason: 'NO_RESPONSE' })
  expect(Number(done['occurredAt'])).toBeGreaterThanOrEqual(Number(done['deadline']))
  // In time for a machine that does other things too; nothing else comes that would make the worker look.
  expect(Number(done['occurredAt']) - Number(done['deadline'])).toBeLessThan(5000)
  await things.respond('t3', 'c-late', { status: 'SUCCEEDED' })
  expect(await log.until('commandExecutions', { executionId: 'c-late', reason: 'LATE_RESPONSE' })).toMatchObject({
    status: 'TIMED_OUT',
    reportedStatus: 'SUCCEEDED',
  })
})

test('a job is announced, started, reported on, and COMPLETED', async () => {
  const targets = { thingNames: ['t4', 't5'], thingGroupNames: [] }
  await operator.ask('jobRequests', {
    op: 'CREATE_JOB',
    requestId: 'make-j1',
    jobId: 'j1',
    targets,
    documentJson: '{"do":"it"}',
  })
  expect(await log.until('results', { requestId: 'make-j1' })).toMatchObject({ status: 'ACCEPTED', jobId: 'j1' })
  for (const thing of ['t4', 't5']) {
    const notify = await things.takes(thing, 'jobs/notify')
    expect(notify.json).toMatchObject({ jobs: { QUEUED: [{ jobId: 'j1', versionNumber: 0 }] } })
    const next = await things.takes(thing, 'jobs/notify-next')
    expect(next.json).toMatchObject({ execution: { jobId: 'j1', status: 'QUEUED', jobDocument: { do: 'it' } } })
    await things.say(thing, 'jobs/start-next', { clientToken: 'go' })
    const started = await things.takes(thing, 'jobs/start-next/accepted')
    expect(started.json).toMatchObject({
      clientToken: 'go',
      execution: { jobId: 'j1', status: 'IN_PROGRESS', versionNumber: 1, jobDocument: { do: 'it' } },
    })
    await things.say(thing, 'jobs/j1/update', { status: 'IN_PROGRESS', statusDetails: { p: 50 }, expectedVersion: 1 })
    await things.takes(thing, 'jobs/j1/update/accepted')
    await things.say(thing, 'jobs/j1/update', { status: 'SUCCEEDED', expectedVersion: 1 })
    expect((await things.takes(thing, 'jobs/j1/update/rejected')).json).toMatchObject({ code: 'VersionMismatch' })
    await things.say(thing, 'jobs/j1/update', { status: 'SUCCEEDED', expectedVersion: 2, clientToken: 'end' })
    await things.takes(thing, 'jobs/j1/update/accepted', (json) => json['clientToken'] === 'end')
    await things.takes(thing, 'jobs/notify-next', (json) => json['execution'] === undefined)
    await things.takes(
      thing,
      'jobs/notify',
      (json) => Object.keys(json['jobs'] as Record<string, unknown>).length === 0,
    )
  }
  await log.until('jobState', { jobId: 'j1', status: 'COMPLETED' })
  await log.holds('both are counted', () =>
    log
      .of('jobProgress', { jobId: 'j1', fanOut: null })
      .some(({ counts, executionsTotal }) => executionsTotal === 2 && JSON.stringify(counts) === '{"SUCCEEDED":2}'),
  )
})

test('the shadow is read over HTTP by those who may', async () => {
  await things.report('t6', { v: 1 })
  await things.takes('t6', 'shadow/update/accepted')
  const basic = (user: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
  })
  const salt = Buffer.from('0123456789abcdef')
  const hash = createHash('sha256').update(salt).update('open sesame').digest()
  expect((await shadows('t6')).status).toBe(401)
  await operator.write('apiKeyRegistry', [
    [
      'reader',
      {
        apiKey: 'reader',
        salt: salt.toString('base64'),
        secretHash: hash.toString('base64'),
        permissions: [{ method: 'GET', pathPrefix: '/api/v1/' }],
      },
    ],
  ])
  const mine = basic('reader', 'open sesame')
  // The views follow Kafka; nobody is told when they have come so far.
  await expect.poll(async () => (await shadows('t6', mine)).status, { timeout: patienceMs }).toBe(200)
  await expect.poll(async () => (await shadows('t6', mine)).headers.get('etag'), { timeout: patienceMs }).toBe('"1"')
  const found = await shadows('t6', mine)
  expect(await found.json()).toMatchObject({ reported: { v: 1 }, desired: {}, delta: {}, version: 1 })
  expect((await shadows('t6', { ...mine, 'if-none-match': '"1"' })).status).toBe(304)
  expect(await shadows('t6', basic('reader', 'open')).then(({ status }) => status)).toBe(401)
  expect((await shadows('nobody', mine)).status).toBe(404)
})

/** Guards engine/fleet-worker.ts `#decide`: the offset of a request that nobody can read moves on. */
test('a request that nobody can read becomes a dead letter, and the next one is answered', async () => {
  const rubbish = Buffer.from('rubbish')
  await produceRaw(brokers, names.topic('shadowRequests'), [{ key: 't2', value: rubbish }])
  await operator.setDesired('t2', 'after-rubbish', { a: 1 })
  expect(await log.until('results', { requestId: 'after-rubbish' })).toMatchObject({ status: 'ACCEPTED' })
  expect(await log.until('fleetDeadLetter', { code: 'InvalidRecord' })).toMatchObject({
    sourceTopic: names.topic('shadowRequests'),
    payload: rubbish,
  })
})

test('topics with different numbers of partitions end the start, and the line says which', async () => {
  const other = new FleetNames('uneven')
  await other.create(brokers, 2, { thingState: 3 })
  const refused = await IngestWorker.start(fleetSettings(sharedGround(), other), 'fleet')
  const line = await refused.says('process_failed')
  expect(line['code']).toBe('partitions_differ')
  expect(String(line['error'])).toContain(`${other.topic('thingState')} 3`)
  expect((await refused.process.exited).code).toBe(1)
  await refused.close()
})

/** Guards engine/fleet-restore.ts `take`. */
test('a partition whose state cannot be read is not taken up: the reason says where', async () => {
  const broken = new FleetNames('broken')
  await broken.create(brokers, 2)
  await produceRaw(brokers, broken.topic('shadowState'), [{ key: 't1', value: Buffer.from('rubbish'), partition: 1 }])
  const settings = (slot: number) => fleetSettings(sharedGround(), broken, { mqtt: { slot } })
  const place = `${broken.topic('shadowState')}/1/0`
  const stuck = await IngestWorker.start(settings(0), 'fleet')
  expect(String((await stuck.says('unexpected_error'))['error'])).toContain(place)
  const found = await stuck.untilCondition('fleet.restored', ({ reason }) => reason.includes(place))
  expect(found.holds).toBe(false)
  // Another worker joins, and the partitions are shared out anew: whoever has this one still says so.
  const other = await IngestWorker.start(settings(1), 'fleet')
  const both = [stuck, other]
  await Promise.all(both.map(async (each) => each.says('kafka_partitions_assigned', each === stuck ? stuck.now : 0)))
  const reasons = async () => Promise.all(both.map(async (each) => each.condition('fleet.restored')))
  const isTold = (condition: { holds: boolean; reason: string }) => !condition.holds && condition.reason.includes(place)
  await expect.poll(async () => (await reasons()).filter(isTold).length, { timeout: patienceMs }).toBe(1)
  await expect.poll(async () => (await reasons()).filter(({ holds }) => holds).length, { timeout: patienceMs }).toBe(1)
  await Promise.all(both.map(async (each) => each.close()))
})

test('the conservation gauge is level when all is done', async () => {
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  await worker.untilMetric('bridge_conservation_difference', (difference) => difference === 0)
})
