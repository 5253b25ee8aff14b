import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { evt, IngestNames, IngestWorker, ingestSettings, punch, type SettingsTree } from '../kit/ingest-worker.ts'
import { type Script, ScriptedBroker } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** What the bridge asks of the broker, and what it does when the broker sends it away. */

const names = new IngestNames('orders')
const group = names.name
const open: { close(): Promise<void> }[] = []
beforeAll(() => names.createTopics(sharedGround().kafkaBrokers))
afterAll(async () => {
  for (const each of open) await each.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(script: Script = {}, changes: SettingsTree = {}) {
  const broker = await ScriptedBroker.start(script)
  open.push(broker)
  const worker = await IngestWorker.start(ingestSettings({ ...sharedGround(), mqttUrl: broker.url }, names, changes))
  open.push(worker)
  return { broker, worker }
}

describe('subscriptions', () => {
  test('in mode share', async () => {
    const changes = {
      mqtt: { slot: 3, connections: 2 },
      commands: { replyLeaves: ['rsp'] },
      presence: { brokerEventTopic: 'bridge/broker-events' },
    }
    const { broker, worker } = await start({}, changes)
    await worker.becomes(true)
    for (const number of [6, 7]) {
      const { filters, connect } = await broker.subscribed(`-evt-${number}`)
      expect(filters).toEqual([`$share/${group}/api/mqtt/v1/+/evt`])
      expect(connect).toMatchObject({ protocolVersion: 5, clean: false, clientId: `bridge-${group}-evt-${number}` })
      // No maximum packet size: a broker that may not deliver a message would keep its slot for good.
      expect(connect.properties).toEqual({ sessionExpiryInterval: 86_400, receiveMaximum: 1000 })
    }
    const rest = await broker.subscribed('-st-3')
    expect(rest.filters).toEqual([
      `$share/${group}/api/mqtt/v1/+/st`,
      `$share/${group}/api/mqtt/v1/+/rsp`,
      `$share/${group}/bridge/broker-events`,
    ])
  })

  test('in mode queue', async () => {
    const { broker } = await start({}, { mqtt: { mode: 'queue', queues: { evt: 'punches', st: 'states' } } })
    expect((await broker.subscribed('-evt-')).filters).toEqual(['$queue/punches'])
    expect((await broker.subscribed('-st-')).filters).toEqual(['$queue/states'])
  })
})

const goneAway = (reason: string) => (line: Readonly<Record<string, unknown>>) =>
  line['event'] === 'mqtt_disconnected' && line['reason'] === reason

describe('a broker that sends the bridge away', () => {
  /** Guards mqtt/reason-codes.ts 0x8e `step_back`: seen to fail with `backoff`. */
  test('because somebody else took the session: steps back for half a minute, and says so', async () => {
    const { broker, worker } = await start()
    await worker.becomes(true)
    const link = await broker.subscribed('-evt-')
    link.disconnect(0x8e)
    const line = await worker.process.log(goneAway('session_taken_over'))
    expect(line).toMatchObject({ level: 'warn', wasConnected: true })
    expect(Number(line['retryInMs'])).toBeGreaterThanOrEqual(30_000)
    await worker.becomes(false)
    expect(await worker.condition('ingest.mqtt')).toMatchObject({ holds: false })
    await pause(2500)
    expect(broker.links.filter(({ connect }) => connect.clientId === link.connect.clientId)).toHaveLength(1)
  })

  /** Guards mqtt/reason-codes.ts 0x9c `soon`: seen to fail with `slow`. */
  test('to another server: comes back within two seconds', async () => {
    const { broker, worker } = await start()
    await worker.becomes(true)
    const link = await broker.subscribed('-evt-')
    link.disconnect(0x9c)
    const line = await worker.process.log(goneAway('use_another_server'))
    expect(Number(line['retryInMs'])).toBeLessThanOrEqual(2000)
    const next = await broker.subscribed('-evt-', 1)
    expect(next.connect.clean).toBe(false)
    next.publish(1, evt('ORDERS'), punch(1))
    await next.until('its PUBACK', ({ pubacks }) => pubacks.length === 1)
    await worker.becomes(true, worker.process.logs.indexOf(line))
  })

  /** Guards mqtt/reason-codes.ts 0x86 `slow`: seen to fail with `backoff`. */
  test('because of its password: asks again slowly', async () => {
    const { broker, worker } = await start({ connack: () => ({ reasonCode: 0x86 }) })
    const line = await worker.process.log(goneAway('bad_user_name_or_password'))
    expect(line).toMatchObject({ wasConnected: false })
    expect(Number(line['retryInMs'])).toBeGreaterThanOrEqual(15_000)
    await Promise.all(['-evt-', '-st-'].map((part) => broker.linked(part)))
    await pause(1500)
    expect(broker.links).toHaveLength(2)
    expect((await worker.page('/readyz')).status).toBe(503)
  })

  test('and has thrown its session away: says so', async () => {
    const { broker, worker } = await start({ connack: () => ({ sessionPresent: false }) })
    await worker.becomes(true)
    ;(await broker.subscribed('-evt-')).cut()
    await broker.subscribed('-evt-', 1)
    expect(await worker.says('mqtt_session_lost')).toMatchObject({ level: 'warn', connection: `bridge-${group}-evt-0` })
  })
})
