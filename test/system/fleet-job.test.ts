import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { ArtemisServer } from '../../scripts/ground/servers/artemis.ts'
import { bridgeSays, objectsOf } from '../kit/bridge-words.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetLog, FleetOperator } from '../kit/fleet-records.ts'
import { FleetThings } from '../kit/fleet-things.ts'
import { IngestWorker, soonMissed } from '../kit/ingest-worker.ts'
import { JobThings } from '../kit/job-things.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/**
 * A job for many things, and one of two processes is killed in the middle of it. `FLEET_JOB_THINGS=500` for more of them;
 * `make faults ROWS=fleet-job` does the same in the middle of a transaction.
 */
const count = Number(process.env['FLEET_JOB_THINGS'] ?? 100)
const things = Array.from({ length: count }, (_, i) => `thing-${i}`)
const { kafkaBrokers: brokers, registryUrl } = sharedGround()
const open: { close(): Promise<unknown> }[] = []
let ground: Ground
let artemis: ArtemisServer

beforeAll(async () => {
  ground = await openGround()
  // Everything for all things goes through one queue of the broker.
  artemis = await ground.artemis({ ringSize: -1 })
})
afterAll(async () => {
  for (const each of open.reverse()) await each.close()
  await ground?.close()
})

/**
 * Guards engine/fleet-engine.ts `#prepare` and engine/fleet-worker.ts `#commit`: when the offsets of the inputs are not
 * in the transaction, the job was not over in two minutes.
 */
test(`two processes, one killed in the middle of a job of ${count} things: every thing ends its job once`, async () => {
  const names = new FleetNames('job')
  await names.create(brokers)
  await new FleetOperator(brokers, registryUrl, names).register(...things)
  const settings = (slot: number) =>
    fleetSettings({ ...sharedGround(), mqttUrl: artemis.url }, names, { kafka: soonMissed, mqtt: { slot } })
  const [killed, other] = await Promise.all(
    [0, 1].map(async (slot) => IngestWorker.ready(settings(slot), 'ingest,fleet')),
  )
  if (killed === undefined || other === undefined) throw new Error('no workers')
  open.push(killed, other)
  // Both have a share before the job begins.
  for (const worker of [killed, other]) {
    await worker.process.log(
      ({ event, group, partitions }) =>
        event === 'kafka_partitions_assigned' && group === `${names.name}-fleet` && partitions === 2,
    )
  }
  const log = await FleetLog.open(brokers, names)
  open.push(log)
  const devices = await FleetThings.connect(artemis.url, `${names.name}-things`)
  open.push(devices)
  const runners = new JobThings(devices, things)
  devices.heard = (publication) => runners.take(publication)

  const ended = () => log.of('jobExecutions', { status: 'SUCCEEDED' }).length
  const files = { 'bridge.yaml': stringify(settings(0)), things: things.join('\n') }
  const said = bridgeSays(
    'job create all --things things --document {} --wait --json --config bridge.yaml'.split(' '),
    files,
  )
  await log.holds('a fifth of the things is through', () => ended() >= count / 5, 60_000)
  await killed.process.kill()
  expect(ended()).toBeLessThan(count)

  const { code, out } = await said
  expect(code, out).toBe(0)
  expect(
    objectsOf(out)
      .filter(({ record }) => record === 'job')
      .at(-1),
  ).toMatchObject({ status: 'COMPLETED' })
  const progress = () => log.of('jobProgress', { jobId: 'all' }).at(-1)
  await log.holds(
    'the last count',
    () => JSON.stringify(progress()?.['counts']) === JSON.stringify({ SUCCEEDED: count }),
  )
  expect(progress()).toMatchObject({ executionsTotal: count, fanOut: null })
  // What would come twice is through by then.
  await other.untilMetric('bridge_pending', (pending) => pending === 0)
  expect(log.of('jobState', { jobId: 'all' }).map(({ status }) => status)).toEqual(['IN_PROGRESS', 'COMPLETED'])
  for (const thingName of things) {
    const changes = log.of('jobExecutions', { thingName })
    expect(changes.map(({ status, versionNumber }) => [versionNumber, status].join(' '))).toEqual([
      '0 QUEUED',
      '1 IN_PROGRESS',
      '2 IN_PROGRESS',
      '3 SUCCEEDED',
    ])
  }
  expect(log.of('fleetDeadLetter')).toEqual([])
  expect(runners.complaints).toEqual([])
  expect(other.lines('unexpected_error')).toEqual([])
}, 240_000)
