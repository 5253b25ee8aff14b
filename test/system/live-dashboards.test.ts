import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chartPart } from '../../scripts/ground/fetch/chart-part.ts'
import { ensurePart } from '../../scripts/ground/fetch/part.ts'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import type { PrometheusServer } from '../../scripts/ground/servers/prometheus.ts'
import { chartFolder } from '../chart/kit/helm.ts'
import { renderedRules } from '../chart/kit/rules.ts'
import { produceCommands } from '../kit/command-records.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { EmqxRest } from '../kit/emqx-rest.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetOperator } from '../kit/fleet-records.ts'
import { FleetThings } from '../kit/fleet-things.ts'
import { evt, IngestWorker, punch, secretFile } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { createTopics } from '../kit/topic-reader.ts'

/**
 * A real Prometheus scrapes a real worker of all roles under load, answers every query of the dashboards, and evaluates
 * every alert of the chart. Artemis is the broker, for the things; EMQX's REST API is a stand-in.
 */
const names = new FleetNames('watched')
const { kafkaBrokers: brokers, registryUrl } = sharedGround()
const topics = { command: `${names.name}.command`, commandStatus: `${names.name}.status` }
/** The release that test/chart/kit/helm.ts renders. */
const labels = { namespace: 'bridge', release: 'demo', role: 'ingest', pod: 'demo-0' }
const operator = new FleetOperator(brokers, registryUrl, names)
const load = new AbortController()
let loading: Promise<void> = Promise.resolve()
let folder: string
let ground: Ground
let rest: EmqxRest
let worker: IngestWorker
let things: FleetThings
let device: DeviceClient
let prometheus: PrometheusServer

beforeAll(async () => {
  await ensurePart(chartPart)
  folder = await mkdtemp(join(tmpdir(), 'watched-'))
  ground = await openGround()
  const [artemis, [httpPort = 0, healthPort = 0]] = await Promise.all([
    ground.artemis(),
    freePorts(2),
    names.create(brokers),
    createTopics(
      brokers,
      [topics.command, topics.commandStatus].map((topic) => ({ topic, partitions: 1 })),
    ),
  ])
  rest = await EmqxRest.start()
  let sent = 0
  rest.listed = () => {
    sent += 10
    const queue = { mqueue_len: 3, mqueue_max: 1000, mqueue_dropped: 0, inflight_cnt: 1, inflight_max: 32 }
    const ours = ['evt-0', 'st-0'].map((end) => `bridge-${names.name}-${end}`)
    return ours.map((clientid) => ({ clientid, connected: true, ...queue, send_msg: sent }))
  }
  await operator.register('t1')
  const settings = fleetSettings({ ...sharedGround(), mqttUrl: artemis.url }, names, {
    http: { host: '127.0.0.1', port: httpPort },
    observe: { host: '127.0.0.1', port: healthPort },
    // Not in use, but its end is watched.
    kafka: { topics, tls: { caFile: (await ground.certificates()).ca } },
    emqx: {
      rest: {
        url: `http://127.0.0.1:${rest.port}`,
        apiKey: rest.key,
        secretFile: await secretFile(folder, 'secret', rest.secret),
        pollSeconds: 1,
      },
    },
  })
  things = await FleetThings.connect(artemis.url, `${names.name}-things`)
  device = await DeviceClient.connect({ url: artemis.url, clientId: names.name })
  worker = await IngestWorker.ready(settings, 'ingest,command,fleet,http')
  const rules = (await renderedRules()).map(({ alert, expr, for: wait }) => ({ alert, expr, for: wait }))
  prometheus = await ground.prometheus({
    targets: [{ address: `127.0.0.1:${healthPort}`, labels }],
    rules: [{ name: 'bridge', rules }],
  })
  loading = work(`http://127.0.0.1:${httpPort}`)
}, 300_000)
afterAll(async () => {
  load.abort()
  await loading
  await device?.end()
  await things?.close()
  await worker?.close()
  await rest?.close()
  await ground?.close()
  await rm(folder, { recursive: true, force: true })
})

/** One of everything, over and over: a punch, a dead letter, a command, a request of a thing, a read of its shadow. */
async function work(http: string): Promise<void> {
  for (let n = 1; !load.signal.aborted; n += 1) {
    await device.publish(evt('D1'), punch(n))
    await device.publish(evt('D1'), 'no JSON')
    await produceCommands(brokers, topics.command, [{ deviceSn: 'D1', op: 'ping', commandId: `c${n}` }])
    await things.report('t1', { n })
    await fetch(`${http}/api/v1/thing-datas/t1/shadow`).then((response) => response.arrayBuffer())
    await pause(100)
  }
}

const dashboards = join(chartFolder, 'files/dashboards')

function queries(): readonly string[] {
  const panels = readdirSync(dashboards).flatMap((name) => {
    const text = readFileSync(join(dashboards, name), 'utf8')
    return (JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] }).panels
  })
  const filled: Readonly<Record<string, string>> = {
    $__rate_interval: '15s',
    $namespace: labels.namespace,
    $release: labels.release,
    $role: '.*',
    $pod: '.*',
  }
  return panels
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr }) => expr.replaceAll(/\$\w+/g, (name) => filled[name] ?? name))
}

test('every query of the dashboards is answered', async () => {
  const all = queries()
  expect(all.length).toBeGreaterThan(50)
  const ofFaults = all.filter((expr) => expr.endsWith('> 0'))
  const end = performance.now() + 90_000
  let empty = all.filter((expr) => !ofFaults.includes(expr))
  for (;;) {
    const answers = await Promise.all(empty.map((expr) => prometheus.query(expr)))
    empty = empty.filter((_, i) => answers[i]?.every(({ value: [, text] }) => text === 'NaN'))
    if (empty.length === 0 || performance.now() > end) break
    await pause(500)
  }
  expect(empty).toEqual([])
  // These are answered too: nothing has gone wrong.
  for (const expr of ofFaults) expect(await prometheus.query(expr), expr).toEqual([])
})

test('every alert is evaluated without an error, and the one that has a reason is the one that is about to fire', async () => {
  const end = performance.now() + 60_000
  let rules: Awaited<ReturnType<typeof prometheus.rules>>
  let roused: readonly string[]
  // Rates need some scrapes to be right.
  do {
    await pause(200)
    rules = await prometheus.rules()
    roused = rules.filter(({ state }) => state !== 'inactive').map(({ name }) => name)
  } while (String(roused) !== 'BridgeDeadLetters' && performance.now() < end)
  expect(rules.length).toBeGreaterThan(15)
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
  expect(roused).toEqual(['BridgeDeadLetters'])
})
