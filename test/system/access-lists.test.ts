import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, type Admin, ResourcePatternTypes } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { KafkaGrant } from '../../src/roles/needs.ts'
import type { LogLine } from '../kit/bridge-process.ts'
import { produceCommands, StatusLog } from '../kit/command-records.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { diagnose, runCommandWith } from '../kit/doctor.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetLog, FleetOperator } from '../kit/fleet-records.ts'
import { evt, IngestWorker, punch, type SettingsTree } from '../kit/ingest-worker.ts'
import { patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { createTopics, kafkaOf, untilRecords } from '../kit/topic-reader.ts'

/**
 * The lists of `bridge acl`, applied to real servers: they suffice for a bridge of the roles ingest, command and fleet,
 * and the doctor misses each line that is taken away. Kafka has its own authorizer and logins. In place of EMQX there is
 * Mosquitto with its dynamic security, which refuses subscriptions as EMQX does; `mosquittoRule` translates the list,
 * and is the part of this that is not EMQX: it looks at filters with the share group, EMQX at those without.
 */

const names = new FleetNames('acl')
const roles = 'ingest,command,fleet'
const username = 'bridge'
const password = 'acl-pass-2b91ce'
const topics = { command: `${names.name}.command`, commandStatus: `${names.name}.status` }
const closing: { close(): Promise<void> }[] = []
let ground: Ground
let kafka: KafkaServer
let admin: Admin
let broker: DeviceClient
let device: DeviceClient
let worker: IngestWorker
let statuses: StatusLog
let log: FleetLog
let operator: FleetOperator
let settings: SettingsTree
let lists: { readonly kafka: readonly KafkaGrant[]; readonly mqtt: readonly MqttRule[] }

interface MqttRule {
  readonly action: 'subscribe' | 'publish'
  readonly filter: string
}

function acl({ resource, name, prefix, operation }: KafkaGrant) {
  const types = {
    topic: AclResourceTypes.TOPIC,
    group: AclResourceTypes.GROUP,
    'transactional-id': AclResourceTypes.TRANSACTIONAL_ID,
  }
  const operations: Readonly<Record<string, AclOperationTypes>> = {
    Read: AclOperationTypes.READ,
    Write: AclOperationTypes.WRITE,
  }
  return {
    resourceType: types[resource],
    resourceName: name,
    resourcePatternType: prefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal: `User:${username}`,
    host: '*',
    operation: operations[operation] ?? AclOperationTypes.UNKNOWN,
    permissionType: AclPermissionTypes.ALLOW,
  }
}

async function allow(...grants: readonly KafkaGrant[]): Promise<void> {
  await admin.createAcls({ acl: grants.map(acl) })
}

async function forbid(grant: KafkaGrant): Promise<void> {
  const { filterResponses } = await admin.deleteAcls({ filters: [acl(grant)] })
  expect(filterResponses.flatMap(({ matchingAcls }) => matchingAcls)).toHaveLength(1)
}

function mosquittoRule({ action, filter }: MqttRule) {
  return action === 'subscribe'
    ? { acltype: 'subscribePattern', topic: `$share/+/${filter}` }
    : { acltype: 'publishClientSend', topic: filter }
}

async function control(...commands: readonly object[]): Promise<void> {
  await broker.publish('$CONTROL/dynamic-security/v1', JSON.stringify({ commands }))
}

/** What the doctor says that the bridge's user may not do at one server. */
async function missing(server: 'kafka' | 'mqtt'): Promise<readonly string[]> {
  const away = server === 'kafka' ? { mqtt: { url: 'mqtt://127.0.0.1:1' } } : { kafka: { brokers: ['127.0.0.1:1'] } }
  const found = await diagnose({ ...settings, registry: { url: 'http://127.0.0.1:1' }, ...merged(away) }, roles)
  expect(found.of(`${server}.login`)).toMatchObject([{ level: 'ok' }])
  return found.of(`${server}.permission`).flatMap(({ level, on, what }) => (level === 'ok' ? [] : [`${on}: ${what}`]))
}

function merged(changes: Readonly<Record<string, SettingsTree>>): SettingsTree {
  const entries = Object.entries(changes).map(([name, tree]) => [
    name,
    { ...(settings[name] as SettingsTree), ...tree },
  ])
  return Object.fromEntries(entries) as SettingsTree
}

/** An access list takes a moment to reach every part of a server. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs
  while (!(await holds())) if (performance.now() > end) throw new Error(`not in ${patienceMs} ms: ${what}`)
}

beforeAll(async () => {
  ground = await openGround()
  const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
  const config = { 'authorizer.class.name': authorizer, 'super.users': 'User:ANONYMOUS' }
  const [server, mosquitto] = await Promise.all([
    ground.kafka({ users: [{ name: username, password }], config }),
    ground.mosquitto({ dynamicSecurity: { admin: 'admin', password } }),
  ])
  kafka = server
  admin = kafkaOf(kafka.brokers).admin()
  await admin.connect()
  const shared = { ...sharedGround(), kafkaBrokers: kafka.brokers, mqttUrl: mosquitto.url }
  const tree = fleetSettings(shared, names, {
    mqtt: { username, password },
    kafka: { brokers: kafka.saslBrokers, sasl: { mechanism: 'plain', username, password } },
  })
  const ofKafka = tree['kafka'] as SettingsTree
  settings = { ...tree, kafka: { ...ofKafka, topics: { ...(ofKafka['topics'] as SettingsTree), ...topics } } }
  const printed = await runCommandWith(settings, ['acl', '--format', 'json', '--role', roles])
  lists = JSON.parse(printed.stdout) as typeof lists

  await names.create(kafka.brokers, 1)
  await createTopics(
    kafka.brokers,
    [topics.command, topics.commandStatus].map((topic) => ({ topic, partitions: 1 })),
  )
  await allow(...lists.kafka)
  broker = await DeviceClient.connect({ url: mosquitto.url, clientId: 'admin', mqtt: { username: 'admin', password } })
  const acls = lists.mqtt.map((rule) => ({ ...mosquittoRule(rule), allow: true }))
  const ofDevices = [{ acltype: 'publishClientSend', topic: 'api/mqtt/v1/+/evt', allow: true }]
  await control(
    { command: 'createRole', rolename: 'bridge', acls },
    { command: 'createRole', rolename: 'device', acls: ofDevices },
    { command: 'createClient', username, password, roles: [{ rolename: 'bridge' }] },
    { command: 'createClient', username: 'device', password, roles: [{ rolename: 'device' }] },
  )
  device = await DeviceClient.connect({ url: mosquitto.url, clientId: 'D1', mqtt: { username: 'device', password } })
  operator = new FleetOperator(kafka.brokers, sharedGround().registryUrl, names)
  await operator.register('t1')
  worker = await IngestWorker.start(settings, roles)
  closing.push(worker)
  // The schemas of all roles are registered first, which takes a busy registry a while.
  await worker.becomes(true, 0, 150_000)
  statuses = await StatusLog.open(kafka.brokers, topics.commandStatus)
  log = await FleetLog.open(kafka.brokers, names)
  closing.push(statuses, log)
}, 300_000)
afterAll(async () => {
  for (const each of closing.reverse()) await each.close()
  await device?.end()
  await broker?.end()
  await admin?.disconnect()
  await ground?.close()
})

async function send(commandId: string): Promise<void> {
  await produceCommands(kafka.brokers, topics.command, [{ deviceSn: 'D1', op: 'get_info', commandId }])
}

test('the lists suffice: a punch, a command and a request of a thing go all the way', async () => {
  await device.publish(evt('D1'), punch(1))
  await untilRecords(kafka.brokers, [names.attendance], 1)
  await send('c1')
  // Nobody subscribes as the device: the broker takes it and says so.
  await statuses.until('c1', 'NO_SUBSCRIBER')
  await operator.setDesired('t1', 'want-1', { led: true })
  await log.until('results', { requestId: 'want-1' })
  expect(await missing('kafka')).toEqual([])
  expect(await missing('mqtt')).toEqual([])
})

/** Guards roles/needs.ts: a line too many would not be missed here, one too few would end the test above. */
describe('one line less', () => {
  const kinds = (grants: readonly KafkaGrant[]): readonly KafkaGrant[] =>
    // All lines of ingest and command, and one of each kind of fleet, for time's sake.
    grants.filter(
      ({ resource, name }) => resource !== 'topic' || !name.startsWith(names.prefix) || name.endsWith('shadow.state'),
    )

  test('of Kafka is missed by the doctor, each by its name', async () => {
    const chosen = kinds(lists.kafka)
    expect(new Set(chosen.map(({ resource, operation }) => `${resource} ${operation}`)).size).toBe(4)
    expect(chosen.length).toBeGreaterThan(14)
    for (const grant of chosen) {
      await forbid(grant)
      const on = `${grant.resource} ${grant.name}${grant.prefix ? '*' : ''}`
      let found: readonly string[] = []
      await until(on, async () => {
        found = await missing('kafka')
        return found.length > 0
      })
      expect(found).toEqual([`${on}: user bridge may not ${grant.operation}`])
      await allow(grant)
      await until(`${on} again`, async () => (await missing('kafka')).length === 0)
    }
  })

  test('of EMQX is missed by the doctor, each by its filter', async () => {
    for (const rule of lists.mqtt) {
      const { acltype, topic } = mosquittoRule(rule)
      await control({ command: 'removeRoleACL', rolename: 'bridge', acltype, topic })
      const found = await missing('mqtt')
      expect(found).toHaveLength(1)
      expect(found[0]).toContain(rule.filter)
      expect(found[0]).toContain('0x87')
      await control({ command: 'addRoleACL', rolename: 'bridge', acltype, topic, allow: true })
    }
    expect(await missing('mqtt')).toEqual([])
  })

  function grantOf(resource: KafkaGrant['resource'], part: string, operation: KafkaGrant['operation']): KafkaGrant {
    const found = lists.kafka.filter((each) => each.resource === resource && each.operation === operation)
    return found.find(({ name }) => name.includes(part)) as KafkaGrant
  }

  test('to write or to read a topic stops a running bridge', async () => {
    const write = grantOf('topic', names.attendance, 'Write')
    let from = worker.now
    await forbid(write)
    const published = device.publish(evt('D1'), punch(2))
    expect(await worker.says('kafka_send_stalled', from)).toMatchObject({ code: 'not_authorized' })
    await allow(write)
    await worker.says('kafka_send_recovered', from)
    await published

    // The lines that were missing above have put the worker out of its group: until it is back, one failure more is no news.
    await send('c2')
    await statuses.until('c2', 'NO_SUBSCRIBER')
    const read = grantOf('topic', topics.command, 'Read')
    from = worker.now
    await forbid(read)
    const refused = (line: object): boolean =>
      'event' in line && line.event === 'kafka_unreachable' && 'code' in line && line.code === 'not_authorized'
    await worker.process.log(refused, patienceMs, from)
    await allow(read)
  })

  /** Guards roles/needs.ts `group(`. The worker must be in its group before, or one failure more is no news. */
  test('to be in a group stops the role, which reads on when it may again', async () => {
    await send('before-group')
    await statuses.until('before-group', 'NO_SUBSCRIBER', 60_000)
    const group = grantOf('group', '-command', 'Read')
    const from = worker.now
    await forbid(group)
    const refused = (line: LogLine): boolean =>
      line['event'] === 'kafka_unreachable' && line['part'] === group.name && line['code'] === 'not_authorized'
    await worker.process.log(refused, 60_000, from)
    await allow(group)
    await send('after-group')
    await statuses.until('after-group', 'NO_SUBSCRIBER', 60_000)
  })

  /** Guards roles/needs.ts `transactional-id`. A request that comes meanwhile is decided afterwards, not refused. */
  test('to write under a transactional id stops the decisions on things', async () => {
    const id = grantOf('transactional-id', '', 'Write')
    const from = worker.now
    await forbid(id)
    await operator.setDesired('t1', 'want-2', { led: false })
    // kafkajs keeps the reason to itself when it looks for the coordinator; the doctor names it.
    await worker.says('fleet_partition_restarted', from, 60_000)
    expect(log.of('results', { requestId: 'want-2' })).toEqual([])
    await allow(id)
    expect(await log.until('results', { requestId: 'want-2' }, 60_000)).toMatchObject({ status: 'ACCEPTED' })
  })

  /** Guards roles/needs.ts `publications` and `subscriptions`: the refusal of each has its own words. */
  test('of EMQX: a command fails with the reason, a filter that is refused is asked for again', async () => {
    const ruleFor = (action: MqttRule['action'], filter: string): object => {
      const found = lists.mqtt.find((rule) => rule.action === action && rule.filter === filter)
      return { rolename: 'bridge', ...mosquittoRule(found as MqttRule) }
    }
    const publish = ruleFor('publish', 'api/mqtt/v1/+/cmd')
    await control({ command: 'removeRoleACL', ...publish })
    await send('refused')
    expect(await statuses.until('refused', 'FAILED', 60_000)).toMatchObject({ errorCode: 'BROKER_REFUSED' })
    await control({ command: 'addRoleACL', ...publish, allow: true })
    await send('taken')
    await statuses.until('taken', 'NO_SUBSCRIBER', 60_000)

    const subscribe = ruleFor('subscribe', 'api/mqtt/v1/+/evt')
    const from = worker.now
    // Who is subscribed stays so: the connections are ended, and come back without the right.
    await control(
      { command: 'removeRoleACL', ...subscribe },
      { command: 'disableClient', username },
      { command: 'enableClient', username },
    )
    expect(await worker.says('mqtt_subscription_refused', from, 60_000)).toMatchObject({ reasonCode: 0x87 })
    expect((await worker.page('/readyz')).status).toBe(503)
    const again = worker.now
    await control({ command: 'addRoleACL', ...subscribe, allow: true })
    await worker.process.log(
      ({ event, connection }) => event === 'mqtt_subscribed' && String(connection).includes('-evt-'),
      60_000,
      again,
    )
    await device.publish(evt('D1'), punch(3))
    await untilRecords(kafka.brokers, [names.attendance], 3)
  })
})
