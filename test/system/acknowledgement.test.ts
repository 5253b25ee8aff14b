import { describe, expect, test } from 'vitest'
import { DeviceClient } from '../kit/device-client.ts'
import { FaultProxy } from '../kit/fault-proxy.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch, type SettingsTree } from '../kit/ingest-worker.ts'
import { ownKafka } from '../kit/own-kafka.ts'
import { type Script, ScriptedBroker, type ScriptedLink } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { avroValue, readTopic, untilRecords } from '../kit/topic-reader.ts'

/** When a PUBACK may leave, and on which connection. Kafka is this file's own, because it is frozen. */

const own = ownKafka()
const { open } = own

async function start(script: Script = {}, changes: SettingsTree = {}) {
  const broker = await ScriptedBroker.start(script)
  open.push(broker)
  const names = new IngestNames('ack')
  await names.createTopics(own.kafka.brokers)
  const servers = { ...sharedGround(), kafkaBrokers: own.kafka.brokers, mqttUrl: broker.url }
  const worker = await IngestWorker.start(ingestSettings(servers, names, changes))
  open.push(worker)
  return { broker, names, worker }
}

const ids = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i)

async function storedIds(topic: string): Promise<string[]> {
  const records = await readTopic(own.kafka.brokers, topic)
  return records.map((record) => String(avroValue('AttendanceEvent', record)['deviceRecordId']))
}

describe('a PUBACK', () => {
  /** Guards flow/pump.ts `if (this.#remaining === 0) this.#window?.settle(...)`: seen to fail when `offer` settles. */
  test('leaves only after Kafka has the record, in the order of arrival', async () => {
    const { broker, names, worker } = await start()
    const link = await broker.subscribed('-evt-')
    link.publish(1, evt('SN1'), punch(1))
    await link.until('the first PUBACK', ({ pubacks }) => pubacks.length === 1)

    own.kafka.freeze()
    for (const id of ids(300, 2)) link.publish(id, evt(`SN${id % 7}`), punch(id))
    await worker.says('kafka_send_stalled')
    await link.until('a PINGREQ', ({ seen }) => seen.some(({ packet }) => packet.cmd === 'pingreq'))
    await worker.untilMetric('bridge_pending', (pending) => pending === 300)
    expect(link.pubacks).toEqual([1])
    expect(await worker.condition('ingest.kafka')).toMatchObject({ holds: false })

    own.kafka.thaw()
    await link.until('all PUBACKs', ({ pubacks }) => pubacks.length === 301)
    expect(link.pubacks).toEqual(ids(301))
    expect(new Set(await storedIds(names.attendance))).toEqual(new Set(ids(301).map(String)))
    expect(await worker.metric('bridge_conservation_difference')).toBe(0)
  })

  /** Guards flow/ack-window.ts `if (packetId > 0) break`: without it the ignored message overtakes. */
  test('of a message that is ignored waits for the message before it', async () => {
    const { broker, worker } = await start()
    const link = await broker.subscribed('-st-')
    await worker.becomes(true)
    own.kafka.freeze()
    link.publish(1, 'api/mqtt/v1/SN1/st', 'online')
    link.publish(2, 'api/mqtt/v1/SN1/st', '')
    await worker.says('kafka_send_stalled')
    expect(link.pubacks).toEqual([])
    own.kafka.thaw()
    await link.until('both PUBACKs', ({ pubacks }) => pubacks.length === 2)
    expect(link.pubacks).toEqual([1, 2])
  })

  /**
   * Guards mqtt/connection.ts `this.#hooks.dialing(tap)` before the first byte: the backlog of a resumed session comes
   * before SUBACK. Seen to fail when the intake listens from the `connected` hook on.
   */
  test('answers a message that came with the CONNACK, before any SUBACK', async () => {
    const { broker, names } = await start({
      suback: () => null,
      afterConnack: (link) => {
        if (link.connect.clientId.includes('-evt-')) for (const id of ids(5)) link.publish(id, evt('SN1'), punch(id))
      },
    })
    const link = await broker.subscribed('-evt-')
    await link.until('five PUBACKs', ({ pubacks }) => pubacks.length === 5)
    expect(await storedIds(names.attendance)).toEqual(ids(5).map(String))
  })

  /**
   * Guards the epoch: mqtt/ingest-source.ts makes one Intake for each Tap (`dialing`) and closes it (`lost`). Seen to
   * fail when one Intake lives on and writes to the newest Tap.
   */
  test('of a connection that is over is never sent on the next one, which reuses its packet ids', async () => {
    const { broker, names, worker } = await start()
    const first = await broker.subscribed('-evt-')
    await worker.becomes(true)
    own.kafka.freeze()
    for (const id of ids(20)) first.publish(id, evt('SN1'), punch(`old${id}`))
    await worker.says('kafka_send_stalled')
    first.cut()

    const second = await broker.subscribed('-evt-', 1)
    const from = worker.now
    // Other messages under ids that are still in flight for the old connection, in another order.
    for (const id of [9, 3, 5]) second.publish(id, evt('SN2'), punch(`new${id}`))
    await worker.untilMetric('bridge_pending', (pending) => pending === 23)
    expect(second.pubacks).toEqual([])
    own.kafka.thaw()
    await worker.says('kafka_send_recovered', from)
    await worker.untilMetric('bridge_pending', (pending) => pending === 0)
    second.publish(7, evt('SN2'), punch('last'))
    await second.until('the last PUBACK', ({ pubacks }) => pubacks.includes(7))
    expect(second.pubacks).toEqual([9, 3, 5, 7])
    expect(first.pubacks).toEqual([])
    const stored = new Set(await storedIds(names.attendance))
    expect(stored).toEqual(new Set([...ids(20).map((id) => `old${id}`), 'new9', 'new3', 'new5', 'last']))
  })
})

/**
 * EMQX with `upgrade_qos` delivers what a device publishes at QoS 2 with QoS 2, whatever was granted. Guards mqtt/tap.ts
 * `if (first >> 4 === 3)`: MQTT.js answered PUBREC at once, and the punch was nobody's.
 */
test('a message of QoS 2 is answered by PUBREC, after Kafka has it, and by PUBCOMP', async () => {
  const { broker, names, worker } = await start()
  const link = await broker.subscribed('-evt-')
  await worker.becomes(true)
  own.kafka.freeze()
  const message = { cmd: 'publish', topic: evt('SN1'), dup: false, retain: false } as const
  link.send(
    { ...message, qos: 2, messageId: 1, payload: punch(1) },
    { ...message, qos: 1, messageId: 2, payload: punch(2) },
  )
  await worker.says('kafka_send_stalled')
  const answers = () =>
    link.seen.flatMap(({ packet: { cmd, messageId } }) => (cmd.startsWith('pub') ? [`${cmd} ${messageId}`] : []))
  expect(answers()).toEqual([])
  own.kafka.thaw()
  await link.until('both answers', () => answers().length === 2)
  link.send({ cmd: 'pubrel', messageId: 1 })
  await link.until('PUBCOMP', () => answers().length === 3)
  expect(answers()).toEqual(['pubrec 1', 'puback 2', 'pubcomp 1'])
  expect(await storedIds(names.attendance)).toEqual(['1', '2'])
})

/**
 * Promise 3. Guards mqtt/intake.ts `this.#tap.hold()` and mqtt/tap.ts `if (this.#pinged) this.#pong()`: a broker that
 * overruns Receive Maximum is not read for a while, and its PINGRESP stands behind what is not read. Seen to fail
 * without either.
 */
test('a broker that overruns the window is held back, and the connection stays up', async () => {
  const payload = punch(1).replace('}', `,"junk":"${'x'.repeat(8000)}"}`)
  let id = 0
  const overrun = (link: ScriptedLink) => {
    if (id === 0 && link.connect.clientId.includes('-evt-')) while (id < 400) link.publish(++id, evt('OVER'), payload)
  }
  const { broker, worker } = await start({ beforePingresp: overrun }, { mqtt: { receiveMaximum: 10 } })
  const link = await broker.subscribed('-evt-')
  await worker.becomes(true)
  own.kafka.freeze()
  await worker.says('mqtt_overrun_held')
  // The second PINGREQ: the answer to the first one has been missed for as long as MQTT.js ever waits.
  await link.until('PINGREQ', ({ seen }) => seen.filter(({ packet }) => packet.cmd === 'pingreq').length >= 2)
  expect(await worker.metric('bridge_pending')).toBeLessThan(100)
  own.kafka.thaw()
  await link.until('all PUBACKs', ({ pubacks }) => pubacks.length === 400)
  expect(link.pubacks).toEqual(ids(400))
  expect(worker.lines('mqtt_overrun_released').length).toBeGreaterThan(0)
  expect(worker.lines('mqtt_disconnected')).toEqual([])
})

/** Promise 1 on a real broker, which repeats with DUP what it did not see acknowledged. */
test('a link cut while records are in flight loses nothing', async () => {
  const proxy = await FaultProxy.start(Number(new URL(sharedGround().mqttUrl).port))
  open.push(proxy)
  const names = new IngestNames('cut')
  await names.createTopics(own.kafka.brokers)
  const servers = { ...sharedGround(), kafkaBrokers: own.kafka.brokers, mqttUrl: `mqtt://127.0.0.1:${proxy.port}` }
  const worker = await IngestWorker.ready(ingestSettings(servers, names))
  open.push(worker)
  const device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name, inFlight: 100 })

  own.kafka.freeze()
  const sent = ids(400).map((id) => device.publish(evt(`CUT${id % 5}`), punch(id)))
  await worker.says('kafka_send_stalled')
  proxy.cut()
  const from = worker.now
  await worker.says('mqtt_subscribed', from)
  own.kafka.thaw()
  const more = ids(200, 401).map((id) => device.publish(evt(`CUT${id % 5}`), punch(id)))
  await Promise.all([...sent, ...more])
  await device.end()
  await untilRecords(own.kafka.brokers, [names.attendance], 600)
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  const stored = await storedIds(names.attendance)
  expect(new Set(stored)).toEqual(new Set(ids(600).map(String)))
  expect(stored.length - 600).toBeLessThanOrEqual(400)
})

describe('SIGTERM', () => {
  /**
   * Guards roles/ingest-role.ts `await withDeadline(sender.drained(), ...)` before `source.close`, and mqtt/connection.ts
   * `link.client.end(...)` with reading on until the broker has closed: seen to fail without the first, and with
   * `link.tap.destroy()` for the second.
   */
  test('finishes what is in flight, then DISCONNECT and FIN, with input still unread', async () => {
    const { broker, names, worker } = await start()
    const link = await broker.subscribed('-evt-')
    await worker.becomes(true)
    own.kafka.freeze()
    for (const id of ids(200)) link.publish(id, evt('SN1'), punch(id))
    await worker.says('kafka_send_stalled')
    worker.process.signal('SIGTERM')
    await worker.says('drain_step')
    // From here on everything is left to the broker.
    const stream = setInterval(() => {
      for (const id of ids(20, 1000)) link.publish(id, evt('SN1'), punch(`late${id}`))
    }, 1)
    own.kafka.thaw()
    await link.until('DISCONNECT', ({ seen }) => seen.some(({ packet }) => packet.cmd === 'disconnect'))
    await link.until('FIN', ({ end }) => end !== null)
    expect(link.end).toBe('fin')
    await link.until('nothing after it', ({ seen }) => seen.at(-1)?.packet.cmd === 'disconnect')
    clearInterval(stream)
    expect(link.pubacks).toEqual(ids(200))
    for (const each of broker.links) each.finish()
    expect(await worker.process.exited).toMatchObject({ code: 0 })
    expect(link.end).toBe('fin')
    const disconnect = link.seen.at(-1)?.packet
    expect(disconnect).toMatchObject({ cmd: 'disconnect', reasonCode: 0 })
    expect(disconnect).not.toHaveProperty('properties.sessionExpiryInterval', 0)
    expect(await storedIds(names.attendance)).toEqual(ids(200).map(String))
    expect(worker.lines('drain_cut')).toEqual([])
  })

  test('ends within drainSeconds when Kafka stays away, and leaves the rest to the broker', async () => {
    const { broker, worker } = await start({}, { worker: { drainSeconds: 4 } })
    const link = await broker.subscribed('-evt-')
    await worker.becomes(true)
    own.kafka.freeze()
    for (const id of ids(50)) link.publish(id, evt('SN1'), punch(id))
    await worker.says('kafka_send_stalled')
    const asked = performance.now()
    worker.process.signal('SIGTERM')
    await link.until('FIN', ({ end }) => end !== null)
    for (const each of broker.links) each.finish()
    expect(await worker.process.exited).toMatchObject({ code: 0 })
    // And what a busy machine takes to end a process; without the deadline it would wait for Kafka.
    expect(performance.now() - asked).toBeLessThan(12_000)
    expect(link.pubacks).toEqual([])
    expect(worker.lines('drain_cut')).toHaveLength(1)
  })
})
