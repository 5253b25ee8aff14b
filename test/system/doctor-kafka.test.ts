import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ConfigResourceTypes,
  Kafka,
  ResourcePatternTypes,
} from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import { Certificates } from '../../scripts/ground/servers/certificates.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import { diagnose, runCommandWith } from '../kit/doctor.ts'
import { FaultProxy } from '../kit/fault-proxy.ts'
import { IngestNames, ingestSettings, type SettingsTree, secretFile } from '../kit/ingest-worker.ts'
import { RegistryFront } from '../kit/registry-front.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/**
 * `bridge doctor` at a Kafka and a registry that are set up wrongly, one way at a time. Real servers; in front of the
 * registry stands a proxy where a login or a wrong clock is wanted, because Apicurio has neither here.
 */

const username = 'bridge'
const password = 'kafka-pass-7c20aa'
const names = new IngestNames('doctor')
let ground: Ground
let kafka: KafkaServer
let tls: SettingsTree
let deadPort = 0
let admin: Admin
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  const ports = await freePorts(1)
  deadPort = ports[0] ?? 0
  kafka = await ground.kafka({
    users: [{ name: username, password }],
    tls: 'server',
    advertise: [deadPort],
    config: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  })
  tls = { enabled: true, caFile: (await ground.certificates()).ca }
  admin = new Kafka({ brokers: [...kafka.brokers] }).admin()
  await admin.connect()
  const partitions = { deadLetter: 2, attendance: 2, presence: 2, commandReply: 2, device: 2, command: 2 }
  base = { kafka: { brokers: kafka.brokers, partitions: { ...partitions, commandStatus: 2 }, batchMaxBytes: 500_000 } }
  for (const args of [
    ['topics', 'apply'],
    ['schemas', 'register'],
  ]) {
    expect(await runCommandWith(settingsOf({}), args)).toMatchObject({ code: 0, stderr: '' })
  }
})
afterAll(async () => {
  await admin.disconnect()
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

let base: SettingsTree = {}
const topics = { command: `${names.name}.command`, commandStatus: `${names.name}.status` }

/** The settings of a bridge for which everything is well; `changes` spoil it. */
function settingsOf(changes: { readonly kafka?: SettingsTree; readonly registry?: SettingsTree }): SettingsTree {
  const patience = { connectTimeoutMs: 20_000, requestTimeoutMs: 30_000 }
  const settings = ingestSettings(sharedGround(), names, { kafka: { topics, ...patience } })
  const both = (name: 'kafka' | 'registry') => ({
    ...(settings[name] as SettingsTree),
    ...(base[name] as SettingsTree | undefined),
    register: undefined,
    ...changes[name],
  })
  const { register: _register, ...ofKafka } = both('kafka')
  return { ...settings, kafka: ofKafka, registry: { ...both('registry'), register: 'check', timeoutMs: 30_000 } }
}

async function look(
  server: 'kafka' | 'registry',
  changes: { readonly kafka?: SettingsTree; readonly registry?: SettingsTree },
  roles = 'ingest,command',
  timeoutSeconds = 20,
) {
  const { findings, code } = await diagnose(settingsOf(changes), roles, timeoutSeconds)
  expect(JSON.stringify(findings)).not.toContain(password)
  const own = findings.filter((finding) => finding.server === server)
  // A Kafka of one broker has one replica, which is told of every time.
  const bad = own.filter(({ level, what }) => level !== 'ok' && what !== 'one replica')
  for (const { costs, fix } of bad) expect([costs, fix].map((text) => (text ?? '').length > 5)).toEqual([true, true])
  return { bad, code, ok: own.filter(({ level }) => level === 'ok').map(({ check }) => check), findings: own }
}

function one(bad: readonly object[], expected: object): void {
  expect(bad).toEqual([expect.objectContaining(expected)])
}

async function setTopic(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  })
}

test('all is well: one warning about one replica, exit code 0; in text as well', async () => {
  const { bad, code, ok, findings } = await look('kafka', {})
  expect(bad).toEqual([])
  expect(code).toBe(0)
  expect(ok).toEqual(['reach', 'login', 'brokers', 'topics', 'permission'])
  expect(findings.filter(({ level }) => level === 'warn')).toHaveLength(1)
  const text = await runCommandWith(settingsOf({}), ['doctor', '--role', 'ingest'])
  expect(text).toMatchObject({ code: 0, stderr: '' })
  expect(text.stdout).toContain('do:    three replicas')
  expect(text.stdout).toMatch(/0 failed, 1 to be looked at, \d+ well\.\n$/)
})

describe('Kafka cannot be reached or does not let us in', () => {
  test('one of two addresses is dead', async () => {
    const { bad, ok } = await look('kafka', { kafka: { brokers: [`127.0.0.1:${deadPort}`, ...kafka.brokers] } })
    one(bad, { level: 'fail', check: 'reach', on: `127.0.0.1:${deadPort}`, what: expect.stringContaining('refused') })
    expect(ok).toContain('permission')
  })

  test('brokers that call themselves by an address that cannot be used', async () => {
    const { bad } = await look('kafka', { kafka: { brokers: [`127.0.0.1:${kafka.proxiedPorts[0]}`] } })
    // Groups are then looked after by a broker that nobody reaches.
    expect(bad.filter(({ level }) => level === 'fail')).toMatchObject([
      { level: 'fail', check: 'reach', on: `127.0.0.1:${deadPort}` },
      {
        level: 'fail',
        check: 'brokers',
        on: `127.0.0.1:${deadPort}`,
        fix: expect.stringContaining('advertised.listeners'),
      },
    ])
  })

  test('frozen', async () => {
    const proxy = await FaultProxy.start()
    open.push(proxy)
    proxy.forwardTo(Number(kafka.brokers[0]?.split(':')[1]))
    proxy.halfOpen()
    const { bad } = await look('kafka', { kafka: { brokers: [`127.0.0.1:${proxy.port}`] } }, 'ingest', 1)
    one(bad, { level: 'fail', check: 'login', what: expect.stringContaining('frozen') })
  })

  test.each(['plain', 'scram-sha-512'])('a wrong password with %s', async (mechanism) => {
    const passwordFile = await secretFile(ground.folder, `wrong-${mechanism}`, `${password}-not`)
    const sasl = { mechanism, username, passwordFile }
    const { bad, code } = await look('kafka', { kafka: { brokers: kafka.saslBrokers, sasl } })
    one(bad, { level: 'fail', check: 'login', what: expect.stringContaining('refuses user bridge') })
    expect(bad[0]?.fix).toContain(passwordFile)
    expect(code).toBe(1)
  })

  test('no TLS where TLS is wanted, and the other way round', async () => {
    const plain = await look('kafka', { kafka: { brokers: kafka.tlsBrokers } }, 'ingest', 3)
    one(plain.bad, { level: 'fail', check: 'login', fix: expect.stringContaining('kafka.tls.enabled') })
    const secure = await look('kafka', { kafka: { tls } }, 'ingest', 3)
    one(secure.bad, { level: 'fail', check: 'certificate' })
  })

  test('a certificate of an unknown authority, or for another name', async () => {
    const other = await Certificates.make(ground.folder, 'strange')
    const strange = await look('kafka', { kafka: { brokers: kafka.tlsBrokers, tls: { ...tls, caFile: other.ca } } })
    one(strange.bad, {
      level: 'fail',
      check: 'certificate',
      what: expect.stringContaining('signed by ground authority'),
    })
    const elsewhere = { ...tls, serverName: 'elsewhere.test' }
    const misnamed = await look('kafka', { kafka: { brokers: kafka.tlsBrokers, tls: elsewhere } })
    one(misnamed.bad, { level: 'fail', check: 'certificate', what: expect.stringContaining('not for elsewhere.test') })
  })
})

describe('topics', () => {
  test('one is missing', async () => {
    const { bad } = await look('kafka', { kafka: { topics: { ...topics, device: `${names.name}.nowhere` } } }, 'http')
    expect(bad.filter(({ check }) => check === 'topics')).toMatchObject([
      { level: 'fail', what: 'is not there', fix: 'create it: bridge topics apply' },
    ])
  })

  test('another number of partitions, and not one number where it must be', async () => {
    const topic = `${names.name}.five`
    await admin.createTopics({ topics: [{ topic, numPartitions: 5 }], waitForLeaders: false })
    const ofTopics = { ...(settingsOf({}) as { kafka: { topics: SettingsTree } }).kafka.topics, command: topic }
    const { bad } = await look('kafka', { kafka: { topics: ofTopics } }, 'command')
    const found = bad.filter(({ check }) => check === 'topics')
    expect(found).toMatchObject([
      { level: 'warn', on: topic, what: '5 partitions, 2 planned' },
      { level: 'fail', on: expect.stringContaining(`${topic}=5`), what: expect.stringContaining('one number') },
    ])
  })

  test('cleanup, retention and the size of messages', async () => {
    await setTopic(names.device, { 'cleanup.policy': 'delete' })
    await setTopic(names.attendance, {
      'cleanup.policy': 'compact',
      'retention.ms': '60000',
      'max.message.bytes': '9999',
    })
    const { bad } = await look('kafka', {}, 'ingest')
    expect(bad.map(({ level, on, what }) => [level, on, what])).toEqual(
      expect.arrayContaining([
        ['fail', names.device, 'cleanup.policy is delete, compact planned'],
        ['fail', names.attendance, 'cleanup.policy is compact, delete planned'],
        ['warn', names.attendance, 'retention.ms is 60000, 2592000000 planned'],
        ['warn', names.attendance, 'max.message.bytes is 9999, kafka.batchMaxBytes is 500000'],
      ]),
    )
    expect(bad).toHaveLength(4)
    await setTopic(names.device, { 'cleanup.policy': 'compact' })
    await setTopic(names.attendance, { 'cleanup.policy': 'delete', 'retention.ms': '2592000000' })
  })
})

describe('permissions', () => {
  const grant = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes) => ({
    resourceType,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${username}`,
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  })
  const sasl = { mechanism: 'scram-sha-256', username, password }

  /** Guards the asking in cluster-facts.ts, and direct-line.ts: what kafkajs has no question for is asked over its socket. */
  test('each one that is missing is named, and what is allowed is not', async () => {
    const { READ, WRITE } = AclOperationTypes
    const { TOPIC, GROUP } = AclResourceTypes
    await admin.createAcls({
      acl: [
        ...[names.attendance, names.presence, names.commandReply].map((name) => grant(TOPIC, name, WRITE)),
        grant(TOPIC, names.deadLetter, READ),
        ...[topics.command, topics.commandStatus, names.commandReply, names.presence].map((name) =>
          grant(TOPIC, name, READ),
        ),
        grant(GROUP, `${names.name}-command`, READ),
      ],
    })
    const { bad } = await look('kafka', { kafka: { brokers: kafka.saslBrokers, sasl } })
    const found = bad.filter(({ check }) => check === 'permission').map(({ level, on, what }) => [level, on, what])
    expect(found).toEqual([
      ['fail', `topic ${names.device} group ${names.name}-table-*`, 'user bridge may not Read'],
      ['fail', `topic ${names.deadLetter} topic ${topics.commandStatus}`, 'user bridge may not Write'],
    ])
    expect(bad.filter(({ check }) => check === 'topics')).toMatchObject([{ on: names.device, level: 'fail' }])
    expect(bad.filter(({ check }) => check === 'settings')).toMatchObject([{ level: 'warn' }])
  })
})

describe('the registry', () => {
  const { registryUrl } = sharedGround()

  test('a wrong password, and a clock that is wrong', async () => {
    const login = { username: 'bridge', password: 'another' }
    const front = await RegistryFront.start(registryUrl, { login, clockMs: -90_000 })
    open.push(front)
    const { bad } = await look('registry', { registry: { url: front.url, username, password } }, 'ingest')
    expect(bad).toMatchObject([
      { level: 'warn', check: 'clock', what: expect.stringMatching(/here is (89|90|91) s ahead of/) },
      { level: 'fail', check: 'login', what: expect.stringContaining('refuses user bridge (401)') },
    ])
    const right = { url: front.url, username, password: 'another' }
    const after = await look('registry', { registry: right }, 'ingest')
    one(after.bad, { level: 'warn', check: 'clock' })
    expect(after.ok).toContain('schemas')
  })

  test('frozen, and no registry at all', async () => {
    const proxy = await FaultProxy.start()
    open.push(proxy)
    const url = new URL(registryUrl)
    proxy.forwardTo(Number(url.port))
    proxy.halfOpen()
    url.port = String(proxy.port)
    const frozen = await look('registry', { registry: { url: url.href } }, 'ingest', 1)
    one(frozen.bad, { level: 'fail', check: 'login', what: expect.stringContaining('frozen') })
    const nothing = await look('registry', { registry: { url: `${registryUrl}/nothing` } }, 'ingest')
    one(nothing.bad, { level: 'fail', check: 'login', what: expect.stringContaining('no Confluent API') })
  })

  test('a schema that is missing, and one that does not fit what is there', async () => {
    const attendance = `${names.name}.other`
    const deadLetter = `${names.name}.taken`
    const subject = `${registryUrl}/subjects/${deadLetter}-value/versions`
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    const theirs = { type: 'record', name: 'Theirs', fields: [{ name: 'a', type: 'string' }] }
    const body = JSON.stringify({ schema: JSON.stringify(theirs) })
    await fetch(subject, { method: 'POST', headers, body })
    const config = { method: 'PUT', headers, body: JSON.stringify({ compatibility: 'FULL_TRANSITIVE' }) }
    await fetch(`${registryUrl}/config/${deadLetter}-value`, config)
    const ofTopics = { ...(settingsOf({}) as { kafka: { topics: SettingsTree } }).kafka.topics, attendance, deadLetter }
    const { bad } = await look('registry', { kafka: { topics: ofTopics } }, 'ingest')
    expect(bad).toMatchObject([
      { level: 'fail', check: 'schemas', on: `${attendance}-value`, what: 'our schema is not registered' },
      { level: 'fail', check: 'schemas', on: `${deadLetter}-value`, what: expect.stringContaining('would refuse') },
    ])
  })
})
