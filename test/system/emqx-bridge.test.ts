import type { Consumer } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installCodecs } from '../../src/kafka/codecs.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { Member } from '../kit/emqx-model/member.ts'
import { askRest, type EmqxStage, isReal, openEmqx } from '../kit/emqx-model/stage.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch } from '../kit/ingest-worker.ts'
import { Latch, patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { avroValue, kafkaOf } from '../kit/topic-reader.ts'

/**
 * Two ingest workers on EMQX: what its sessions, queues and farewells do to the bridge. In CI EMQX is the model of
 * test/kit/emqx-model; `make faults-emqx` with EMQX_URL asks a real one. A real one needs its API too, for the numbers.
 */

const names = new IngestNames('emqx')
const noApi = isReal && process.env['EMQX_API_URL'] === undefined
let stage: EmqxStage
let stored: StoredIds
let first: IngestWorker
let second: IngestWorker
let published = 0

/** Punches that stand in Kafka, by their number. */
class StoredIds {
  readonly ids = new Set<number>()
  readonly #latch = new Latch()
  readonly #consumer: Consumer

  constructor() {
    this.#consumer = kafkaOf(sharedGround().kafkaBrokers).consumer({
      groupId: `${names.name}-reader`,
      maxWaitTimeInMs: 50,
    })
  }

  async open(): Promise<void> {
    installCodecs()
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topics: [names.attendance], fromBeginning: true })
    await this.#consumer.run({
      eachMessage: ({ message }) => {
        const record = { partition: 0, offset: 0, timestamp: 0, key: null, value: message.value, headers: {} }
        this.ids.add(Number(avroValue('AttendanceEvent', record)['deviceRecordId']))
        this.#latch.look()
        return Promise.resolve()
      },
    })
  }

  async until(wanted: readonly number[]): Promise<void> {
    const missing = () => wanted.filter((id) => !this.ids.has(id))
    await this.#latch.until(
      () => `missing in Kafka: ${missing().join(' ')}`,
      () => missing().length === 0,
      60_000,
    )
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect()
  }
}

const worker = (slot: number, sessionExpirySeconds: number) => {
  const login = stage.username === undefined ? {} : { username: stage.username, password: stage.password }
  const rest = stage.rest === null ? {} : { ...stage.rest, pollSeconds: 1 }
  const changes = { mqtt: { slot, sessionExpirySeconds, ...login }, emqx: { rest } }
  return IngestWorker.ready(ingestSettings({ ...sharedGround(), mqttUrl: stage.url }, names, changes))
}

beforeAll(async () => {
  stage = await openEmqx({ maxQueue: 60 })
  await names.createTopics(sharedGround().kafkaBrokers)
  stored = new StoredIds()
  await stored.open()
  first = await worker(0, 600)
  second = await worker(1, 2)
})
afterAll(async () => {
  // Whatever beforeAll came to.
  await stored?.close()
  await first?.close()
  await second?.close()
  await stage?.close()
})

const sessionOf = (slot: number) => `bridge-${names.name}-evt-${slot}`

/** One device publishes `count` punches; the broker takes every one of them. Returns their numbers. */
async function publish(count: number): Promise<readonly number[]> {
  const { username, password } = stage
  const mqtt = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) }
  const device = await DeviceClient.connect({ url: stage.url, clientId: `${names.name}-device-${published}`, mqtt })
  const ids = Array.from({ length: count }, (_, i) => published + i + 1)
  published += count
  const answers = await Promise.all(ids.map((id) => device.publish(evt('EMQX'), punch(id))))
  expect(answers.filter(({ reasonCode }) => reasonCode !== 0)).toEqual([])
  await device.end()
  return ids
}

/** Resolves when `slot` 0 stands again after line `from`. */
async function backAgain(sessionPresent: boolean, from: number): Promise<void> {
  await first.process.log(
    (line) =>
      line['event'] === 'mqtt_connected' &&
      line['connection'] === sessionOf(0) &&
      line['sessionPresent'] === sessionPresent,
    60_000,
    from,
  )
}

const disconnected = (reason: string, from: number) =>
  first.process.log(
    (line) => line['event'] === 'mqtt_disconnected' && line['connection'] === sessionOf(0) && line['reason'] === reason,
    patienceMs,
    from,
  )

test.skipIf(!isReal)('a real EMQX was asked (EMQX_URL)', () => {
  expect(stage.model).toBeNull()
})

test('two workers share what comes, and each knows the window that EMQX gives it', async () => {
  await stored.until(await publish(40))
  for (const each of [first, second]) {
    const { receiveMaximum } = await each.says('mqtt_connected')
    expect(receiveMaximum).toBeGreaterThan(0)
    // 1000 were asked for.
    if (stage.model !== null) expect(receiveMaximum).toBe(32)
  }
})

test('a worker that is killed with a full window comes back to it: nothing is lost', async () => {
  first.process.freeze()
  const ids = await publish(100)
  await second.untilMetric('bridge_pending', (pending) => pending === 0)
  await first.process.kill()
  await first.close()
  first = await worker(0, 600)
  await stored.until(ids)
  expect(await first.metric('bridge_mqtt_redeliveries_total')).toBeGreaterThan(0)
})

/** Guards emqx/queue-watch.ts and roles/broker-queues.ts against what a broker, not a script, would say. */
test.skipIf(noApi)(
  'a queue that overflows: another worker sees it, and as much is lost as it says',
  async ({ skip }) => {
    const { mqueue_max, inflight_max = 0 } = await askRest(stage, 'GET', sessionOf(0))
    const limit = Number(mqueue_max)
    skip(!(limit > 0 && limit <= 5000), 'the queue of this EMQX is too long to be filled by a test')
    const gauge = (name: string) => `bridge_broker_${name}{sessions="evt"}`
    await second.untilMetric(gauge('queue_dropped_messages'), (dropped) => dropped === 0)
    first.process.freeze()
    const ids = await publish(2 * (limit + inflight_max + 20))
    await second.untilMetric(gauge('queue_dropped_messages'), (messages) => messages > 0, 60_000)
    expect(await second.metric(gauge('until_drop_seconds'))).toBe(0)
    expect(await second.metric(gauge('queue_used_ratio'))).toBe(1)
    expect(await second.says('broker_queue_dropped')).toMatchObject({ connection: sessionOf(0) })
    first.process.thaw()
    const missing = () => ids.filter((id) => !stored.ids.has(id))
    const unexplained = async () => missing().length - (await second.metric(gauge('queue_dropped_messages')))
    await expect.poll(unexplained, { timeout: 60_000, interval: 100 }).toBe(0)
    // The oldest of the queue, not what was in flight, and nothing that came later.
    const lost = missing()
    expect(lost.length).toBeGreaterThan(0)
    expect(lost[0]).toBeGreaterThan(ids[0] ?? 0)
    expect(lost.at(-1)).toBeLessThan(ids[ids.length - limit] ?? 0)
  },
)

/** Guards mqtt/reason-codes.ts 0x9c `soon`, on DISCONNECT and on CONNACK; and that the session is taken up again. */
test.skipIf(isReal)('an evacuated node: back soon through two refusals, with all that waited', async () => {
  const from = first.now
  const refusals = new Map<string, number>()
  const { model } = stage
  if (model === null) throw new Error('no model')
  model.refuse = ({ clientId }) => {
    const so = refusals.get(clientId) ?? 0
    refusals.set(clientId, so + 1)
    return clientId.startsWith('bridge-') && so < 2 ? 0x9c : null
  }
  model.evacuate()
  const line = await disconnected('use_another_server', from)
  expect(line['retryInMs']).toBeLessThanOrEqual(2000)
  const ids = await publish(20)
  await backAgain(true, from)
  await stored.until(ids)
  expect(refusals.get(sessionOf(0))).toBe(3)
  model.refuse = () => null
})

/** Guards mqtt/reason-codes.ts 0x89 `backoff`. */
test.skipIf(isReal)('a broker that throttles (CONNACK 0x89) is asked again later each time', async () => {
  const { model } = stage
  if (model === null) throw new Error('no model')
  const from = first.now
  let refusals = 0
  model.refuse = ({ clientId }) => (clientId === sessionOf(0) && refusals++ < 3 ? 0x89 : null)
  model.sessions.get(sessionOf(0))?.link?.disconnect(0x9c)
  await backAgain(true, from)
  const waits = first.lines('mqtt_disconnected', from).filter(({ reason }) => reason === 'server_busy')
  expect(waits).toMatchObject([{ wasConnected: false }])
  expect(refusals).toBe(4)
  await stored.until(await publish(10))
})

test.skipIf(noApi)('a kick (0x98): it says that a session was lost, and goes on with a new one', async () => {
  const from = first.now
  const lost = await first.metric('bridge_mqtt_sessions_lost_total')
  await askRest(stage, 'DELETE', sessionOf(0))
  expect(await disconnected('administrative_action', from)).toMatchObject({ sessionGone: true })
  await backAgain(false, from)
  expect(await first.metric('bridge_mqtt_sessions_lost_total')).toBeGreaterThan(lost)
  await first.process.log((l) => l['event'] === 'mqtt_subscribed' && l['connection'] === sessionOf(0), patienceMs, from)
  await stored.until(await publish(20))
})

test('a worker that is gone for longer than its session lives: the other gets what it had', async () => {
  second.process.freeze()
  const ids = await publish(40)
  await second.process.kill()
  await stored.until(ids)
})

/** Guards mqtt/connection.ts `close`: a DISCONNECT that sets the expiry to 0 would lose what comes now. */
test('a stop leaves the session, and what gathers in it is there at the next start', async () => {
  await first.process.stop()
  await first.close()
  const ids = await publish(20)
  first = await worker(0, 600)
  await stored.until(ids)
})

/**
 * Guards mqtt/consumer.ts `#isEmpty`: on EMQX a DISCONNECT with expiry 0 loses window and queue, so it may only come
 * when both are empty.
 */
test('a worker that goes for good amid messages leaves none of them behind', async () => {
  second = await worker(1, 600)
  await second.request('/prepare-downscale', 'POST')
  second.process.freeze()
  // Half of all goes to it, which is less than its window and queue hold.
  const early = await publish(60)
  second.process.thaw()
  const stopped = second.process.stop()
  const late = await publish(60)
  expect((await stopped).code).toBe(0)
  await stored.until([...early, ...late])
  if (!noApi) await expect(askRest(stage, 'GET', sessionOf(1))).rejects.toThrow('404')
  await stored.until(await publish(10))
})

/** Guards mqtt/reason-codes.ts 0x8e `step_back`, with a real takeover: what waits goes to whoever took it. */
test('somebody else takes the session: it steps back and does not fight', async () => {
  const from = first.now
  const rival = await Member.connect(stage, sessionOf(0), { clean: false, expiry: 600 })
  expect(rival.connack).toMatchObject({ sessionPresent: true })
  const line = await disconnected('session_taken_over', from)
  expect(line['retryInMs']).toBeGreaterThanOrEqual(30_000)
  await publish(3)
  await rival.until('three punches', () => rival.received.length === 3)
  expect(rival.sentAway).toBeNull()
  rival.cut()
})

test('no PUBACK ever named a packet id that was not in flight in its session', () => {
  expect(stage.model?.strayAcks ?? 0).toBe(0)
})
