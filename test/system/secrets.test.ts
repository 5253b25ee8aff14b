import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { ApiClient, basic } from '../kit/api-client.ts'
import { BridgeProcess } from '../kit/bridge-process.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetOperator } from '../kit/fleet-records.ts'
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
      // As JSON.stringify writes bytes.
      Buffer.from(secret).join(','),
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

/** What `bridge explain` says of lines like these, with nothing connected. */
async function explained(config: unknown, inputs: readonly object[]): Promise<string[]> {
  const lines = join(ground.folder, 'inputs.ndjson')
  await writeFile(lines, inputs.map((input) => `${JSON.stringify(input)}\n`).join(''))
  const command = ['sh', '-c', 'exec node dist/main.js explain --config "$1" < "$2"', 'sh'] as const
  const bridge = await BridgeProcess.start({ command, args: ['{config}', lines], config })
  open.push(bridge)
  await bridge.exited
  return [...bridge.text, ...bridge.logs.map((line) => JSON.stringify(line))]
}

/** Guards cli/api-key.ts `list` (without salt and hash): seen to fail with them. */
test('an API key, its salt and its hash are in no log, page, answer, list or explanation', async () => {
  const names = new FleetNames('secrets')
  const { kafkaBrokers: brokers, registryUrl } = sharedGround()
  await names.create(brokers, 1)
  const operator = new FleetOperator(brokers, registryUrl, names)
  await operator.register('t1')
  const [secret, wrong, salt] = [direct('api.key'), direct('api.wrong'), Buffer.from('salt-9c41f7-salt')]
  const hash = createHash('sha256').update(salt).update(secret).digest()
  planted.set('api.basic', `reader:${secret}`)
  planted.set('api.salt', salt.toString())
  planted.set('api.hash', hash.toString('base64'))
  planted.set('api.hash in hex', hash.toString('hex'))
  planted.set('api.hash in numbers', hash.join(','))
  const permissions = [{ method: 'GET', pathPrefix: '/' }]
  const record = { apiKey: 'reader', salt: salt.toString('base64'), secretHash: hash.toString('base64'), permissions }
  await operator.write('apiKeyRegistry', [['reader', record]])

  const settings = fleetSettings(sharedGround(), names, {
    http: { host: '127.0.0.1', port: 0 },
    observe: { host: '127.0.0.1', port: 0, logLevel: 'trace' },
  })
  const worker = await IngestWorker.ready(settings, 'fleet,http')
  open.push(worker)
  const { port } = await worker.process.log(({ event, part }) => event === 'http_listening' && part === 'api')
  const client = new ApiClient(Number(port))
  const path = '/api/v1/thing-datas/t1/shadow'
  const replies = await Promise.all([
    client.ask(path, { headers: basic('reader', secret) }),
    client.ask(path, { headers: basic('reader', wrong) }),
    client.ask(path, { headers: { authorization: `Bearer ${secret}` } }),
    client.ask('/openapi.json'),
  ])
  expect(replies.map(({ status }) => status)).toEqual([200, 401, 401, 200])
  expectNone(
    'the answers',
    replies.map(({ headers, body }) => JSON.stringify(headers) + body),
    1000,
  )
  const pages = await Promise.all(['/metrics', '/readyz'].map((each) => worker.page(each)))
  expectNone(
    'the pages',
    pages.map(({ text }) => text),
    5000,
  )
  await worker.process.stop()
  expectNone('the log', [...worker.process.text, ...worker.process.logs.map((line) => JSON.stringify(line))], 2000)
  const config = ['--config', '{config}']
  for (const args of [
    ['api-key', 'list'],
    ['api-key', 'list', '--json'],
    ['doctor', '--role', 'http', '--json'],
  ]) {
    expectNone(args.join(' '), await said([...args, ...config], settings), 20)
  }

  // Explain is given the keys as records; whatever it says of requests, and of a record that it cannot read, is without.
  const asked = (authorization: string) => ({ http: { method: 'GET', path, headers: { authorization } } })
  const key = { topic: names.topic('apiKeyRegistry'), key: 'reader' }
  const configured = {
    ...settings,
    mqtt: { ...(settings['mqtt'] as SettingsTree), username: 'bridge', passwordFile: await fileWith('explain.mqtt') },
    registry: { url: registryUrl, username: 'bridge', password: direct('explain.registry') },
    attendance: { pseudonym: { key: Buffer.from(direct('explain.pseudonym')).toString('base64') } },
  }
  const outputs = await explained(configured, [
    { at: '2026-06-21T04:00:05.000Z', kafka: { ...key, value: record } },
    { kafka: { topic: names.topic('thingRegistry'), key: 't1', value: { thingName: 't1', mqttClientId: 't1' } } },
    asked(basic('reader', secret).authorization),
    asked(basic('reader', wrong).authorization),
    { kafka: { ...key, value: { ...record, permissions: 'all' } } },
    { mqtt: { topic: evt('SECRET'), json: { user_id: '1001', att_time: '2026-06-21T09:30:00+05:30', att_state: 1 } } },
  ])
  expectNone('explain', outputs, 200)
  for (const status of [200, 401]) expect(outputs.join('')).toContain(`"status":${status}`)
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
