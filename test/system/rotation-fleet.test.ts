import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { KeyPair } from '../../scripts/ground/servers/certificates.ts'
import { ApiClient, basic } from '../kit/api-client.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetLog, FleetOperator } from '../kit/fleet-records.ts'
import { FleetThings } from '../kit/fleet-things.ts'
import { IngestWorker } from '../kit/ingest-worker.ts'
import { MountedSecret } from '../kit/mounted-secret.ts'
import { device, RotatingLogins } from '../kit/rotating-logins.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { connectionsTo } from '../kit/socket-table.ts'

/** The passwords and certificates of the roles fleet and http, swapped under load; see rotation.test.ts for the others. */

let ground: Ground
let logins: RotatingLogins
const open: { close(): unknown }[] = []

beforeAll(async () => {
  ground = await openGround()
  logins = await RotatingLogins.open(ground)
})
afterAll(async () => {
  await logins.close()
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/** Guards roles/fleet-role.ts `server === 'kafka'`: seen to fail without it. */
test('fleet and http take them too: every request has its one result, every read an answer', async () => {
  const names = new FleetNames('rotation')
  await names.create(logins.kafka.brokers, 2)
  const { secrets, changes } = await logins.mounted('fleet', await logins.certificates.client('bridge'))
  const shown = async ({ certificate, key }: KeyPair) => {
    return { 'tls.crt': await readFile(certificate, 'utf8'), 'tls.key': await readFile(key, 'utf8') }
  }
  const served = await MountedSecret.mount(join(ground.folder, 'served'), await shown(logins.certificates.server))
  const tls = { certFile: served.path('tls.crt'), keyFile: served.path('tls.key') }
  const operator = new FleetOperator(logins.kafka.brokers, sharedGround().registryUrl, names)
  await operator.register('t1', 't2')
  const salt = Buffer.from('0123456789abcdef')
  const secretHash = createHash('sha256').update(salt).update('open sesame').digest('base64')
  const permissions = [{ method: 'GET', pathPrefix: '/' }]
  await operator.write('apiKeyRegistry', [
    ['reader', { apiKey: 'reader', salt: salt.toString('base64'), secretHash, permissions }],
  ])
  const http = { host: '127.0.0.1', port: 0, tls }
  const worker = await IngestWorker.start(fleetSettings(logins.servers, names, { ...changes, http }), 'fleet,http')
  open.push(worker)
  const things = await FleetThings.connect(
    logins.broker.url.replace('://', `://${device.name}:${device.password}@`),
    `${names.name}-things`,
  )
  const log = await FleetLog.open(logins.kafka.brokers, names)
  open.push(things, log)
  const { port } = await worker.process.log(({ event, part }) => event === 'http_listening' && part === 'api', 60_000)
  await worker.becomes(true, 0, 60_000)
  const ca = await readFile(logins.certificates.ca)
  const client = () => {
    const made = new ApiClient(Number(port), { ca, servername: 'localhost' })
    open.push(made)
    return made
  }
  const standing = client()
  const read = (from: ApiClient) => {
    return from.ask('/api/v1/thing-datas/t1/shadow', { headers: basic('reader', 'open sesame') })
  }

  const stop = new AbortController()
  const statuses = [(await read(standing)).status]
  const load = Promise.all([
    (async () => {
      for (let n = 0; !stop.signal.aborted; n += 10) {
        const desired = (i: number) => ({
          desiredJson: `{"n":${i}}`,
          requestId: `want-${i}`,
          thingName: `t${1 + (i % 2)}`,
        })
        const requests = Array.from({ length: 10 }, (_, i) => ({ op: 'SET_DESIRED', ...desired(n + i) }))
        await operator.ask('shadowRequests', ...requests)
        await pause(500)
      }
    })(),
    (async () => {
      for (; !stop.signal.aborted; await pause(100)) statuses.push((await read(standing)).status)
    })(),
  ])
  // Awaited at the end; a failure before that is the one to tell of.
  load.catch(() => undefined)
  await logins.rotateAll(worker, secrets, 'fourth-pass-5eed01')

  // The own certificate concerns nobody but whoever connects from now on.
  const before = await connectionsTo(logins.kafkaPort)
  const renewed = await logins.certificates.serverOf('localhost', 5)
  const own = worker.now
  await served.swap(await shown(renewed))
  expect(await worker.says('credentials_reloaded', own, 60_000)).toMatchObject({ server: 'http' })
  const after = await connectionsTo(logins.kafkaPort)
  expect([...before].filter((each) => !after.has(each))).toEqual([])
  const { serialNumber } = new X509Certificate(await readFile(renewed.certificate))
  expect(await read(client())).toMatchObject({ status: 200, certificate: serialNumber })
  stop.abort()
  await load
  expect(statuses.length).toBeGreaterThan(10)
  expect(new Set(statuses)).toEqual(new Set([200]))

  const ids = operator.requestIds
  expect(ids.length).toBeGreaterThan(20)
  const answered = () => new Set(log.of('results').map(({ requestId }) => requestId))
  await log.holds('every result', () => ids.every((id) => answered().has(id)), 60_000)
  expect(log.of('results')).toHaveLength(ids.length)
  const versions = (thing: string) => log.of('shadowState', { thingName: thing }).length
  const taken = (thing: string) => new Set(things.on(thing, 'shadow/update').map(({ json }) => json['clientToken']))
  for (const thing of ['t1', 't2']) {
    await things.until(`${thing} has all`, () => taken(thing).size === versions(thing), 60_000)
  }
  expect(worker.process.exit).toBe(null)
}, 300_000)
