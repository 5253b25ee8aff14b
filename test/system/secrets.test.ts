import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { BridgeProcess } from '../kit/bridge-process.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, type SettingsTree } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { untilRecords } from '../kit/topic-reader.ts'

/**
 * Secrets planted in every place that can hold one, and looked for in everything the bridge says: logs down to trace,
 * pages, printed configurations, findings and faults. Each collection says how much it looked at; nothing is a failure.
 */

let ground: Ground
const open: { close(): Promise<void> }[] = []
const word = (place: string): string => `planted-${place}-9c41f7`
/** Where a secret is, and what it is there. */
const planted = new Map<string, string>()

beforeAll(async () => {
  ground = await openGround()
})
afterAll(async () => {
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function fileWith(place: string): Promise<string> {
  const folder = join(ground.folder, 'planted')
  await mkdir(folder, { recursive: true })
  planted.set(place, word(place))
  await writeFile(join(folder, place), `${word(place)}\n`)
  return join(folder, place)
}

function direct(place: string): string {
  planted.set(place, word(place))
  return word(place)
}

/** The private key that TLS uses, without its first and last line. */
async function keyLine(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).split('\n')[1] ?? ''
}

/** Fails when a secret is in one of the texts, and when there is hardly any text to look at. */
function expectNone(where: string, texts: readonly string[], atLeast: number): void {
  const all = texts.join('\n')
  expect(all.length, `what was looked at of ${where}`).toBeGreaterThan(atLeast)
  expect(planted.size).toBeGreaterThan(5)
  for (const [place, secret] of planted) {
    for (const form of [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('hex'),
    ]) {
      expect(all.includes(form), `${where} shows the secret of ${place}`).toBe(false)
    }
  }
}

async function said(args: readonly string[], config: unknown): Promise<string[]> {
  const bridge = await BridgeProcess.start({ args, config })
  open.push(bridge)
  await bridge.exited
  return [...bridge.text, ...bridge.logs.map((line) => JSON.stringify(line))]
}

test('no secret is in a log, a page, a printed configuration, a finding or an access list', async () => {
  const certificates = await ground.certificates()
  const pair = await certificates.client('bridge')
  planted.set('private key', await keyLine(pair.key))
  const broker = await ground.mosquitto({
    tls: 'clientCertificateAndLogin',
    users: [{ name: 'bridge', password: word('mqtt') }],
  })
  const names = new IngestNames('secrets')
  await names.createTopics(sharedGround().kafkaBrokers)
  const settings = ingestSettings(sharedGround(), names, {
    mqtt: {
      url: broker.tlsUrl,
      username: 'bridge',
      passwordFile: await fileWith('mqtt'),
      tls: { caFile: certificates.ca, certFile: pair.certificate, keyFile: pair.key },
    },
    registry: { username: 'bridge', passwordFile: await fileWith('registry') },
    attendance: { pseudonym: { key: Buffer.from(direct('pseudonym')).toString('base64') } },
    emqx: { rest: { url: 'http://127.0.0.1:1', apiKey: 'key', secretFile: await fileWith('emqx') } },
    observe: { host: '127.0.0.1', port: 0, logLevel: 'trace' },
  })
  const worker = await IngestWorker.ready(settings)
  open.push(worker)
  const login = { username: 'bridge', password: word('mqtt') }
  const device = await DeviceClient.connect({ url: broker.url, clientId: names.name, mqtt: login })
  open.push({ close: () => device.end() })
  // What devices say is personal data: a user, a name, and a message that cannot be read.
  const user = direct('user')
  await device.publish(
    evt('SECRET'),
    JSON.stringify({ user_id: user, user_name: direct('name'), att_time: Math.floor(Date.now() / 1000), att_state: 0 }),
  )
  await device.publish(evt('SECRET'), `{"user_id": "${direct('payload')}", broken`)
  await untilRecords(sharedGround().kafkaBrokers, names.written, 2)
  const pages = await Promise.all(
    ['/metrics', '/readyz', '/livez', '/startupz', '/nothing', '/readyz?verbose'].map((path) => worker.page(path)),
  )
  expectNone(
    'the pages',
    pages.map(({ text }) => text),
    5000,
  )
  await worker.process.stop()
  expect(worker.process.logs.some(({ level }) => level === 'debug' || level === 'trace')).toBe(true)
  expectNone('the log', [...worker.process.text, ...worker.process.logs.map((line) => JSON.stringify(line))], 2000)

  const config = ['--config', '{config}']
  expectNone('config print', await said(['config', 'print', ...config], settings), 2000)
  expectNone('config print --origin', await said(['config', 'print', '--origin', ...config], settings), 2000)
  expectNone('config check', await said(['config', 'check', ...config], settings), 10)
  expectNone('acl', await said(['acl', '--role', 'ingest', '--format', 'json', ...config], settings), 200)
  expectNone('doctor', await said(['doctor', '--role', 'ingest', ...config], settings), 200)
  expectNone('doctor --json', await said(['doctor', '--role', 'ingest', '--json', ...config], settings), 200)
})

/**
 * The same with every login refused: what a server or a client library says of it is said on. Guards config/faults.ts
 * `withoutLogin`: seen to fail without it.
 */
test('no secret is in what is said of logins that fail, nor in the faults of a configuration', async () => {
  const names = new IngestNames('refused')
  await names.createTopics(sharedGround().kafkaBrokers)
  const kafka = await ground.kafka({ users: [{ name: 'bridge', password: 'right' }], heapMb: 256 })
  const broker = await ground.mosquitto({ users: [{ name: 'bridge', password: 'right' }] })
  const wrong = (sasl: SettingsTree): SettingsTree =>
    ingestSettings(sharedGround(), names, {
      mqtt: { url: broker.url, username: 'bridge', password: direct('mqtt.password') },
      kafka: { brokers: kafka.saslBrokers, sasl },
      registry: { username: 'bridge', password: direct('registry.password') },
      emqx: { rest: { url: 'http://127.0.0.1:1', apiKey: 'key', secret: direct('emqx.secret') } },
      observe: { host: '127.0.0.1', port: 0, logLevel: 'trace' },
    })
  const logins: readonly SettingsTree[] = [
    { mechanism: 'plain', username: 'bridge', password: direct('sasl.password') },
    { mechanism: 'scram-sha-512', username: 'bridge', passwordFile: await fileWith('sasl.file') },
    { mechanism: 'oauthbearer', oauth: { tokenFile: await fileWith('oauth.token') } },
    {
      mechanism: 'oauthbearer',
      oauth: {
        tokenEndpoint: sharedGround().registryUrl,
        clientId: 'bridge',
        clientSecretFile: await fileWith('oauth.secret'),
      },
    },
  ]
  for (const sasl of logins) {
    const settings = wrong(sasl)
    const worker = await IngestWorker.start(settings)
    open.push(worker)
    await worker.says('kafka_unreachable')
    const pages = await Promise.all(['/metrics', '/readyz'].map((path) => worker.page(path)))
    await worker.process.kill()
    const lines = [...worker.process.text, ...worker.process.logs.map((line) => JSON.stringify(line))]
    expectNone(`the log of ${String(sasl['mechanism'])}`, lines, 300)
    expectNone(
      `the pages of ${String(sasl['mechanism'])}`,
      pages.map(({ text }) => text),
      5000,
    )
    expectNone(
      `doctor of ${String(sasl['mechanism'])}`,
      await said(['doctor', '--role', 'ingest', '--json', '--config', '{config}'], settings),
      200,
    )
  }

  const faults: readonly object[] = [
    { mqtt: { url: `mqtt://bridge:${direct('mqtt.url')}@broker:1883` } },
    { registry: { url: `https://bridge:${direct('registry.url')}@registry` } },
    { kafka: { brokers: [`bridge:${direct('broker.url')}@kafka:9092`] } },
    { kafka: { sasl: { oauth: { tokenEndpoint: `https://bridge:${direct('endpoint.url')}@issuer` } } } },
    { mqtt: { password: [direct('list')] }, kafka: { sasl: { passwrd: direct('misspelt') } } },
  ]
  for (const settings of faults) {
    expectNone(JSON.stringify(settings), await said(['config', 'check', '--config', '{config}'], settings), 30)
  }
})
