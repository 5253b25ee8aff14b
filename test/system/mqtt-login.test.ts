import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { Certificates } from '../../scripts/ground/servers/certificates.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { IngestNames, IngestWorker, ingestSettings, type SettingsTree, secretFile } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** How the bridge and a real broker get to know each other: TLS, certificates, passwords, permissions. */

const names = new IngestNames('login')
const password = 'mqtt-pass-5c1f0e'
let ground: Ground
let certificates: Certificates
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  certificates = await ground.certificates()
  await names.createTopics(sharedGround().kafkaBrokers)
})
afterAll(async () => {
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(mqtt: SettingsTree): Promise<IngestWorker> {
  const worker = await IngestWorker.start(ingestSettings(sharedGround(), names, { mqtt }))
  open.push(worker)
  return worker
}

/** It is not ready, says why in the log, and the page names what is missing. */
async function refused(worker: IngestWorker, reason: string) {
  const line = await worker.says('mqtt_disconnected')
  expect(line).toMatchObject({ level: 'warn', reason, wasConnected: false })
  expect((await worker.page('/readyz')).status).toBe(503)
  expect(await worker.condition('ingest.mqtt')).toMatchObject({ holds: false })
  return line
}

describe('TLS', () => {
  let broker: MosquittoServer
  let tls: { url: string | null }
  beforeAll(async () => {
    broker = await ground.mosquitto({ tls: 'server' })
    tls = { url: broker.tlsUrl }
  })

  test('with the own authority', async () => {
    await (await start({ ...tls, tls: { caFile: certificates.ca } })).becomes(true)
  })

  /** Guards mqtt/endpoint.ts leaving `rejectUnauthorized` alone: seen to fail with it false. */
  test('with another authority, and with those of the system, is refused', async () => {
    const other = await Certificates.make(ground.folder, 'other')
    await refused(await start({ ...tls, tls: { caFile: other.ca } }), 'tls')
    await refused(await start({ ...tls, tls: {} }), 'tls')
  })

  test('with a name that the certificate does not carry is refused', async () => {
    await refused(await start({ ...tls, tls: { caFile: certificates.ca, serverName: 'elsewhere.test' } }), 'tls')
  })

  test('says the server name, when it is given instead of the host', async () => {
    const [key, cert] = await Promise.all([
      readFile(certificates.server.key),
      readFile(certificates.server.certificate),
    ])
    const server = createServer({ key, cert })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await start({ url: `mqtts://127.0.0.1:${port}`, tls: { caFile: certificates.ca, serverName: 'localhost' } })
    const [socket] = await once(server, 'secureConnection')
    expect(socket.servername).toBe('localhost')
    socket.destroy()
    server.close()
  })

  test('with a client certificate', async () => {
    const strict = await ground.mosquitto({ tls: 'clientCertificate' })
    const { certificate, key } = await certificates.client('bridge')
    const caFile = certificates.ca
    await (await start({ url: strict.tlsUrl, tls: { caFile, certFile: certificate, keyFile: key } })).becomes(true)
    const without = await start({ url: strict.tlsUrl, tls: { caFile } })
    expect(await without.says('mqtt_disconnected')).toMatchObject({ wasConnected: false })
    await strict.kill()
  })

  /**
   * Guards kernel/credential-files.ts `createSecureContext`: the pair belongs together and can be read, and OpenSSL
   * throws at the connect. Nobody caught it there, and the process ended.
   */
  test('with a key that OpenSSL does not take: not ready, said, and the worker lives', async () => {
    const { certificate, key } = await certificates.weak()
    const worker = await start({ ...tls, tls: { caFile: certificates.ca, certFile: certificate, keyFile: key } })
    const line = await worker.says('mqtt_credentials_unreadable')
    expect(line).toMatchObject({ level: 'error', error: `${certificate}: ee key too small (OpenSSL)` })
    expect((await worker.page('/readyz')).status).toBe(503)
  })
})

describe('a login', () => {
  let broker: MosquittoServer
  beforeAll(async () => {
    broker = await ground.mosquitto({ users: [{ name: 'bridge', password }] })
  })

  test('with the password from a file, which ends in a newline', async () => {
    const passwordFile = await secretFile(ground.folder, 'right', password)
    await (await start({ url: broker.url, username: 'bridge', passwordFile })).becomes(true)
  })

  /** Guards mqtt/reason-codes.ts 0x87 `slow`: seen to fail with `backoff`. */
  test('with a wrong password is refused, said, and tried again slowly; the password appears nowhere', async () => {
    const wrong = 'wrong-pass-77aa12'
    const worker = await start({ url: broker.url, username: 'bridge', password: wrong })
    const line = await refused(worker, 'not_authorized')
    expect(Number(line['retryInMs'])).toBeGreaterThanOrEqual(15_000)
    const pages = await Promise.all(['/readyz', '/livez', '/startupz', '/metrics'].map((path) => worker.page(path)))
    const said = [JSON.stringify(worker.process.logs), ...worker.process.text, ...pages.map(({ text }) => text)].join(
      '\n',
    )
    expect(said).not.toContain(wrong)
  })

  test('with a password file that is not there says so', async () => {
    const worker = await start({ url: broker.url, username: 'bridge', passwordFile: '/nonexistent/password' })
    const line = await worker.says('mqtt_credentials_unreadable')
    expect(line).toMatchObject({ level: 'error', error: expect.stringContaining('/nonexistent/password') })
    expect((await worker.page('/readyz')).status).toBe(503)
  })
})

/** Guards mqtt/connection.ts `codes.find((code) => code !== 1)`: seen to fail when SUBACK is not looked at. */
test('a subscription that the broker refuses: not ready, said, and the connection is kept', async () => {
  const broker = await ground.mosquitto({ dynamicSecurity: { admin: 'admin', password } })
  const admin = await DeviceClient.connect({
    url: broker.url,
    clientId: 'admin',
    mqtt: { username: 'admin', password },
  })
  const commands = [{ command: 'createClient', username: 'bridge', password }]
  await admin.publish('$CONTROL/dynamic-security/v1', JSON.stringify({ commands }))
  await admin.end()
  const worker = await start({ url: broker.url, username: 'bridge', password })
  expect(await worker.says('mqtt_subscription_refused')).toMatchObject({ level: 'error', reasonCode: 0x87 })
  expect((await worker.page('/readyz')).status).toBe(503)
  const found = await worker.untilCondition('ingest.mqtt', ({ reason }) => reason.includes('not subscribed'))
  expect(found).toMatchObject({ holds: false })
  expect(found.reason).toContain(`bridge-${names.name}-evt-0`)
  expect(worker.lines('mqtt_disconnected')).toEqual([])
  expect(JSON.stringify(worker.process.logs)).not.toContain(password)
})
