import { setTimeout as pause } from 'node:timers/promises'
import { connect, type IConnackPacket } from 'mqtt'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ArtemisServer } from '../../scripts/ground/servers/artemis.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch, type SettingsTree } from '../kit/ingest-worker.ts'
import { patienceMs } from '../kit/latch.ts'
import { ownKafka } from '../kit/own-kafka.ts'
import { PeerDoors } from '../kit/peer-doors.ts'
import { type Script, ScriptedBroker, type ScriptedLink } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { avroValue, readTopic } from '../kit/topic-reader.ts'

/**
 * Who comes back and who goes for good. A slot's sessions stay at the broker between its lives, and are read empty
 * before they end. Mosquitto, where not said otherwise: it keeps an absent member's share, like EMQX.
 */

const own = ownKafka()
const { open } = own

const { mqttUrl, registryUrl } = sharedGround()

async function group(what: string, url = mqttUrl) {
  const names = new IngestNames(what)
  await names.createTopics(own.kafka.brokers)
  const servers = { kafkaBrokers: own.kafka.brokers, registryUrl, mqttUrl: url }
  /** Resolves when it is ready. */
  const worker = async (slot: number, changes: SettingsTree = {}): Promise<IngestWorker> => {
    const settings = ingestSettings(servers, names, { mqtt: { slot }, ...changes })
    const started = await IngestWorker.start(settings)
    open.push(started)
    await started.becomes(true)
    return started
  }
  const clientId = (end: 'evt' | 'st', slot: number): string => `bridge-${names.name}-${end}-${slot}`
  const stored = async (): Promise<string[]> => {
    const records = await readTopic(own.kafka.brokers, names.attendance)
    return records.map((record) => String(avroValue('AttendanceEvent', record)['deviceRecordId']))
  }
  const sessions = async (slot: number): Promise<boolean[]> =>
    Promise.all([clientId('evt', slot), clientId('st', slot)].map((id) => sessionPresent(url, id)))
  return { names, worker, clientId, sessions, stored }
}

/** Whether the broker has a session of this client id. What waits in it is gone then: for the end of a test. */
async function sessionPresent(url: string, clientId: string): Promise<boolean> {
  const properties = { sessionExpiryInterval: 0 }
  const client = connect(url, { protocolVersion: 5, clientId, clean: false, reconnectPeriod: 0, properties })
  const connack = await new Promise<IConnackPacket>((resolve) => client.once('connect', resolve))
  await client.endAsync()
  return connack.sessionPresent
}

const ids = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i)

/** Punches of several devices; each one's order is the order of their numbers. */
async function publish(device: DeviceClient, numbers: readonly number[]): Promise<unknown> {
  return Promise.all(numbers.map((id) => device.publish(evt(`SLOT${id % 5}`), punch(id))))
}

async function deviceOf(name: string, url = mqttUrl): Promise<DeviceClient> {
  const device = await DeviceClient.connect({ url, clientId: `${name}-device`, inFlight: 200 })
  open.push({ close: async () => device.end().catch(() => undefined) })
  return device
}

const downscale = async (worker: IngestWorker, method: string): Promise<unknown> =>
  (await worker.request('/prepare-downscale', method)).json()

describe('a worker that comes back', () => {
  /** Guards roles/ingest-role.ts `this.#deps.downscale.prepared`: seen to fail when every stop gives the slot up. */
  test('keeps its sessions, and finds there what came meanwhile', async () => {
    const { names, worker, stored } = await group('back')
    const device = await deviceOf(names.name)
    const first = await worker(0)
    expect(await downscale(first, 'POST')).toMatchObject({ status: 'prepared' })
    expect(await downscale(first, 'DELETE')).toMatchObject({ status: 'not prepared' })
    expect(await first.process.stop()).toMatchObject({ code: 0 })
    await publish(device, ids(50))
    const second = await worker(0)
    await second.untilMetric('bridge_mqtt_acknowledged_total', (count) => count === 50)
    expect(await second.metric('bridge_mqtt_connects_total{session="resumed"}')).toBe(2)
    expect(new Set(await stored())).toEqual(new Set(ids(50).map(String)))
  })
})

describe('a worker that goes for good', () => {
  /**
   * Guards mqtt/connection.ts `stopConsuming` (UNSUBSCRIBE: else messages go on coming and it is never quiet) and
   * `sessionExpiryInterval: 0` (else the session stays).
   */
  test('takes what waits in its sessions and ends them; the others get what comes after', async () => {
    const { names, worker, sessions, stored } = await group('gone')
    const device = await deviceOf(names.name)
    const stays = await worker(0)
    const goes = await worker(1, { mqtt: { slot: 1, receiveMaximum: 5 } })
    const expected = ['evt', 'st'].map((end) => `bridge-${names.name}-${end}-1`)
    expect(await downscale(goes, 'POST')).toMatchObject({ status: 'prepared', sessions: expected })
    expect(await downscale(goes, 'POST')).toMatchObject({ status: 'prepared' })

    own.kafka.freeze()
    await publish(device, ids(400))
    await goes.says('kafka_send_stalled')
    goes.process.signal('SIGTERM')
    await goes.says('drain_step')
    own.kafka.thaw()
    let from = 401
    const stream = setInterval(() => {
      publish(device, ids(5, from)).catch(() => undefined)
      from += 5
    }, 10)
    expect(await goes.process.exited).toMatchObject({ code: 0 })
    clearInterval(stream)
    expect(goes.lines('slot_given_up')).toMatchObject([{ slot: 1, sessions: 2 }])
    expect(goes.lines('mqtt_closed').map(({ unacknowledged }) => unacknowledged)).toEqual([0, 0])
    expect(await sessions(1)).toEqual([false, false])
    await publish(device, ids(20, from))
    const all = ids(from + 19).map(String)
    await stays.untilMetric('bridge_pending', (pending) => pending === 0)
    await untilDistinct(stored, all.length)
    expect(new Set(await stored())).toEqual(new Set(all))
  })

  /**
   * What no real broker does on demand: it sends on behind UNSUBACK and before PINGRESP. Guards mqtt/consumer.ts
   * `intake.received === received`.
   */
  test('sends UNSUBSCRIBE first, and DISCONNECT with expiry 0 only behind a ping that brought nothing', async () => {
    let late = 0
    const script: Script = {
      beforePingresp: (link) => {
        if (!isUnsubscribed(link) || late >= 3) return
        late += 1
        link.publish(late, evt('LATE'), punch(`late${late}`))
      },
    }
    const broker = await ScriptedBroker.start(script)
    open.push(broker)
    const { worker, stored } = await group('order', broker.url)
    const goes = await worker(0, { mqtt: { slot: 0, keepaliveSeconds: 60 } })
    const link = await broker.subscribed('-evt-')
    await downscale(goes, 'POST')
    goes.process.signal('SIGTERM')
    await link.until('DISCONNECT', ({ seen }) => seen.some(({ packet }) => packet.cmd === 'disconnect'))
    for (const each of broker.links) each.finish()
    expect(await goes.process.exited).toMatchObject({ code: 0 })
    const packets = link.seen.map(({ packet }) => packet)
    const round = ['pingreq', 'puback']
    const order = ['subscribe', 'unsubscribe', ...round, ...round, ...round, 'pingreq', 'disconnect']
    expect(packets.map(({ cmd }) => cmd)).toEqual(order)
    expect(packets.find(({ cmd }) => cmd === 'unsubscribe')).toMatchObject({ unsubscriptions: link.filters })
    expect(packets.at(-1)).toMatchObject({ reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
    expect(await stored()).toEqual(['late1', 'late2', 'late3'])
  })

  /** Guards mqtt/consumer.ts `return 'kept'` and mqtt/connection.ts `session === 'end'`. */
  test('but cannot store what waits keeps its sessions, and says so', async () => {
    const { names, worker, sessions, stored } = await group('kept')
    const device = await deviceOf(names.name)
    const goes = await worker(0, { worker: { drainSeconds: 4 } })
    await downscale(goes, 'POST')
    own.kafka.freeze()
    await publish(device, ids(30))
    await goes.says('kafka_send_stalled')
    expect(await goes.process.stop()).toMatchObject({ code: 0 })
    expect(goes.lines('slot_kept')).toMatchObject([
      { level: 'warn', slot: 0, sessions: [`bridge-${names.name}-evt-0`] },
    ])
    own.kafka.thaw()
    const next = await worker(0)
    await next.untilMetric('bridge_mqtt_acknowledged_total', (count) => count === 30)
    expect(new Set(await stored())).toEqual(new Set(ids(30).map(String)))
    await next.close()
    expect(await sessions(0)).toEqual([true, true])
  })
})

async function untilDistinct(stored: () => Promise<string[]>, count: number): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (new Set(await stored()).size < count && performance.now() < deadline) await pause(100)
}

function isUnsubscribed(link: ScriptedLink): boolean {
  return link.connect.clientId.includes('-evt-') && link.seen.some(({ packet }) => packet.cmd === 'unsubscribe')
}

const orphans = (peers: PeerDoors) => ({ orphans: { slots: 2, peerUrl: peers.url, afterSeconds: 1 } })

describe('a slot that nobody runs', () => {
  /** Guards roles/orphan-slots.ts `const ends = await adopt(...)`. */
  test('is adopted: what waits in its sessions is stored, and they are over', async () => {
    const { names, worker, sessions, stored } = await group('orphan')
    const peers = await PeerDoors.start([0, 1])
    open.push(peers)
    const device = await deviceOf(names.name)
    const stays = await worker(0, { mqtt: { slot: 0, ...orphans(peers) } })
    const dies = await worker(1)
    await dies.process.kill()
    await publish(device, ids(100))
    // As long as its worker answers, nobody touches it.
    await stays.untilMetric('bridge_mqtt_acknowledged_total', (count) => count >= 50)
    const before = (await stored()).length
    expect(before).toBeLessThan(100)
    peers.shut(1)
    expect(await stays.says('slot_adopted')).toMatchObject({ slot: 1, sessions: 2 })
    expect(new Set(await stored())).toEqual(new Set(ids(100).map(String)))
    expect(await stays.metric('bridge_mqtt_slots_total{result="adopted"}')).toBe(1)
    await stays.untilMetric('bridge_mqtt_orphan_slots', (count) => count === 0)
    expect(await sessions(1)).toEqual([false, false])
    expect(await stays.metric('bridge_mqtt_connections')).toBe(2)
  })

  /** Guards roles/orphan-slots.ts `if (!present.includes(own))`. */
  test('is not believed in by a worker that nobody can reach', async () => {
    const { worker, names } = await group('alone')
    const peers = await PeerDoors.start([])
    open.push(peers)
    const dies = await worker(1)
    await dies.process.kill()
    const stays = await worker(0, { mqtt: { slot: 0, ...orphans(peers) } })
    await stays.says('slots_unclear')
    peers.open(0)
    expect(await stays.says('session_adopting')).toMatchObject({ connection: `bridge-${names.name}-evt-1` })
    await stays.says('slot_adopted')
  })
})

/** Artemis says 0x8E when it gives a session to another client, as EMQX does; Mosquitto 2.0 says nothing. */
describe('a session that another client takes over', () => {
  let artemis: ArtemisServer
  beforeAll(async () => {
    artemis = await own.ground.artemis()
  })

  /**
   * Guards mqtt/reason-codes.ts 0x8e `step_back` and mqtt/ingest-source.ts `missing`.
   */
  test('by a second worker of the slot: the first steps back and says why, the second works', async () => {
    const { names, worker, stored, clientId } = await group('twice', artemis.url)
    const device = await deviceOf(names.name, artemis.url)
    const first = await worker(0)
    const second = await worker(0)
    const line = await first.says('mqtt_taken_over')
    expect(line).toMatchObject({ level: 'error' })
    expect(Number(line['retryInMs'])).toBeGreaterThanOrEqual(30_000)
    const named = `${clientId('evt', 0)} (session_taken_over)`
    await first.untilCondition('ingest.mqtt', ({ holds, reason }) => !holds && reason.includes(named))
    // Both sessions, one after the other.
    await first.untilMetric('bridge_mqtt_taken_over_total', (count) => count === 2)
    await publish(device, ids(50))
    await second.untilMetric('bridge_mqtt_acknowledged_total', (count) => count === 50)
    expect(await stored()).toHaveLength(50)
    expect(second.lines('mqtt_disconnected')).toEqual([])
  })

  /**
   * In the middle of an adoption, which no real broker can be asked for. Guards mqtt/consumer.ts
   * `connection.away === 'session_taken_over'` (else it comes back for the session).
   */
  test('by the worker of an adopted slot that comes back: the adopter leaves it alone', async () => {
    const broker = await ScriptedBroker.start({
      connack: ({ clientId }) => ({ sessionPresent: clientId.endsWith('-1') }),
    })
    open.push(broker)
    const { worker } = await group('return', broker.url)
    const peers = await PeerDoors.start([0, 1])
    open.push(peers)
    const stays = await worker(0, { mqtt: { slot: 0, ...orphans(peers) } })
    // What cannot be stored keeps the adopter from being done.
    own.kafka.freeze()
    peers.shut(1)
    const link = await broker.linked('-evt-1')
    link.publish(1, evt('RETURN'), punch(1))
    await stays.says('kafka_send_stalled')
    expect(link.seen.map(({ packet }) => packet.cmd)).toEqual(['unsubscribe'])
    peers.open(1)
    link.disconnect(0x8e)
    expect(await stays.says('slot_returned')).toMatchObject({ slot: 1 })
    expect(await stays.metric('bridge_mqtt_slots_total{result="returned"}')).toBe(1)
    expect(stays.lines('mqtt_taken_over')).toEqual([])
    expect(broker.links.filter(({ connect: { clientId } }) => clientId.endsWith('-1'))).toHaveLength(1)
    expect(await stays.metric('bridge_mqtt_connections')).toBe(2)
  })
})
