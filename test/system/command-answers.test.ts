import { setTimeout as pause } from 'node:timers/promises'
import type { IPublishPacket } from 'mqtt-packet'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CommandNames, commandSettings } from '../kit/command-names.ts'
import { produceCommands, StatusLog } from '../kit/command-records.ts'
import { IngestWorker } from '../kit/ingest-worker.ts'
import { Latch, patienceMs } from '../kit/latch.ts'
import { ScriptedBroker, type ScriptedLink } from '../kit/scripted-broker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { withAdmin } from '../kit/topic-reader.ts'

/** What the command worker makes of what a broker answers, by a broker that answers what a test tells it. */
const names = new CommandNames('answers')
const { kafkaBrokers: brokers } = sharedGround()
const receiveMaximum = 5
const maximumPacketSize = 2000

interface Publication {
  readonly id: string
  readonly deviceSn: string
  readonly packet: IPublishPacket
  readonly link: ScriptedLink
  /** Which publication of this id it is, from 0. */
  readonly nth: number
  readonly at: number
}

const latch = new Latch()
const published: Publication[] = []
let broker: ScriptedBroker
let worker: IngestWorker
let log: StatusLog
/** The reason code of a publication; null answers nothing. */
let answer: (publication: Publication) => number | null = () => 0
let isAway = false
const open: { close(): Promise<unknown> }[] = []

const ids = () => published.map(({ id }) => id)
const timesOf = (id: string) => published.filter((each) => each.id === id).map(({ at }) => at)
const send = (...commands: Parameters<typeof produceCommands>[2]) => produceCommands(brokers, names.command, commands)
const until = (what: string, holds: () => boolean) => latch.until(what, holds, patienceMs)

beforeAll(async () => {
  await names.create(brokers)
  broker = await ScriptedBroker.start({
    connack: () => (isAway ? { reasonCode: 0x88 } : { properties: { receiveMaximum, maximumPacketSize } }),
    publish: (packet, link) => {
      const { id } = JSON.parse(String(packet.payload)) as { id: string }
      const deviceSn = packet.topic.split('/')[3] ?? ''
      const nth = published.filter((each) => each.id === id).length
      const publication = { id, deviceSn, packet, link, nth, at: Date.now() }
      published.push(publication)
      const code = answer(publication)
      if (code !== null) puback(publication, code)
      latch.look()
    },
  })
  const settings = commandSettings({ ...sharedGround(), mqttUrl: broker.url }, names, {
    commands: { pubackTimeoutMs: 1500 },
  })
  worker = await IngestWorker.ready(settings, 'command')
  log = await StatusLog.open(brokers, names.commandStatus)
})
beforeEach(() => {
  published.length = 0
  answer = () => 0
})
afterAll(async () => {
  for (const each of open.reverse()) await each.close()
  await log?.close()
  await worker?.close()
  await broker?.close()
})

function puback({ link, packet }: Publication, reasonCode: number): void {
  link.send({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode })
}

/** Guards mqtt/publisher.ts `temporary` and mqtt/tap.ts `#puback`: seen to fail without either. */
test('every reason code leads to its next step', async () => {
  const codes: Record<string, number[]> = {
    R00: [0],
    R10: [0x10],
    R87: [0x87],
    R90: [0x90],
    R99: [0x99],
    R97: [0x97, 0x97, 0x97, 0x97],
    R83: [0x83, 0],
    R80: [0x80, 0x10],
  }
  answer = ({ deviceSn, nth }) => codes[deviceSn]?.[nth] ?? 0xff
  await send(...Object.keys(codes).map((deviceSn) => ({ deviceSn, commandId: `code-${deviceSn}`, op: 'ping' })))
  await log.until('code-R97', 'FAILED')
  const ends = Object.keys(codes).map((sn) => {
    const last = log.of(`code-${sn}`).at(-1)
    return [sn, last?.status, last?.errorCode, last?.message, timesOf(`code-${sn}`).length]
  })
  expect(ends).toEqual([
    ['R00', 'PUBLISHED', null, null, 1],
    ['R10', 'NO_SUBSCRIBER', 'NO_SUBSCRIBER', null, 1],
    ['R87', 'FAILED', 'BROKER_REFUSED', '0x87', 1],
    ['R90', 'FAILED', 'BROKER_REFUSED', '0x90', 1],
    ['R99', 'FAILED', 'BROKER_REFUSED', '0x99', 1],
    ['R97', 'FAILED', 'BROKER_REFUSED', '0x97', 4],
    ['R83', 'PUBLISHED', null, null, 2],
    ['R80', 'NO_SUBSCRIBER', 'NO_SUBSCRIBER', null, 2],
  ])
  const [first = 0, second = 0, third = 0, fourth = 0] = timesOf('code-R97')
  // A busy machine adds to each wait, less than the next one is longer; a timer may fire a millisecond early.
  for (const [ms, seconds] of [
    [second - first, 1],
    [third - second, 2],
    [fourth - third, 4],
  ] as const) {
    expect(ms).toBeGreaterThan(1000 * seconds - 20)
    expect(ms).toBeLessThan(2000 * seconds)
  }
})

/** Guards mqtt/publisher.ts `#window`: seen to fail with `maxInFlight` alone. */
test('never more in flight than the Receive Maximum of CONNACK allows', async () => {
  const held: Publication[] = []
  answer = (publication) => {
    held.push(publication)
    return null
  }
  const commands = Array.from({ length: 23 }, (_, i) => ({ deviceSn: `WIN${i}`, commandId: `win-${i}`, op: 'ping' }))
  await send(...commands)
  let most = 0
  for (let done = 0; done < commands.length; done += 1) {
    await until(`publication ${done}`, () => held.length > 0)
    most = Math.max(most, held.length)
    if (done === 0) await until('the window is full', () => held.length >= receiveMaximum)
    puback(held.shift() as Publication, 0)
  }
  for (const { commandId } of commands) await log.until(commandId, 'PUBLISHED')
  expect(most).toBeLessThanOrEqual(receiveMaximum)
  expect(published).toHaveLength(commands.length)
})

/** Guards mqtt/publisher.ts `#queues`: seen to fail when `send` does not wait behind the first of its key. */
test('to one device one after the other, each after the answer to the one before; a refused one holds the others', async () => {
  const order = Array.from({ length: 8 }, (_, i) => `order-${i}`)
  answer = ({ id, nth }) => (id === 'order-2' && nth === 0 ? 0x97 : 0)
  await send(...order.map((commandId) => ({ deviceSn: 'ORDER', commandId, op: 'ping' })))
  await log.until('order-7', 'PUBLISHED')
  expect(ids()).toEqual(['order-0', 'order-1', 'order-2', 'order-2', ...order.slice(3)])
})

/** Guards mqtt/publisher.ts `#tick`: seen to fail without `tap.destroy()`. */
test('no answer at all: the connection is given up and everything is published again with the same id', async () => {
  answer = ({ nth }) => (nth === 0 ? null : 0)
  await send(
    { deviceSn: 'MUTE1', commandId: 'mute-1', op: 'ping' },
    { deviceSn: 'MUTE2', commandId: 'mute-2', op: 'ping' },
  )
  await log.until('mute-1', 'PUBLISHED')
  await log.until('mute-2', 'PUBLISHED')
  expect(ids().sort()).toEqual(['mute-1', 'mute-1', 'mute-2', 'mute-2'])
  expect(new Set(published.map(({ link }) => link)).size).toBe(2)
  expect(log.names('mute-1')).toEqual(['ACCEPTED', 'PUBLISHED'])
})

/**
 * Guards engine/command-worker.ts `#mqttUp` (`#steer` and `#hasRoom`) and mqtt/publisher.ts `#expire`: seen to fail
 * without each.
 */
test('while the broker is away no command is read, expiries go on, and nothing is published late', async () => {
  answer = () => null
  const [soon, later] = [Date.now() + 4000, Date.now() + 600_000]
  await send(
    { deviceSn: 'DOWN1', commandId: 'down-unacked', op: 'ping', expiresAt: later },
    { deviceSn: 'DOWN2', commandId: 'down-dies', op: 'ping', expiresAt: soon },
    { deviceSn: 'DOWN2', commandId: 'down-behind', op: 'ping', expiresAt: soon },
  )
  await until('both are out', () => ids().includes('down-unacked') && ids().includes('down-dies'))
  isAway = true
  const from = worker.now
  for (const { link } of published) link.cut()
  await worker.becomes(false, from)
  await send(
    { deviceSn: 'DOWN3', commandId: 'down-unread', op: 'ping', expiresAt: Date.now() + 1000 },
    { deviceSn: 'DOWN4', commandId: 'down-after', op: 'ping', expiresAt: later },
  )
  const dead = await log.until('down-dies', 'EXPIRED')
  await log.until('down-behind', 'EXPIRED')
  expect(dead.statusTime - soon).toBeGreaterThanOrEqual(0)
  // While the broker is still away, and not only at the next message.
  expect(dead.statusTime - soon).toBeLessThan(10_000)
  expect([...log.names('down-unread'), ...log.names('down-after')]).toEqual([])
  answer = () => 0
  isAway = false
  await log.until('down-after', 'PUBLISHED')
  await log.until('down-unacked', 'PUBLISHED')
  await log.until('down-unread', 'EXPIRED')
  // Whatever comes late would come now.
  await pause(500)
  const times = Object.fromEntries(ids().map((id) => [id, timesOf(id).length]))
  expect(times).toEqual({ 'down-unacked': 2, 'down-dies': 1, 'down-after': 1 })
  expect(log.names('down-unacked')).toEqual(['ACCEPTED', 'PUBLISHED'])
  expect(log.names('down-dies')).toEqual(['ACCEPTED', 'EXPIRED'])
})

/**
 * Guards engine/command-engine.ts `#askForEnds`, engine/partition-offsets.ts `lag` and mqtt/publisher.ts `requestedAt`:
 * seen to fail without each.
 */
test('what lies unread while the broker is away is lag, and ages are told once it is sent', async () => {
  const sent = 'bridge_command_age_at_publish_seconds'
  await send({ deviceSn: 'LAG0', commandId: 'lag-first', op: 'ping' })
  await log.until('lag-first', 'PUBLISHED')
  await worker.untilMetric('bridge_mqtt_publish_window', (window) => window === receiveMaximum)
  isAway = true
  const from = worker.now
  for (const { link } of published) link.cut()
  await worker.becomes(false, from)
  await worker.untilMetric('bridge_mqtt_publish_window', (window) => window === 0)
  const [countBefore, sumBefore] = [await worker.metric(`${sent}_count`), await worker.metric(`${sent}_sum`)]
  const ids = ['lag-1', 'lag-2', 'lag-3']
  await send(...ids.map((commandId) => ({ deviceSn: 'LAG1', commandId, op: 'ping' })))
  await worker.untilMetric('bridge_command_lag_records', (records) => records === ids.length)
  await worker.untilMetric('bridge_command_lag_seconds', (seconds) => seconds >= 1)
  isAway = false
  for (const id of ids) await log.until(id, 'PUBLISHED')
  await worker.untilMetric('bridge_command_lag_records', (records) => records === 0)
  await worker.untilMetric('bridge_command_lag_seconds', (seconds) => seconds === 0)
  await worker.untilMetric(`${sent}_count`, (count) => count === countBefore + ids.length)
  // Each was at least a second old.
  expect((await worker.metric(`${sent}_sum`)) - sumBefore).toBeGreaterThan(ids.length)
})

/** Guards mqtt/publisher.ts `#write`: seen to fail without its look at the clock. */
test('a message whose turn comes after its expiry is not sent', async () => {
  answer = ({ id }) => (id.startsWith('first') ? null : 0)
  const base = Date.now() + 900
  const turns = Array.from({ length: receiveMaximum }, (_, i) => ({ deviceSn: `TURN${i}`, due: base + i * 130 }))
  await send(...turns.map(({ deviceSn }) => ({ deviceSn, commandId: `first-${deviceSn}`, op: 'ping' })))
  await send(
    ...turns.map(({ deviceSn, due }) => ({ deviceSn, commandId: `second-${deviceSn}`, op: 'ping', expiresAt: due })),
  )
  await until('all are out', () => published.length === turns.length)
  await Promise.all(
    turns.map(async ({ deviceSn, due }) => {
      await pause(Math.max(0, due - Date.now()) + 3)
      const first = published.find((each) => each.deviceSn === deviceSn)
      if (first !== undefined) puback(first, 0)
    }),
  )
  for (const { deviceSn } of turns) await log.until(`second-${deviceSn}`, 'EXPIRED')
  expect(ids().filter((id) => id.startsWith('second'))).toEqual([])
})

/** Guards mqtt/publisher.ts `#write`: sent, each try would end the connection for all commands. */
test('what is larger than the packets that the broker takes is refused without being sent', async () => {
  const data = { user_id: '1', text: 'x'.repeat(maximumPacketSize) }
  await send({ deviceSn: 'BIG1', commandId: 'big', op: 'sync_user', data: JSON.stringify(data) })
  await send({ deviceSn: 'BIG1', commandId: 'after-big', op: 'ping' })
  expect(await log.until('big', 'FAILED')).toMatchObject({ errorCode: 'BROKER_REFUSED', message: '0x95', attempt: 1 })
  await log.until('after-big', 'PUBLISHED')
  expect(ids()).toEqual(['after-big'])
})

/** Guards engine/command-effects.ts `ticket.hold()` of a publication: seen to fail (it is committed) without it. */
test('what is not answered when its worker stops is not committed, and published by the next one', async () => {
  const own = new CommandNames('unanswered')
  await own.create(brokers, 1)
  const settings = commandSettings({ ...sharedGround(), mqttUrl: broker.url }, own, { worker: { drainSeconds: 1 } })
  const [first, statuses] = await Promise.all([
    IngestWorker.ready(settings, 'command'),
    StatusLog.open(brokers, own.commandStatus),
  ])
  open.push(first, statuses)
  answer = ({ id, nth }) => (id === 'mute' && nth === 0 ? null : 0)
  await produceCommands(brokers, own.command, [
    { deviceSn: 'MUTE1', commandId: 'answered', op: 'ping' },
    { deviceSn: 'MUTE1', commandId: 'mute', op: 'ping' },
    { deviceSn: 'MUTE2', commandId: 'beside', op: 'ping' },
  ])
  await statuses.until('answered', 'PUBLISHED')
  await statuses.until('mute', 'ACCEPTED')
  await statuses.until('beside', 'PUBLISHED')
  expect((await first.process.stop()).signal).toBe(null)
  const asked = { groupId: `${own.name}-command`, topics: [own.command] }
  const committed = await withAdmin(brokers, (admin) => admin.fetchOffsets(asked))
  expect(committed[0]?.partitions[0]?.offset).toBe('1')

  const next = await IngestWorker.ready(settings, 'command')
  open.push(next)
  await statuses.until('mute', 'PUBLISHED')
  expect(timesOf('mute')).toHaveLength(2)
})
