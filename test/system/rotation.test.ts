import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Kafka, logLevel, type SASLOptions } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { Certificates, KeyPair } from '../../scripts/ground/servers/certificates.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import { CommandDevices } from '../kit/command-devices.ts'
import { CommandNames, commandSettings } from '../kit/command-names.ts'
import { produceCommands, StatusLog } from '../kit/command-records.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch, type SettingsTree } from '../kit/ingest-worker.ts'
import { MountedSecret } from '../kit/mounted-secret.ts'
import { basic, RegistryFront } from '../kit/registry-front.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { connectionsTo } from '../kit/socket-table.ts'
import { avroValue, readTopic, untilRecords } from '../kit/topic-reader.ts'

/**
 * Passwords and client certificates swapped under load, the way kubelet does it, while the servers refuse the old ones:
 * nothing is lost, nothing restarts, no old connection is left. Kafka and Mosquitto both ask for a certificate and a login.
 */

const username = 'bridge'
const device = { name: 'device', password: 'device-pass-17aa90' }
const first = 'first-pass-5e1d07'
/** How long the first certificate lives: a worker must be up by then. */
const firstSeconds = 20
let ground: Ground
let certificates: Certificates
let kafka: KafkaServer
let broker: MosquittoServer
let front: RegistryFront
let password = first
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  certificates = await ground.certificates()
  ;[kafka, broker, front] = await Promise.all([
    ground.kafka({
      users: [{ name: username, password: first }],
      tls: 'clientCertificate',
      // Without the name of the listener Kafka asks for no certificate where it asks for a login.
      config: { 'listener.name.tls.ssl.client.auth': 'required' },
    }),
    ground.mosquitto({ users: [{ name: username, password: first }, device], tls: 'clientCertificateAndLogin' }),
    RegistryFront.start(sharedGround().registryUrl, { login: { username, password: first } }),
  ])
})
afterAll(async () => {
  await front.close()
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface Secrets {
  readonly mqtt: MountedSecret
  readonly kafka: MountedSecret
  readonly registry: MountedSecret
}

async function textsOf({ certificate, key }: KeyPair) {
  const read = (file: string) => readFile(file, 'utf8')
  return { ca: await read(certificates.ca), cert: await read(certificate), key: await read(key) }
}

async function login(secret: string, pair: KeyPair) {
  const { ca, cert, key } = await textsOf(pair)
  return { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key, password: `${secret}\n` }
}

/** The secrets of one worker in folders, and the settings that name them. */
async function mounted(
  name: string,
  pair: KeyPair,
): Promise<{ secrets: Secrets; changes: Record<string, SettingsTree> }> {
  const files = await login(password, pair)
  const folder = (server: string): string => join(ground.folder, `${name}-${server}`)
  const [mqtt, kafkaSecret, registry] = await Promise.all([
    MountedSecret.mount(folder('mqtt'), files),
    MountedSecret.mount(folder('kafka'), files),
    MountedSecret.mount(folder('registry'), { password: files.password }),
  ])
  const tlsOf = (secret: MountedSecret) => ({
    caFile: secret.path('ca.crt'),
    certFile: secret.path('tls.crt'),
    keyFile: secret.path('tls.key'),
  })
  const changes = {
    mqtt: { url: broker.tlsUrl, username, passwordFile: mqtt.path('password'), tls: tlsOf(mqtt), connections: 2 },
    kafka: {
      brokers: kafka.tlsBrokers,
      tls: { enabled: true, ...tlsOf(kafkaSecret) },
      sasl: { mechanism: 'scram-sha-512', username, passwordFile: kafkaSecret.path('password') },
      // A machine that stands still for a moment must not look like a consumer that left its group.
      sessionTimeoutMs: 20_000,
    },
    registry: { username, passwordFile: registry.path('password') },
    worker: { credentialsPollSeconds: 1 },
  }
  return { secrets: { mqtt, kafka: kafkaSecret, registry }, changes }
}

const servers = () => ({ kafkaBrokers: kafka.tlsBrokers, registryUrl: front.url, mqttUrl: broker.tlsUrl ?? '' })
const kafkaPort = (): number => Number(kafka.tlsBrokers[0]?.split(':')[1])
const mqttPort = (): number => Number(new URL(broker.tlsUrl ?? '').port)

/** What the swap of one server's files does, while that server still wants the old password and then the new one. */
async function rotate(
  worker: IngestWorker,
  server: 'mqtt' | 'kafka' | 'registry',
  swap: () => Promise<void>,
  allow: () => Promise<void>,
) {
  const from = worker.now
  await swap()
  const refused = await worker.says('credentials_not_taken', from)
  expect(refused).toMatchObject({ level: 'error', server })
  expect(await worker.metric(`bridge_credentials_not_taken{server="${server}"}`)).toBe(1)
  expect(worker.lines('mqtt_disconnected', from)).toEqual([])
  await allow()
  const taken = await worker.says('credentials_reloaded', from)
  expect(taken).toMatchObject({ level: 'info', server })
  expect(await worker.metric(`bridge_credentials_not_taken{server="${server}"}`)).toBe(0)
  expect(await worker.metric(`bridge_credentials_reloads_total{server="${server}"}`)).toBe(1)
  return taken
}

/** Every password and certificate becomes another one; afterwards no connection is left of those that stood before. */
async function rotateAll(worker: IngestWorker, secrets: Secrets, next: string): Promise<void> {
  const files = await login(next, await certificates.client(`bridge-${next}`))
  const registryBefore = front.admitted.length
  await rotate(
    worker,
    'registry',
    () => secrets.registry.swap({ password: files.password }),
    async () => front.setLogin({ username, password: next }),
  )
  expect(front.admitted.slice(registryBefore)).toContain(basic({ username, password: next }))

  const kafkaBefore = await connectionsTo(kafkaPort())
  expect(kafkaBefore.size).toBeGreaterThan(0)
  await rotate(
    worker,
    'kafka',
    () => secrets.kafka.swap(files),
    () => kafka.setPassword(username, next),
  )
  await noneLeftOf(kafkaBefore, kafkaPort())

  const mqttBefore = await connectionsTo(mqttPort())
  expect(mqttBefore.size).toBeGreaterThan(0)
  await rotate(
    worker,
    'mqtt',
    () => secrets.mqtt.swap(files),
    () => broker.setUsers([{ name: username, password: next }, device]),
  )
  await noneLeftOf(mqttBefore, mqttPort())
  password = next
}

async function noneLeftOf(before: ReadonlySet<number>, port: number): Promise<void> {
  const left = async () => [...(await connectionsTo(port))].filter((each) => before.has(each))
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; await pause(50)) {
    if ((await left()).length === 0) return
  }
  expect(await left()).toEqual([])
}

/** Neither server lets anybody in with this. */
async function expectRefused(secret: string, pair: KeyPair): Promise<void> {
  const tls = await textsOf(pair)
  const asked = DeviceClient.connect({
    url: broker.tlsUrl ?? '',
    clientId: 'former',
    mqtt: { username, password: secret, ...tls },
  })
  await expect(asked).rejects.toThrow()
  const sasl: SASLOptions = { mechanism: 'scram-sha-512', username, password: secret }
  const options = { brokers: [...kafka.tlsBrokers], ssl: tls, sasl, retry: { retries: 0 }, logLevel: logLevel.NOTHING }
  const admin = new Kafka(options).admin()
  await expect(admin.connect()).rejects.toThrow()
  await admin.disconnect()
}

/** Numbered punches, one after the other, until it is told to stop: how many of them were acknowledged. */
class Punches {
  #stopped = false
  readonly #done: Promise<number>

  constructor(client: DeviceClient) {
    this.#done = this.#run(client)
  }

  async stop(): Promise<number> {
    this.#stopped = true
    return this.#done
  }

  async #run(client: DeviceClient): Promise<number> {
    let number = 0
    while (!this.#stopped) {
      const batch = Array.from({ length: 10 }, () => {
        number += 1
        return client.publish(evt(`ROT${number % 7}`), punch(number))
      })
      await Promise.all(batch)
      await pause(20)
    }
    return number
  }
}

/**
 * Guards roles/credential-watch.ts `await login.try()` and kafka/writer.ts `renew`: seen to fail without each. It holds
 * mqtt/consumer.ts `renew` and kafka/table.ts `renew` too.
 */
test('ingest takes new passwords and certificates under load, and loses nothing', async () => {
  const names = new IngestNames('rotation')
  await names.createTopics(kafka.brokers)
  const former = await certificates.shortLived('bridge', firstSeconds)
  const expired = pause(firstSeconds * 1000 + 500)
  const { secrets, changes } = await mounted('ingest', former)
  const worker = await IngestWorker.ready(ingestSettings(servers(), names, changes))
  open.push(worker)
  const login = { username: device.name, password: device.password }
  const client = await DeviceClient.connect({ url: broker.url, clientId: names.name, mqtt: login })
  open.push({ close: () => client.end() })
  const punches = new Punches(client)

  // Half written, and gone: said with the name of the file, and nothing else happens.
  const good = await contentsOf(secrets.mqtt)
  let from = worker.now
  await secrets.mqtt.swap({ ...good, 'tls.crt': good['tls.crt'].slice(0, 300) })
  expect(await worker.says('credentials_not_taken', from)).toMatchObject({
    server: 'mqtt',
    files: [secrets.mqtt.path('tls.crt')],
    error: expect.stringContaining('cut off or broken'),
  })
  const other = await textsOf(await certificates.client('other'))
  await secrets.mqtt.swap({ ...good, 'tls.key': other.key })
  expect(
    await worker.process.log((line) => String(line['error']).includes('is not the key of'), 20_000, from),
  ).toMatchObject({ event: 'credentials_not_taken', files: [secrets.mqtt.path('tls.key')] })
  await secrets.mqtt.swap(good)
  await worker.says('credentials_as_before', from)
  from = worker.now
  const { password: _gone, ...rest } = good
  await secrets.kafka.swap(rest)
  expect(await worker.says('credentials_not_taken', from)).toMatchObject({
    server: 'kafka',
    files: [secrets.kafka.path('password')],
    error: expect.stringContaining('ENOENT'),
  })
  await secrets.kafka.swap(good)
  await worker.says('credentials_as_before', from)
  expect(worker.lines('mqtt_disconnected')).toEqual([])

  const [formerPassword, next] = [password, 'second-pass-c0ffee']
  await rotateAll(worker, secrets, next)
  await expired
  await expectRefused(formerPassword, await certificates.client('of-today'))
  await expectRefused(next, former)

  const acknowledged = await punches.stop()
  expect(acknowledged).toBeGreaterThan(500)
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  await untilRecords(kafka.brokers, [names.attendance], acknowledged)
  const stored = new Set(
    (await readTopic(kafka.brokers, names.attendance)).map(
      (record) => avroValue('AttendanceEvent', record)['deviceRecordId'],
    ),
  )
  expect(stored.size).toBe(acknowledged)
  expect(worker.process.exit).toBe(null)
  expect((await worker.page('/readyz')).status).toBe(200)
  const said = JSON.stringify(worker.process.logs)
  for (const secret of [formerPassword, next]) expect(said).not.toContain(secret)
})

async function contentsOf(secret: MountedSecret) {
  const names = ['ca.crt', 'tls.crt', 'tls.key', 'password'] as const
  const texts = await Promise.all(names.map((name) => secret.read(name)))
  return Object.fromEntries(names.map((name, i) => [name, texts[i] ?? ''])) as Record<(typeof names)[number], string>
}

/** Guards kafka/group-source.ts `renew`: seen to fail without it. */
test('a command worker takes them too: every command ends and reaches its device, the group stays', async () => {
  const names = new CommandNames('rotation')
  await names.create(kafka.brokers)
  const { secrets, changes } = await mounted('command', await certificates.client('bridge'))
  const worker = await IngestWorker.ready(commandSettings(servers(), names, changes), 'command')
  open.push(worker)
  const url = broker.url.replace('://', `://${device.name}:${device.password}@`)
  const devices = await CommandDevices.connect(url, `${names.name}-devices`)
  open.push(devices)
  const statuses = await StatusLog.open(kafka.brokers, names.commandStatus)
  open.push(statuses)
  const from = worker.now

  let sent = 0
  const stop = new AbortController()
  const sending = (async () => {
    while (!stop.signal.aborted) {
      const commands = Array.from({ length: 5 }, () => {
        sent += 1
        return { deviceSn: `ROT${sent % 7}`, op: 'reboot', commandId: `rotation-${sent}` }
      })
      await produceCommands(kafka.brokers, names.command, commands)
    }
  })()
  await rotateAll(worker, secrets, 'third-pass-0badf0')
  stop.abort()
  await sending
  expect(sent).toBeGreaterThan(50)

  const ids = Array.from({ length: sent }, (_, i) => `rotation-${i + 1}`)
  const published = () => ids.filter((id) => statuses.names(id).includes('PUBLISHED'))
  await statuses.holds(
    () => `${published().length} of ${sent}`,
    () => published().length === sent,
    60_000,
  )
  const taken = devices.taken.map(({ id }) => id)
  expect([...new Set(taken)].toSorted()).toEqual(ids.toSorted())
  // Mosquitto may hang up on a login that it no longer has before we do: what is in flight then goes out again.
  if (worker.lines('mqtt_disconnected', from).length === 0) expect(taken).toHaveLength(ids.length)
  expect(worker.lines('kafka_partitions_lost', from)).toEqual([])
  expect(worker.process.exit).toBe(null)
})
