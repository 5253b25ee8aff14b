import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import {
  Certificates as Authority,
  type Certificates,
  type KeyPair,
} from '../../scripts/ground/servers/certificates.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { diagnose } from '../kit/doctor.ts'
import { IngestNames, ingestSettings, type SettingsTree, secretFile } from '../kit/ingest-worker.ts'
import { ScriptedBroker } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** `bridge doctor` at an MQTT broker that is set up wrongly, one way at a time. Real brokers but for what they cannot grant. */

const names = new IngestNames('doctor')
const password = 'mqtt-pass-41be77'
let ground: Ground
let certificates: Certificates
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  certificates = await ground.certificates()
})
afterAll(async () => {
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/** What the doctor says of the broker alone; the other servers are looked at as well, and belong to other files. */
async function look(mqtt: SettingsTree, roles = 'ingest,command', timeoutSeconds = 20) {
  const away = { kafka: { brokers: ['127.0.0.1:1'] }, registry: { url: 'http://127.0.0.1:1' } }
  const diagnosis = await diagnose(ingestSettings(sharedGround(), names, { ...away, mqtt }), roles, timeoutSeconds)
  const findings = diagnosis.findings.filter(({ server }) => server === 'mqtt')
  expect(JSON.stringify(findings)).not.toContain(password)
  const bad = findings.filter(({ level }) => level !== 'ok')
  for (const { costs, fix } of bad) expect([costs, fix].map((text) => (text ?? '').length > 5)).toEqual([true, true])
  return { findings, bad, ok: findings.filter(({ level }) => level === 'ok').map(({ check }) => check) }
}

function one(bad: readonly object[], expected: object): void {
  expect(bad).toEqual([expect.objectContaining(expected)])
}

test('a broker that is set up well: nothing to say', async () => {
  const broker = await ground.mosquitto({ users: [{ name: 'bridge', password }] })
  const { bad, ok } = await look({ url: broker.url, username: 'bridge', password })
  expect(bad).toEqual([])
  expect(ok).toEqual(['reach', 'login', 'limits', 'permission', 'permission'])
})

describe('cannot be reached', () => {
  test('an unknown name', async () => {
    const { bad } = await look({ url: 'mqtt://broker.invalid:1883' })
    one(bad, { level: 'fail', check: 'reach', on: 'broker.invalid:1883', what: expect.stringContaining('not known') })
  })

  test('nobody listens', async () => {
    const [port] = await freePorts(1)
    const { bad } = await look({ url: `mqtt://127.0.0.1:${port}` })
    one(bad, { level: 'fail', check: 'reach', what: expect.stringContaining('connection refused') })
  })

  /** Guards the deadline of each step in check-mqtt.ts: without it the doctor hangs as well. */
  test('a frozen broker, with TLS and without, is named in time', async () => {
    const broker = await ground.mosquitto({ tls: 'server' })
    broker.freeze()
    const [plain, secure] = await Promise.all([
      look({ url: broker.url }, 'ingest', 1),
      look({ url: broker.tlsUrl, tls: { caFile: certificates.ca } }, 'ingest', 1),
    ])
    await broker.kill()
    one(plain.bad, { level: 'fail', check: 'login', on: broker.url, what: expect.stringContaining('frozen') })
    one(secure.bad, { level: 'fail', check: 'certificate', what: expect.stringContaining('frozen') })
  })
})

describe('certificates', () => {
  async function brokerWith({ certificate, key }: KeyPair): Promise<string> {
    const [port = 0] = await freePorts(1)
    const tls = [`cafile ${certificates.ca}`, `certfile ${certificate}`, `keyfile ${key}`]
    await ground.mosquitto({ lines: [`listener ${port} 127.0.0.1`, ...tls] })
    return `mqtts://localhost:${port}`
  }

  test('of an authority that is not known', async () => {
    const broker = await ground.mosquitto({ tls: 'server' })
    const other = await Authority.make(ground.folder, 'strange')
    const { bad } = await look({ url: broker.tlsUrl, tls: { caFile: other.ca } })
    one(bad, { level: 'fail', check: 'certificate', what: expect.stringContaining('signed by ground authority') })
  })

  test('for another name', async () => {
    const broker = await ground.mosquitto({ tls: 'server' })
    const tls = { caFile: certificates.ca, serverName: 'elsewhere.test' }
    const { bad } = await look({ url: broker.tlsUrl, tls })
    one(bad, { level: 'fail', check: 'certificate', what: expect.stringContaining('not for elsewhere.test, but for') })
  })

  test('that has expired', async () => {
    const url = await brokerWith(await certificates.serverOf('localhost', -1))
    const { bad } = await look({ url, tls: { caFile: certificates.ca } })
    one(bad, { level: 'fail', check: 'certificate', what: expect.stringContaining('expired') })
  })

  test('that expires soon: said, and the look goes on', async () => {
    const url = await brokerWith(await certificates.serverOf('localhost', 3))
    const { bad, ok } = await look({ url, tls: { caFile: certificates.ca } })
    one(bad, { level: 'warn', check: 'certificate', what: expect.stringContaining('2 days left') })
    expect(ok).toContain('permission')
  })

  test('of ours that has expired, or is missing', async () => {
    const broker = await ground.mosquitto({ tls: 'clientCertificate' })
    const { certificate, key } = await certificates.client('bridge', -1)
    const caFile = certificates.ca
    const expired = await look({ url: broker.tlsUrl, tls: { caFile, certFile: certificate, keyFile: key } })
    one(expired.bad, { level: 'fail', check: 'files', on: certificate, what: expect.stringContaining('expired') })
    const without = await look({ url: broker.tlsUrl, tls: { caFile } })
    one(without.bad, { level: 'fail', what: expect.stringMatching(/certificate required|ends the connection/) })
    const fresh = await certificates.client('bridge')
    const mixed = await look({ url: broker.tlsUrl, tls: { caFile, certFile: fresh.certificate, keyFile: key } })
    one(mixed.bad, { level: 'fail', check: 'files', what: expect.stringContaining('is not the key of') })
  })

  test('a file that is not there', async () => {
    const { bad } = await look({ url: 'mqtts://localhost:1', tls: { caFile: '/nonexistent/ca.pem' } })
    one(bad, {
      level: 'fail',
      check: 'files',
      on: '/nonexistent/ca.pem',
      fix: expect.stringContaining('mqtt.tls.caFile'),
    })
  })
})

describe('a login', () => {
  test('a wrong password', async () => {
    const broker = await ground.mosquitto({ users: [{ name: 'bridge', password: 'another' }] })
    const passwordFile = await secretFile(ground.folder, 'wrong', password)
    const { bad } = await look({ url: broker.url, username: 'bridge', passwordFile })
    one(bad, { level: 'fail', check: 'login', what: expect.stringContaining('refuses user bridge (0x87') })
    expect(bad[0]?.fix).toContain(passwordFile)
  })

  /** Guards check-mqtt.ts looking at each reason code. Mosquitto's dynamic security refuses subscriptions, as EMQX does. */
  test('a user that may not subscribe or publish', async () => {
    const broker = await ground.mosquitto({ dynamicSecurity: { admin: 'admin', password } })
    const admin = await DeviceClient.connect({
      url: broker.url,
      clientId: 'admin',
      mqtt: { username: 'admin', password },
    })
    const acls = [{ acltype: 'subscribePattern', topic: '$share/+/api/mqtt/v1/+/evt', allow: true }]
    const commands = [
      { command: 'createRole', rolename: 'half', acls },
      { command: 'createClient', username: 'bridge', password, roles: [{ rolename: 'half' }] },
    ]
    await admin.publish('$CONTROL/dynamic-security/v1', JSON.stringify({ commands }))
    await admin.end()
    const { bad, ok } = await look({ url: broker.url, username: 'bridge', password })
    expect(bad).toMatchObject([
      { level: 'fail', check: 'permission', on: expect.stringMatching(/\/st$/), what: expect.stringContaining('0x87') },
      { level: 'fail', check: 'permission', on: 'api/mqtt/v1/+/cmd', what: expect.stringContaining('0x87') },
    ])
    expect(ok).toContain('permission')
  })
})

describe('what the broker grants', () => {
  test('a small window', async () => {
    const broker = await ground.mosquitto({ maxInflight: 32 })
    const { bad } = await look({ url: broker.url })
    one(bad, { level: 'warn', check: 'limits', what: expect.stringContaining('32 messages') })
  })

  test('no shared subscriptions, no wildcards, a short session, small packets', async () => {
    const properties = {
      sharedSubscriptionAvailable: false,
      wildcardSubscriptionAvailable: false,
      sessionExpiryInterval: 60,
      maximumPacketSize: 2048,
      serverKeepAlive: 600,
    }
    const broker = await ScriptedBroker.start({
      connack: () => ({ properties }),
      suback: ({ subscriptions }) => subscriptions.map(() => 0x9e),
      publish: ({ messageId }, link) => link.send({ cmd: 'puback', messageId: messageId ?? 0, reasonCode: 0x10 }),
    })
    open.push(broker)
    const { bad } = await look({ url: broker.url })
    const limits = bad.filter(({ check }) => check === 'limits').map(({ level, what }) => [level, what])
    expect(limits).toEqual([
      ['fail', 'the broker has no shared subscriptions'],
      ['fail', 'the broker refuses wildcards in subscriptions'],
      ['warn', expect.stringContaining('60 s')],
      ['warn', expect.stringContaining('2048 bytes')],
      ['warn', expect.stringContaining('600 s')],
    ])
    expect(bad.filter(({ check }) => check === 'permission')).toMatchObject([
      { level: 'fail', what: expect.stringContaining('0x9E') },
      { level: 'fail', what: expect.stringContaining('0x9E') },
    ])
  })

  /** Guards check-mqtt.ts `replace(/^\$share…`, and `sessionExpiryInterval: 0` at the end: a guest takes nothing and leaves nothing. */
  test('a guest: no share group of the workers, and no session is left', async () => {
    const broker = await ScriptedBroker.start({
      publish: ({ messageId }, link) => link.send({ cmd: 'puback', messageId: messageId ?? 0, reasonCode: 0 }),
    })
    open.push(broker)
    const { bad } = await look({ url: broker.url })
    expect(bad).toEqual([])
    const filters = broker.links.flatMap((link) => link.filters)
    expect(filters).toHaveLength(2)
    for (const filter of filters) expect(filter).toMatch(/^\$share\/doctor-[0-9a-f]{8}\/api\/mqtt\/v1\/\+\/(evt|st)$/)
    for (const { connect, seen } of broker.links) {
      const last = seen.at(-1)?.packet
      expect(last?.cmd).toBe('disconnect')
      const expiry = (connect.properties?.sessionExpiryInterval ?? 0) === 0 ? undefined : 0
      if (last?.cmd === 'disconnect') expect(last.properties?.sessionExpiryInterval).toBe(expiry)
    }
    expect(broker.links.map(({ connect }) => connect.clientId)).toEqual(
      broker.links.map(() => expect.stringContaining('-doctor-')),
    )
  })
})
