import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import { bridgeSays, objectsOf, type Said } from '../kit/bridge-words.ts'
import { FleetsDevice, requiredSubscriptions, type Traffic } from '../kit/conformance/fleets-device.ts'
import { Thermostat } from '../kit/conformance/thermostat.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { IngestWorker } from '../kit/ingest-worker.ts'
import { patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/**
 * Guards src/cli/things/ask.ts `isFollowed`, job-sequel.ts `isOver` and shadow-sequel.ts `isOver`.
 *
 * Things from both sides at once: the operator has the command line, the device is written from the pages of EMQX
 * Fleets alone. On Artemis, as in fleet-life.test.ts.
 */
const names = new FleetNames('fleet-cli')
const { kafkaBrokers: brokers } = sharedGround()
const traffic = new Map<string, Traffic[]>()
const devices: FleetsDevice[] = []
const complaints: string[] = []
const thermostats = new Map<string, Thermostat>()
let ground: Ground
let worker: IngestWorker
let config: string
let start: (thing: string, apiKey: string, apiSecret: string) => Promise<void>

beforeAll(async () => {
  ground = await openGround()
  const [artemis, [port = 0]] = await Promise.all([ground.artemis(), freePorts(1), names.create(brokers)])
  const http = { host: '127.0.0.1', port }
  const settings = fleetSettings({ ...sharedGround(), mqttUrl: artemis.url }, names, { http })
  config = stringify(settings)
  worker = await IngestWorker.ready(settings, 'ingest,fleet,http')
  start = async (thingName, apiKey, apiSecret) => {
    const httpUrl = `http://127.0.0.1:${port}`
    const account = { thingName, clientId: `client-${thingName}`, mqttUrl: artemis.url, httpUrl, apiKey, apiSecret }
    const heard: Traffic[] = []
    const thermostat = new Thermostat(20)
    traffic.set(thingName, heard)
    thermostats.set(thingName, thermostat)
    const device = new FleetsDevice(account, thermostat, {
      heard: (message) => heard.push(message),
      complain: (text) => complaints.push(text),
    })
    devices.push(device)
    await device.started
  }
})
afterAll(async () => {
  await Promise.all(devices.map((device) => device.end()))
  await worker?.close()
  await ground?.close()
})

async function bridge(line: string, ...more: string[]): Promise<Said> {
  return bridgeSays([...line.split(' '), ...more, '--config', 'bridge.yaml'], { 'bridge.yaml': config })
}

const topicsOf = (thing: string, way: Traffic['way']) =>
  (traffic.get(thing) ?? []).filter((message) => message.way === way).map(({ topic }) => topic)
const members = (said: Said, record: string) => objectsOf(said.out).filter((line) => line['record'] === record)

test('things are registered, and a desired state that was set before they came is applied at their start', async () => {
  const file = { 'bridge.yaml': config, f: '{"thingName":"t2","mqttClientId":"client-t2"}\n{"thingName":"away"}\n' }
  expect(await bridge('thing register t1 --client-id client-t1 --type com.example.thermostat')).toEqual({
    code: 0,
    out: 'registered t1, client id client-t1\n',
    err: '',
  })
  expect(await bridgeSays(['thing', 'register', '--file', 'f', '--config', 'bridge.yaml'], file)).toMatchObject({
    code: 0,
    err: '2 registered\n',
  })
  // What is not said stays.
  await bridge('thing register t1 --tag floor=2')
  const list = await bridge('thing list --tag floor=2 --json')
  expect(objectsOf(list.out)).toMatchObject([
    { thingName: 't1', mqttClientId: 'client-t1', thingType: 'com.example.thermostat', tags: { floor: '2' } },
  ])
  // Nothing orders the registry before the requests: a refused one changes nothing.
  const set = async (): Promise<string> => (await bridge('shadow set t1', '{"targetTemperature":19}')).out
  await expect.poll(set, { timeout: patienceMs }).toBe('accepted, shadow version 1\n')
  const [, secret = ''] = (await bridge('api-key create t1 --thing t1')).out.trim().split(':')
  expect((await bridge('api-key create t1')).code).toBe(1)
  await start('t1', 't1', secret)
  expect(thermostats.get('t1')?.state).toMatchObject({ targetTemperature: 19 })
  expect(requiredSubscriptions('t1')).toHaveLength(13)
  const made = await bridge('api-key create others --json')
  await start('t2', 'others', String(objectsOf(made.out)[0]?.['secret']))
})

test('a desired state is set, and the device converges', async () => {
  const said = await bridge('shadow set t1 --wait --json', '{"targetTemperature":24}')
  expect(said).toMatchObject({ code: 0, err: expect.stringContaining('t1 is as desired') })
  const [result] = members(said, 'result')
  expect(result).toMatchObject({ status: 'ACCEPTED' })
  expect(objectsOf(said.out)[0]).toEqual(result)
  const changes = members(said, 'change')
  expect(changes[0]).toMatchObject({
    section: 'DESIRED',
    version: result?.['shadowVersion'],
    deltaJson: '{"targetTemperature":24}',
  })
  expect(changes.at(-1)).toMatchObject({ section: 'REPORTED', deltaJson: '{}' })
  expect(thermostats.get('t1')?.state).toMatchObject({ targetTemperature: 24 })
  expect(topicsOf('t1', 'in')).toContain('$emqx/things/t1/shadow/update/delta')
  const shadow = await bridge('shadow get t1 --json')
  expect(objectsOf(shadow.out)).toMatchObject([
    { thingName: 't1', reported: { targetTemperature: 24 }, desired: { targetTemperature: 24 }, delta: {} },
  ])
})

test('a command is run and answered; one that the device does not know is REJECTED', async () => {
  const line = 'fleet command send --thing t1 --wait --json --action'
  const said = await bridge(`${line} setTemperature --params`, '{"value":20}')
  expect(said.code).toBe(0)
  expect(members(said, 'execution').map(({ status }) => status)).toEqual(['SENT', 'SUCCEEDED'])
  expect(members(said, 'execution').at(-1)).toMatchObject({ resultJson: '{"currentTemperature":20}', reason: 'DEVICE' })
  expect(await bridge(`${line} explode`)).toMatchObject({ code: 1 })
  const show = await bridge('thing show t1')
  expect(show.out).toMatch(/setTemperature +SUCCEEDED/)
  expect(show.out).toMatch(/explode +REJECTED/)
})

test('a job runs to SUCCEEDED on both, with progress', async () => {
  const create = 'job create fw-2 --thing t1 --thing t2 --wait --json --document'
  const said = await bridge(create, '{"firmware":"2.0"}')
  expect(said).toMatchObject({ code: 0, err: '' })
  const of = (thing: string) => members(said, 'execution').filter(({ thingName }) => thingName === thing)
  for (const thing of ['t1', 't2']) {
    expect(of(thing).map(({ status, statusDetailsJson }) => [status, statusDetailsJson])).toEqual([
      ['QUEUED', '{}'],
      ['IN_PROGRESS', '{"progress":"starting"}'],
      ...['25%', '50%', '75%', '100%'].map((progress) => ['IN_PROGRESS', JSON.stringify({ progress })]),
      ['SUCCEEDED', '{"progress":"done"}'],
    ])
    expect(thermostats.get(thing)?.state).toMatchObject({ firmware: '2.0' })
    expect(topicsOf(thing, 'in')).toEqual(
      expect.arrayContaining(
        ['notify', 'notify-next', 'get/accepted'].map((leaf) => `$emqx/things/${thing}/jobs/${leaf}`),
      ),
    )
  }
  expect(members(said, 'progress').at(-1)).toMatchObject({ counts: { SUCCEEDED: 2 }, executionsTotal: 2 })
  expect(members(said, 'job').at(-1)).toMatchObject({ status: 'COMPLETED' })
  const show = await bridge('job show fw-2 --executions')
  expect(show.out).toContain('SUCCEEDED    [########################] 2/2')
  expect(show.out).toMatch(/^t2 +SUCCEEDED +6 /m)
})

test('a job that one device fails and one never sees: told, canceled, deleted', async () => {
  const failed = await bridge('job create bad --thing t1 --wait --document', '{}')
  expect(failed).toMatchObject({ code: 1, out: expect.stringContaining('1 FAILED') })
  expect(failed.out).toContain('t1  FAILED  DEVICE  {"error":"the job names no firmware"}')
  const open = await bridge('job create open --thing away --wait --timeout 5s --document', '{}')
  expect(open).toMatchObject({ code: 75, err: expect.stringContaining('job open goes on: 1 QUEUED') })
  await worker.untilMetric('bridge_fleet_executions_open{status="QUEUED"}', (value) => value === 1)
  await worker.untilMetric('bridge_fleet_jobs{status="COMPLETED"}', (value) => value === 2)
  expect(await worker.metric('bridge_things')).toBe(3)
  expect(await bridge('job list --status IN_PROGRESS')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^open +IN_/m),
  })
  expect(await bridge('job delete open')).toMatchObject({ code: 1, err: expect.stringContaining('--force does it') })
  expect(await bridge('job cancel open --wait')).toMatchObject({
    code: 0,
    out: expect.stringContaining('job open  CANCELED: 1 CANCELED'),
  })
  expect(await bridge('job delete open --wait')).toMatchObject({ code: 0, out: expect.stringContaining('deleted') })
  expect(await bridge('job show open')).toMatchObject({ code: 1, err: 'there is no job open; see: bridge job list\n' })
})

test('what cannot be done is said with what to do', async () => {
  expect(await bridge('shadow set nobody {}')).toMatchObject({
    code: 1,
    err: expect.stringContaining(
      'refused: THING_NOT_FOUND: the thing is not registered; register it with: bridge thing',
    ),
  })
  expect(await bridge('shadow get nobody')).toMatchObject({ code: 1, err: expect.stringContaining('no thing nobody') })
  expect(await bridge('shadow set t1 {} --version 1')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/VERSION_CONFLICT.*it is \d+ now; see: bridge shadow get t1/),
  })
  expect(await bridge('job create fw-2 --thing t1 --document {}')).toMatchObject({
    code: 1,
    err: expect.stringContaining('JOB_EXISTS'),
  })
  const again = 'shadow set t2 {} --request-id once'
  expect((await bridge(again)).out).toContain('accepted')
  expect(await bridge(again)).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringContaining('nothing was done again'),
  })
  expect(await bridge('thing unregister t2')).toMatchObject({ code: 0, err: 'unregistered t2\n' })
  expect(await bridge('thing show t2')).toMatchObject({ code: 1 })
})

test('no answer of a worker is told as that', async () => {
  expect(complaints).toEqual([])
  await worker.close()
  expect(await bridge('shadow set t1 {} --timeout 1s')).toMatchObject({
    code: 75,
    err: expect.stringMatching(/no answer in 1 s\..*role fleet.*--request-id [0-9a-f]{16}/),
  })
})
