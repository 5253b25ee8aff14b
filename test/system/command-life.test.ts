import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandRequestSchema } from '../../src/records/generated/command-request.ts'
import { CommandDevices } from '../kit/command-devices.ts'
import { CommandNames, commandSettings } from '../kit/command-names.ts'
import { produceCommands, produceRaw, StatusLog } from '../kit/command-records.ts'
import { foreignProduce } from '../kit/foreign/foreign.ts'
import { IngestWorker, soonMissed } from '../kit/ingest-worker.ts'
import { patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { avroValue, createTopics, readTopic, untilRecords, withAdmin } from '../kit/topic-reader.ts'

/** The life of a command on a real Kafka, registry and Mosquitto, with one worker of both roles for all tests. */
const names = new CommandNames('life')
const { kafkaBrokers: brokers, mqttUrl, registryUrl } = sharedGround()
let worker: IngestWorker
let devices: CommandDevices
let log: StatusLog

beforeAll(async () => {
  await names.create(brokers)
  worker = await IngestWorker.ready(commandSettings(sharedGround(), names), 'ingest,command')
  // Everything but the devices whose names begin with AWAY, so that 0x10 is said for those.
  devices = await CommandDevices.connect(mqttUrl, `${names.name}-devices`, ['LIFE1', 'LIFE2', 'LIFE3', 'CODEC'])
  log = await StatusLog.open(brokers, names.commandStatus)
})
afterAll(async () => {
  await log?.close()
  await devices?.close()
  await worker?.close()
})

const send = (...commands: Parameters<typeof produceCommands>[2]) => produceCommands(brokers, names.command, commands)

/** Guards engine/command-effects.ts `CommandMessage` and mqtt/outgoing-frame.ts `append`: seen to fail without the user property. */
test('a command is published with its properties, answered, and SUCCEEDED', async () => {
  const expiresAt = Date.now() + 30_000
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const command = { deviceSn: 'LIFE1', commandId: 'full-1', op: 'sync_user', data: { user_id: '1001' }, expiresAt }
  await produceCommands(brokers, names.command, [{ ...command, correlationId: 'corr' }], { traceparent })
  const { packet, text } = await devices.takes('full-1')
  expect(text).toBe('{"id":"full-1","op":"sync_user","data":{"user_id":"1001"}}')
  expect(packet).toMatchObject({ topic: 'api/mqtt/v1/LIFE1/cmd', qos: 1, retain: false })
  const { properties } = packet
  expect(properties).toMatchObject({ contentType: 'application/json' })
  expect(String(properties?.correlationData)).toBe('full-1')
  expect({ ...properties?.userProperties }).toEqual({ 'command-id': 'full-1', traceparent })
  expect(properties?.messageExpiryInterval).toBeGreaterThan(20)
  expect(properties?.messageExpiryInterval).toBeLessThanOrEqual(30)
  await log.until('full-1', 'PUBLISHED')
  await devices.say('LIFE1', 'evt', { id: 'full-1', op: 'sync_user', status: 'accepted' })
  await log.until('full-1', 'DELIVERED')
  await devices.say('LIFE1', 'evt', { id: 'full-1', op: 'sync_user', status: 'ok', data: { n: 1.5 } })
  const done = await log.until('full-1', 'SUCCEEDED')
  expect(done).toMatchObject({ deviceSn: 'LIFE1', op: 'sync_user', correlationId: 'corr', result: '{"n":1.5}' })
  expect(log.names('full-1')).toEqual(['ACCEPTED', 'PUBLISHED', 'DELIVERED', 'SUCCEEDED'])
})

test('a reply on st with an error makes it FAILED; of a sensitive command nothing is told', async () => {
  const data = { user_id: '1', type: 'face', format: 'x', data: 'c2VjcmV0dGVtcGxhdGU=' }
  await send(
    { deviceSn: 'LIFE1', commandId: 'err-1', op: 'enroll', data: { user_id: '1' } },
    { deviceSn: 'LIFE1', commandId: 'err-2', op: 'set_template', data },
  )
  await log.until('err-2', 'PUBLISHED')
  const answer = { op: 'enroll', status: 'error', code: -1005, message: 'busy c2VjcmV0dGVtcGxhdGU=', data }
  await devices.say('LIFE1', 'st', { id: 'err-1', ...answer })
  await devices.say('LIFE1', 'evt', { id: 'err-2', ...answer })
  expect(await log.until('err-1', 'FAILED')).toMatchObject({
    deviceCode: '-1005',
    message: expect.stringContaining('busy'),
  })
  expect(await log.until('err-2', 'FAILED')).toMatchObject({ deviceCode: '-1005', message: null, result: null })
  const secret = 'c2VjcmV0dGVtcGxhdGU'
  expect(JSON.stringify(log.of('err-2'))).not.toContain(secret)
  expect(worker.process.tail(10_000)).not.toContain(secret)
  expect((await worker.page('/metrics')).text).not.toContain(secret)
})

/** Guards kafka/codecs.ts: seen to fail for gzip when its `decompress` gives the bytes back as they are. */
test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'both value forms in a batch of codec %s by a foreign client',
  async (codec) => {
    const avro = { ...plainRequest, commandId: `avro-${codec}`, deviceSn: 'CODEC', data: '{"user_id":"7"}' }
    const json = { commandId: `json-${codec}`, deviceSn: 'CODEC', op: 'sync_user', data: { user_id: '7' } }
    const base64 = Buffer.from(JSON.stringify(json)).toString('base64')
    await foreignProduce({ brokers, registryUrl }, codec, [
      { topic: names.command, key: 'CODEC', avro, schema: commandRequestSchema, partition: 0 },
      { topic: names.command, key: 'CODEC', base64, partition: 0 },
    ])
    await log.until(`json-${codec}`, 'PUBLISHED')
    // The broker answers us before, or after, it has handed the message to the device.
    await devices.takes(`json-${codec}`)
    expect(log.names(`avro-${codec}`)).toEqual(['ACCEPTED', 'PUBLISHED'])
    expect(devices.of('CODEC').slice(-2)).toMatchObject([
      { text: `{"id":"avro-${codec}","op":"sync_user","data":{"user_id":"7"}}` },
      { text: `{"id":"json-${codec}","op":"sync_user","data":{"user_id":"7"}}` },
    ])
  },
)

/** Guards commands/command-partition.ts `COMMAND_UNREADABLE`: seen to fail when an unreadable value is ignored. */
test('values that nobody can read become dead letters without their bytes, and the offset moves on', async () => {
  const values = [
    Buffer.from('secret rubbish'),
    Buffer.from([0, 0, 0, 0, 1, 0xff]),
    Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]),
    null,
  ]
  await produceRaw(brokers, names.command, [
    ...values.map((value) => ({ key: 'LIFE2', value })),
    { key: 'LIFE2', value: JSON.stringify({ op: 'ping', commandId: 'after-rubbish' }) },
  ])
  await log.until('after-rubbish', 'PUBLISHED')
  await untilRecords(brokers, [names.deadLetter], 3)
  const letters = (await readTopic(brokers, names.deadLetter)).map((record) => avroValue('DeadLetter', record))
  expect(letters).toHaveLength(3)
  for (const letter of letters) {
    expect(letter).toMatchObject({
      reasonCode: 'COMMAND_UNREADABLE',
      deviceSn: 'LIFE2',
      payload: null,
      payloadRedacted: true,
    })
    expect(letter['mqttTopic']).toMatch(new RegExp(`^kafka:${names.command}/\\d+/\\d+$`))
  }
  expect(letters.map((letter) => letter['payloadSha256'])).toContain(sha256(values[0] as Buffer))
  await untilCommitted(await endsOf(names.command))
})

/** Guards commands/command-partition.ts `#repeat`: seen to fail when a repeat is accepted. */
test('a repeat is published once and its last status is told again, unchanged', async () => {
  await send({ deviceSn: 'LIFE3', commandId: 'twice', op: 'ping' })
  await log.until('twice', 'PUBLISHED')
  await send(
    { deviceSn: 'LIFE3', commandId: 'twice', op: 'ping' },
    { deviceSn: 'LIFE3', commandId: 'then', op: 'ping' },
  )
  await log.until('then', 'PUBLISHED')
  await devices.takes('then')
  expect(devices.of('LIFE3').map(({ id }) => id)).toEqual(['twice', 'then'])
  const [, first, again] = log.of('twice')
  expect(log.names('twice')).toEqual(['ACCEPTED', 'PUBLISHED', 'PUBLISHED'])
  expect(again).toEqual(first)
})

test('requests that may not be published are REJECTED or EXPIRED and never reach a topic', async () => {
  const spy = await CommandDevices.connect(mqttUrl, `${names.name}-spy`)
  await send(
    { deviceSn: 'LIFE1+', commandId: 'r-sn', op: 'ping' },
    { deviceSn: 'SPY1', commandId: 'r id', op: 'ping' },
    { deviceSn: 'SPY1', commandId: 'r-confirm', op: 'factory_reset' },
    { deviceSn: 'SPY1', commandId: 'r-late', op: 'ping', expiresAt: Date.now() - 1 },
    { deviceSn: 'SPY1', commandId: 'r-wait', op: 'ping', ifOffline: 'WAIT' },
  )
  await send(
    { deviceSn: 'LIFE1', commandId: 'r-end', op: 'ping' },
    { deviceSn: 'SPY1', commandId: 'r-end2', op: 'ping' },
  )
  for (const id of ['r-sn', 'r id', 'r-confirm', 'r-wait']) await log.until(id, 'REJECTED')
  await log.until('r-late', 'EXPIRED')
  await log.until('r-end', 'PUBLISHED')
  await log.until('r-end2', 'PUBLISHED')
  const codes = ['r-sn', 'r id', 'r-confirm', 'r-late', 'r-wait'].map((id) =>
    log.of(id).map(({ errorCode }) => errorCode),
  )
  expect(codes).toEqual([['SN_INVALID'], ['ID_INVALID'], ['CONFIRM_REQUIRED'], ['EXPIRED'], ['EXPIRY_REQUIRED']])
  await spy.takes('r-end')
  await spy.takes('r-end2')
  expect(spy.taken.map(({ id }) => id).sort()).toEqual(['r-end', 'r-end2'])
  await spy.close()
})

test('nobody there: NO_SUBSCRIBER, or WAITING until the device says that it is online, or EXPIRED in time', async () => {
  const expiresAt = Date.now() + 60_000
  const soon = Date.now() + 5000
  await send(
    { deviceSn: 'AWAY1', commandId: 'away-fail', op: 'ping' },
    { deviceSn: 'AWAY1', commandId: 'away-1', op: 'ping', ifOffline: 'WAIT', expiresAt },
    { deviceSn: 'AWAY1', commandId: 'away-2', op: 'ping', ifOffline: 'WAIT', expiresAt },
    { deviceSn: 'AWAY1', commandId: 'away-late', op: 'ping', ifOffline: 'WAIT', expiresAt: soon },
  )
  expect(await log.until('away-fail', 'NO_SUBSCRIBER')).toMatchObject({ errorCode: 'NO_SUBSCRIBER' })
  await log.until('away-2', 'WAITING')
  expect(await log.until('away-late', 'EXPIRED')).toMatchObject({ statusTime: soon, errorCode: 'EXPIRED' })
  const device = await CommandDevices.connect(mqttUrl, `${names.name}-away`, ['AWAY1'])
  await device.say('AWAY1', 'st', { online: true })
  expect(await log.until('away-2', 'PUBLISHED')).toMatchObject({ attempt: 2 })
  // The broker answers us before, or after, it has handed the message to the device.
  await device.until('the device has both', () => device.taken.length >= 2)
  expect(device.taken.map(({ id }) => id)).toEqual(['away-1', 'away-2'])
  expect(log.names('away-1')).toEqual(['ACCEPTED', 'WAITING', 'PUBLISHED'])
  await device.close()
})

/** Guards roles/command-role.ts `coPartitionCount`: seen to fail when it returns the first count. */
test('topics with different numbers of partitions end the start, and the line says which', async () => {
  const other = new CommandNames('uneven')
  await other.create(brokers, 3, { [other.presence]: 4 })
  const process = await IngestWorker.start(commandSettings(sharedGround(), other), 'command')
  const line = await process.says('process_failed')
  expect(line['code']).toBe('partitions_differ')
  expect(String(line['error'])).toContain(`${other.presence} 4`)
  expect((await process.process.exited).code).toBe(1)
  await process.close()
})

test('topics that come later are waited for', async () => {
  const late = new CommandNames('late')
  const waiting = await IngestWorker.start(commandSettings(sharedGround(), late), 'command')
  await waiting.says('kafka_topics_missing')
  await createTopics(
    brokers,
    [late.commandStatus, late.presence].map((topic) => ({ topic, partitions: 2 })),
  )
  await createTopics(
    brokers,
    [late.command, late.commandReply, late.deadLetter].map((topic) => ({ topic, partitions: 2 })),
  )
  await waiting.becomes(true)
  await waiting.close()
})

/** Guards kafka/group-source.ts `taken` for a member that is given nothing: seen to fail when only news are told. */
test('a worker more than there are partitions stands by and is ready, and takes over', async () => {
  const standby = new CommandNames('standby')
  await standby.create(brokers, 1)
  // The group's members are sorted by names that begin with their client ids: the first one is given the partition.
  const settings = (slot: number) =>
    commandSettings(sharedGround(), standby, { mqtt: { slot }, kafka: { ...soonMissed, clientId: `${slot}` } })
  const pair = [await IngestWorker.ready(settings(0), 'command'), await IngestWorker.ready(settings(1), 'command')]
  const other = await StatusLog.open(brokers, standby.commandStatus)
  await Promise.all(pair.map((each) => each.becomes(true)))
  const owner = pair.find((each) => each.lines('commands_restored').length > 0)
  await owner?.close()
  await produceCommands(brokers, standby.command, [{ deviceSn: 'LIFE1', commandId: 'standby', op: 'ping' }])
  await other.until('standby', 'PUBLISHED')
  await Promise.all([other.close(), ...pair.map((each) => each.close())])
})

/** Guards engine/partition-offsets.ts `settle`: seen to fail when the age of a request stays. */
test('the conservation gauge is level and the lag is zero when all is done', async () => {
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  await worker.untilMetric('bridge_command_lag_seconds', (lag) => lag === 0)
  expect(await worker.metric('bridge_conservation_difference')).toBe(0)
})

const plainRequest = {
  op: 'sync_user',
  sensitive: false,
  ifOffline: 'FAIL',
  requestedAt: 0,
  requestedBy: null,
  expiresAt: null,
  correlationId: null,
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function endsOf(topic: string): Promise<Map<number, string>> {
  const offsets = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic))
  return new Map(offsets.map(({ partition, high }) => [partition, high]))
}

/** Resolves when the group has committed these offsets of the command topic. Kafka tells nobody, so it is asked. */
async function untilCommitted(ends: ReadonlyMap<number, string>): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const asked = { groupId: `${names.name}-command`, topics: [names.command] }
    await expect
      .poll(async () => new Map((await admin.fetchOffsets(asked))[0]?.partitions.map((p) => [p.partition, p.offset])), {
        timeout: patienceMs,
      })
      .toEqual(ends)
  })
}
