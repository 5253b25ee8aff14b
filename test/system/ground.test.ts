import { readFileSync } from 'node:fs'
import { Kafka, logLevel, type SASLOptions } from 'kafkajs'
import { connect } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'

let ground: Ground

beforeAll(async () => {
  ground = await openGround()
})

afterAll(async () => {
  await ground.close()
})

function kafkaClient(brokers: readonly string[], more: { sasl?: SASLOptions; ssl?: { ca: string[] } } = {}): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, ...more })
}

/** `T` is stopped by a signal. */
function stateOf(pid: number | null): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
}

async function writeOne(kafka: Kafka, topic: string): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, acks: -1, messages: [{ key: 'k', value: 'v' }] })
  await producer.disconnect()
}

async function createTopic(kafka: Kafka, topic: string, replicationFactor = 1): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor }], waitForLeaders: true })
  await admin.disconnect()
}

async function endOf(kafka: Kafka, topic: string): Promise<string | undefined> {
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return offsets[0]?.high
}

test('the shared servers answer', async () => {
  const { kafkaBrokers, registryUrl, mqttUrl } = sharedGround()
  const admin = kafkaClient(kafkaBrokers).admin()
  await admin.connect()
  expect((await admin.describeCluster()).brokers).toHaveLength(1)
  await admin.disconnect()
  expect((await fetch(`${registryUrl}/subjects`)).status).toBe(200)
  const device = await DeviceClient.connect({ url: mqttUrl, clientId: 'ground-shared' })
  await device.end()
})

test('Kafka: frozen it answers nothing, thawed it goes on; what it acknowledged outlives kill -9', async () => {
  const server = await ground.kafka()
  const kafka = kafkaClient(server.brokers)
  await createTopic(kafka, 'kept')
  await writeOne(kafka, 'kept')
  const admin = kafka.admin()
  await admin.connect()
  server.freeze()
  expect(stateOf(server.nodes[0]?.pid ?? null)).toBe('T')
  let answered = false
  const asked = admin.listTopics().then(() => {
    answered = true
  })
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(answered).toBe(false)
  server.thaw()
  await asked
  await admin.disconnect()
  const before = server.brokers[0]
  await server.restart('kill')
  expect(server.brokers[0]).toBe(before)
  expect(await endOf(kafka, 'kept')).toBe('1')
  await server.stop()
  expect(server.nodes[0]?.pid).toBeNull()
})

test('Kafka with users and TLS: PLAIN and SCRAM log in, a wrong password does not', async () => {
  const server = await ground.kafka({ users: [{ name: 'bridge', password: 'secret' }], tls: 'server' })
  const ca = [readFileSync((await ground.certificates()).ca, 'utf8')]
  const login = { username: 'bridge', password: 'secret' }
  await createTopic(kafkaClient(server.brokers), 'guarded')
  await writeOne(kafkaClient(server.saslBrokers, { sasl: { mechanism: 'plain', ...login } }), 'guarded')
  await writeOne(
    kafkaClient(server.tlsBrokers, { sasl: { mechanism: 'scram-sha-512', ...login }, ssl: { ca } }),
    'guarded',
  )
  const wrong = kafkaClient(server.tlsBrokers, {
    sasl: { mechanism: 'scram-sha-256', username: 'bridge', password: 'wrong' },
    ssl: { ca },
  }).admin()
  await expect(wrong.connect()).rejects.toThrow(/[Aa]uthentication/)
  await wrong.disconnect()
  expect(await endOf(kafkaClient(server.brokers), 'guarded')).toBe('2')
  await server.kill()
})

test('three Kafka brokers: one killed, writes to all in-sync copies go on', async () => {
  const server = await ground.kafka({ brokers: 3 })
  const kafka = kafkaClient(server.brokers)
  await createTopic(kafka, 'copied', 3)
  await writeOne(kafka, 'copied')
  await server.nodes[2]?.kill()
  await writeOne(kafka, 'copied')
  expect(await endOf(kafka, 'copied')).toBe('2')
  await server.nodes[2]?.start()
  await server.kill()
})

test('the registry keeps ids over a restart when it stores them in Kafka', async () => {
  const registry = await ground.registry({ storedIn: sharedGround().kafkaBrokers })
  const register = async () => {
    const response = await fetch(`${registry.url}/subjects/ground-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify({ type: 'record', name: 'G', fields: [] }) }),
    })
    return (await response.json()) as { id: number }
  }
  const { id } = await register()
  registry.freeze()
  expect(stateOf(registry.pid)).toBe('T')
  await expect(fetch(`${registry.url}/subjects`, { signal: AbortSignal.timeout(400) })).rejects.toThrow(/aborted/)
  registry.thaw()
  await registry.restart('kill')
  expect(await register()).toEqual({ id })
  await registry.kill()
})

test('Mosquitto: frozen it acknowledges nothing; sessions outlive kill -9', async () => {
  const server = await ground.mosquitto({ persistence: true })
  const keep = { clean: false, properties: { sessionExpiryInterval: 600 } }
  const reader = await DeviceClient.connect({ url: server.url, clientId: 'reader', mqtt: keep })
  await reader.client.subscribeAsync('kept/#', { qos: 1 })
  await reader.end()
  const device = await DeviceClient.connect({ url: server.url, clientId: 'device' })
  server.freeze()
  expect(stateOf(server.pid)).toBe('T')
  const publishing = device.publish('kept/1', 'one')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(device.acknowledged).toHaveLength(0)
  server.thaw()
  expect((await publishing).reasonCode).toBe(0)
  // An orderly stop writes the session to disk; then the kill finds it there.
  await server.restart()
  await server.restart('kill')
  const again = connect(server.url, { protocolVersion: 5, clientId: 'reader', ...keep, reconnectPeriod: 0 })
  // The handler is there first: the message comes right behind the CONNACK.
  const payload = await new Promise<Buffer>((resolve) => again.on('message', (_topic, bytes) => resolve(bytes)))
  expect(payload.toString()).toBe('one')
  await again.endAsync()
  await server.kill()
})

test('Mosquitto: logins, access lists and client certificates', async () => {
  const acl = 'pattern write from/%u/#\n'
  const server = await ground.mosquitto({ users: [{ name: 'dev1', password: 'pw' }], acl, tls: 'clientCertificate' })
  const login = { username: 'dev1', password: 'pw' }
  await expect(DeviceClient.connect({ url: server.url, clientId: 'nobody' })).rejects.toThrow(/[Nn]ot authorized/)
  const plain = await DeviceClient.connect({ url: server.url, clientId: 'plain', mqtt: login })
  expect((await plain.publish('from/dev1/x', '')).reasonCode).toBe(0x10)
  expect((await plain.publish('from/dev2/x', '')).reasonCode).toBe(0x87)
  await plain.end()
  await server.setUsers([{ name: 'dev1', password: 'other' }])
  await expect.poll(() => loginWorks(server.url, 'dev1', 'other'), { timeout: patienceMs }).toBe(true)
  const certificates = await ground.certificates()
  const pair = await certificates.client('dev2')
  const files = { ca: certificates.ca, cert: pair.certificate, key: pair.key }
  const tls = Object.fromEntries(Object.entries(files).map(([name, path]) => [name, readFileSync(path)]))
  const shown = await DeviceClient.connect({ url: server.tlsUrl ?? '', clientId: 'shown', mqtt: tls })
  expect((await shown.publish('from/dev2/x', '')).reasonCode).toBe(0x10)
  await shown.end()
  await expect(
    DeviceClient.connect({ url: server.tlsUrl ?? '', clientId: 'hidden', mqtt: { ca: tls['ca'] ?? '' } }),
  ).rejects.toThrow()
  await server.kill()
})

async function loginWorks(url: string, username: string, password: string): Promise<boolean> {
  try {
    const device = await DeviceClient.connect({ url, clientId: 'login', mqtt: { username, password } })
    await device.end()
    return true
  } catch {
    return false
  }
}

test('Mosquitto with dynamic security refuses a subscription with 0x87', async () => {
  const server = await ground.mosquitto({ dynamicSecurity: { admin: 'admin', password: 'pw' } })
  const login = { username: 'admin', password: 'pw' }
  const admin = await DeviceClient.connect({ url: server.url, clientId: 'admin', mqtt: login })
  // A client without roles may subscribe to nothing.
  const command = { command: 'createClient', username: 'dev1', password: 'pw' }
  await admin.publish('$CONTROL/dynamic-security/v1', JSON.stringify({ commands: [command] }))
  await admin.end()
  const dev = { username: 'dev1', password: 'pw' }
  const device = await DeviceClient.connect({ url: server.url, clientId: 'dev1', mqtt: dev })
  const granted = await device.client.subscribeAsync('a/b', { qos: 1 }).catch((error: unknown) => error)
  expect(granted).toMatchObject({ message: expect.stringMatching(/[Nn]ot authorized|Unspecified/) })
  await device.end()
  await server.kill()
})
