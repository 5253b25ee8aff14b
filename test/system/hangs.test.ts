import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { projectFolder } from '../../scripts/ground/place.ts'
import { BridgeProcess } from '../kit/bridge-process.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch } from '../kit/ingest-worker.ts'
import { ownKafka } from '../kit/own-kafka.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** What hangs turns /livez red and says what it was; an outage of somebody else does not. */

const own = ownKafka()
const { open } = own

async function group(what: string) {
  const names = new IngestNames(what)
  await names.createTopics(own.kafka.brokers)
  const servers = { ...sharedGround(), kafkaBrokers: own.kafka.brokers }
  const settings = ingestSettings(servers, names, { worker: { stallSeconds: 2 } })
  const device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name, inFlight: 50 })
  open.push({ close: async () => device.end() })
  const publish = async (ids: readonly number[]) => Promise.all(ids.map((id) => device.publish(evt('HANG'), punch(id))))
  return { names, settings, publish }
}

/** A program that runs before the bridge in its process, and puts a bug into it. */
async function sabotage(lines: string): Promise<Readonly<Record<string, string>>> {
  const holder = await BridgeProcess.start({ args: ['version'] })
  open.push(holder)
  const file = join(holder.folder, 'sabotage.mjs')
  const dist = pathToFileURL(join(projectFolder(), 'dist/')).href
  await writeFile(file, lines.replaceAll('DIST/', dist))
  return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` }
}

/**
 * Guards roles/ingest-role.ts `watchWork(this.name, 'mqtt_source', ...)` and observe/watchdog.ts.
 */
test('a window that leaks is a hang: /livez turns red, and one line says which connection', async () => {
  const { names, settings, publish } = await group('leak')
  const env = await sabotage(`
    import { AckWindow } from 'DIST/flow/ack-window.js'
    const settle = AckWindow.prototype.settle
    AckWindow.prototype.settle = function (sequence) { if (sequence !== 3) settle.call(this, sequence) }
  `)
  const worker = await IngestWorker.start(settings, 'ingest', env)
  open.push(worker)
  await worker.becomes(true)
  expect((await worker.page('/livez')).status).toBe(200)
  await publish([1, 2, 3, 4, 5, 6, 7])
  const line = await worker.says('watchdog_stalled')
  expect(line).toMatchObject({ level: 'error', part: 'mqtt_source', pending: 4 })
  expect(String(line['what'])).toMatch(
    `bridge-${names.name}-evt-0 link 1: 4 pending, 3 acknowledged, the oldest has waited`,
  )
  const live = await worker.page('/livez')
  expect(live.status).toBe(503)
  expect(live.text).toContain('nothing finishes: mqtt_source')
  expect(worker.lines('watchdog_stalled')).toHaveLength(1)
  expect(await worker.metric('bridge_watchdog_stalls_total{part="mqtt_source"}')).toBe(1)
})

/** Guards roles/progress.ts `connected: () => deps.ready.holdAll(...)` and `done: writer.ended`. */
test('a Kafka that is frozen is no hang', async () => {
  const { settings, publish } = await group('frozen')
  const worker = await IngestWorker.start(settings)
  open.push(worker)
  await worker.becomes(true)
  own.kafka.freeze()
  const sent = publish([1, 2, 3])
  await worker.says('kafka_send_stalled')
  await sent
  // Longer than work.stallSeconds: an attempt has been given up meanwhile.
  await worker.says('kafka_producer_replaced')
  expect((await worker.page('/livez')).status).toBe(200)
  own.kafka.thaw()
  await worker.untilMetric('bridge_mqtt_acknowledged_total', (count) => count === 3)
  expect(worker.lines('watchdog_stalled')).toEqual([])
})
