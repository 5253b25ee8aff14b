import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { RegistryServer } from '../../scripts/ground/servers/registry.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { readTopic, untilRecords } from '../kit/topic-reader.ts'

/** Promise 3 for the schema registry. It is this file's own. */

let ground: Ground
let registry: RegistryServer
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  registry = await ground.registry()
})
afterAll(async () => {
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function prepare() {
  const names = new IngestNames('registry')
  await names.createTopics(sharedGround().kafkaBrokers)
  const settings = ingestSettings({ ...sharedGround(), registryUrl: registry.url }, names)
  const device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name })
  open.push({ close: () => device.end() })
  return { names, settings, device }
}

/**
 * Guards kafka/encodings.ts asking for ids at start and kafka/record-batch.ts `#encode` using them without a question.
 */
test.each(['killed', 'frozen'] as const)('a registry %s after the start stops nothing', async (how) => {
  const { names, settings, device } = await prepare()
  const worker = await IngestWorker.ready(settings)
  open.push(worker)
  if (how === 'frozen') registry.freeze()
  else await registry.kill()
  try {
    const kinds = [
      [evt('REG1'), punch(1)],
      [evt('REG1'), 'poison'],
      ['api/mqtt/v1/REG1/st', 'online'],
    ] as const
    await Promise.all(kinds.map(([topic, payload]) => device.publish(topic, payload)))
    await untilRecords(sharedGround().kafkaBrokers, names.written, 3)
    await worker.untilMetric('bridge_pending', (pending) => pending === 0)
    for (const topic of [names.attendance, names.deadLetter, names.presence]) {
      expect(await readTopic(sharedGround().kafkaBrokers, topic)).toHaveLength(1)
    }
    expect((await worker.page('/readyz')).status).toBe(200)
    expect(worker.lines('mqtt_disconnected')).toEqual([])
  } finally {
    if (how === 'frozen') registry.thaw()
    else await registry.start()
  }
})

/** Guards roles/kafka-side.ts `untilItWorks(() => resolveEncodings(...))`: seen to fail when the first no ends it. */
test.each(['down', 'frozen'] as const)(
  'a registry %s at the start: not ready, and it starts when it comes',
  async (how) => {
    const { names, settings, device } = await prepare()
    if (how === 'frozen') registry.freeze()
    else await registry.kill()
    const worker = await IngestWorker.start(settings)
    open.push(worker)
    await worker.says('registry_failed')
    const found = await worker.untilCondition('ingest.registry', ({ reason }) => reason !== 'not yet')
    expect(found.holds).toBe(false)
    expect((await worker.page('/readyz')).status).toBe(503)
    expect((await worker.page('/startupz')).status).toBe(503)
    expect((await worker.page('/livez')).status).toBe(200)
    if (how === 'frozen') registry.thaw()
    else await registry.start()
    await worker.becomes(true)
    await device.publish(evt('REG2'), punch(1))
    await untilRecords(sharedGround().kafkaBrokers, [names.attendance], 1)
    // One line when it went, one when it came.
    expect(worker.lines('registry_failed').filter(({ level }) => level === 'warn').length).toBeLessThanOrEqual(2)
  },
)

/** A registry that says no is another thing than one that says nothing: no schema there, and `check` is asked for. */
test('a schema that is not there ends the start with a word on what to do', async () => {
  const { settings } = await prepare()
  const worker = await IngestWorker.start({ ...settings, registry: { url: registry.url, register: 'check' } })
  open.push(worker)
  const exit = await worker.process.exited
  expect(exit.code).toBeGreaterThan(0)
  const { error } = await worker.says('process_failed')
  expect(String(error)).toMatch(/schema.*missing.*bridge schemas register/)
})
