import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { Certificates } from '../../scripts/ground/servers/certificates.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { IngestNames, IngestWorker, ingestSettings } from '../kit/ingest-worker.ts'
import { MountedSecret } from '../kit/mounted-secret.ts'
import { Punches, storedPunches } from '../kit/punches.ts'
import { RegistryFront } from '../kit/registry-front.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { connectionsTo, noneLeftOf } from '../kit/socket-table.ts'

/**
 * The authority of all three servers becomes another one while a worker runs: its file holds both, the servers show
 * certificates of the new one, the file holds the new one only. One file for all, swapped as kubelet does it.
 */

const servers = ['kafka', 'registry', 'mqtt'] as const
const newDays = 60
let ground: Ground
let former: Certificates
let next: Certificates
let kafka: KafkaServer
let broker: MosquittoServer
let front: RegistryFront
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  former = await ground.certificates()
  next = await Certificates.make(ground.folder, 'next', newDays)
  const pair = await pairOf(former)
  ;[kafka, broker, front] = await Promise.all([
    ground.kafka({ tls: 'server', heapMb: 256 }),
    ground.mosquitto({ tls: 'server' }),
    RegistryFront.start(sharedGround().registryUrl, { tls: pair }),
  ])
})
afterAll(async () => {
  await front.close()
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function pairOf({ server }: Certificates) {
  const [cert, key] = await Promise.all([server.certificate, server.key].map((path) => readFile(path, 'utf8')))
  return { cert: cert ?? '', key: key ?? '' }
}

const portIn = (url: string): number => Number(new URL(url).port)
const ports = () => {
  return {
    kafka: portIn(`tcp://${kafka.tlsBrokers[0]}`),
    registry: portIn(front.url),
    mqtt: portIn(broker.tlsUrl ?? ''),
  }
}

/** Serial number of what a server shows to whoever comes now. */
async function shownAt(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

async function reload(worker: IngestWorker, swap: () => Promise<void>): Promise<void> {
  const from = worker.now
  await swap()
  for (const server of servers) {
    await worker.process.log(
      (line) => line['event'] === 'credentials_reloaded' && line['server'] === server,
      60_000,
      from,
    )
  }
}

/**
 * Guards kernel/credential-files.ts `[ca, cert, key, text].entries()` (what counts as changed) and
 * roles/credential-watch.ts `await login.try()`: seen to fail without each.
 */
test('a worker changes over to another authority under load, and loses nothing', async () => {
  const names = new IngestNames('trust')
  await names.createTopics(kafka.brokers)
  const [old, fresh] = await Promise.all([readFile(former.ca, 'utf8'), readFile(next.ca, 'utf8')])
  const mounted = await MountedSecret.mount(join(ground.folder, 'trust'), { 'ca.crt': old })
  const caFile = mounted.path('ca.crt')
  const tls = { caFile }
  const addresses = { kafkaBrokers: kafka.tlsBrokers, registryUrl: front.url, mqttUrl: broker.tlsUrl ?? '' }
  const worker = await IngestWorker.ready(
    ingestSettings(addresses, names, {
      mqtt: { tls, connections: 2 },
      kafka: { tls: { enabled: true, ...tls } },
      registry: { tls },
      worker: { credentialsPollSeconds: 1 },
    }),
  )
  open.push(worker)
  const endOf = (text: string) => Date.parse(new X509Certificate(text).validTo) / 1000
  const trustEnds = async (text: string): Promise<void> => {
    for (const server of servers) {
      const series = `bridge_certificate_not_after_timestamp_seconds{use="${server}_ca"}`
      expect(await worker.metric(series)).toBe(endOf(text))
    }
  }
  await trustEnds(old)
  const client = await DeviceClient.connect({ url: broker.url, clientId: names.name })
  const punches = new Punches(client)
  open.push({ close: () => client.end() }, { close: async () => void (await punches.stop()) })

  // The new one alone while the servers still show the old one: said, and nothing is given up for it.
  let from = worker.now
  await mounted.swap({ 'ca.crt': fresh })
  for (const server of servers) {
    const refused = (line: object): boolean => JSON.stringify(line).includes(`"server":"${server}"`)
    const line = await worker.process.log(
      (each) => each['event'] === 'credentials_not_taken' && refused(each),
      60_000,
      from,
    )
    expect(line).toMatchObject({ level: 'error', files: [caFile] })
    expect(await worker.metric(`bridge_credentials_not_taken{server="${server}"}`)).toBe(1)
  }
  expect(worker.lines('mqtt_closed')).toEqual([])
  await reload(worker, () => mounted.swap({ 'ca.crt': `${old}${fresh}` }))
  await trustEnds(fresh)

  const shownBefore = await shownAt(ports().kafka)
  await former.replaceServer(next.server)
  broker.rereadCertificate()
  front.setCertificate(await pairOf(next))
  await kafka.setServerStore(await next.serverStore())
  const { serialNumber } = new X509Certificate(await readFile(next.server.certificate))
  expect(serialNumber).not.toBe(shownBefore)
  for (const port of Object.values(ports())) {
    await expect.poll(() => shownAt(port), { timeout: 20_000 }).toBe(serialNumber)
  }

  // Every connection that stood is made anew, and believed by the new authority alone.
  const before = { mqtt: await connectionsTo(ports().mqtt), kafka: await connectionsTo(ports().kafka) }
  from = worker.now
  await reload(worker, () => mounted.swap({ 'ca.crt': fresh }))
  await Promise.all([noneLeftOf(before.mqtt, ports().mqtt), noneLeftOf(before.kafka, ports().kafka)])
  expect(before.mqtt.size).toBeGreaterThan(0)
  expect(before.kafka.size).toBeGreaterThan(0)
  expect(worker.lines('credentials_not_taken', from)).toEqual([])
  await trustEnds(fresh)
  for (const server of servers) {
    expect(await worker.metric(`bridge_credentials_reloads_total{server="${server}"}`)).toBe(2)
    expect(await worker.metric(`bridge_credentials_not_taken{server="${server}"}`)).toBe(0)
  }

  const acknowledged = await punches.stop()
  expect(acknowledged).toBeGreaterThan(500)
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  expect((await storedPunches(kafka.brokers, names.attendance, acknowledged)).size).toBe(acknowledged)
  expect(worker.lines('mqtt_disconnected')).toEqual([])
  expect(worker.process.exit).toBe(null)
  expect((await worker.page('/readyz')).status).toBe(200)
})
