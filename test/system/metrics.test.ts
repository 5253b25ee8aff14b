import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { untilRecords } from '../kit/topic-reader.ts'

/** Promise 2, and that no serial, user or text of a device ever becomes a label. */

const names = new IngestNames('series')
let worker: IngestWorker
let device: DeviceClient

beforeAll(async () => {
  await names.createTopics(sharedGround().kafkaBrokers)
  worker = await IngestWorker.ready(ingestSettings(sharedGround(), names))
  device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name, inFlight: 200 })
})
afterAll(async () => {
  await device.end()
  await worker.close()
})

/** One of each kind from one device. */
async function oneOfEach(serial: string): Promise<void> {
  await Promise.all([
    device.publish(evt(serial), punch(1)),
    device.publish(evt(serial), `{"user_id":"${serial}"}`),
    device.publish(`api/mqtt/v1/${serial}/st`, 'online'),
    device.publish(`api/mqtt/v1/${serial}/st`, ''),
  ])
}

/** Series that Node.js makes of itself appear when they first have something to say: each kind of collection, for one. */
async function ownSeries(): Promise<readonly string[]> {
  return [...(await worker.metrics()).keys()].filter((series) => series.startsWith('bridge_')).sort()
}

/**
 * Guards flow/pump.ts counting what is ignored, and observe/events: labels come from closed
 * sets.
 */
test('10,000 devices make no new series, and everything is accounted for at any moment', async () => {
  await oneOfEach('FIRST')
  await untilRecords(sharedGround().kafkaBrokers, names.written, 3)
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  const before = await ownSeries()

  const done = new AbortController()
  const differences: number[] = []
  const scraping = (async () => {
    while (!done.signal.aborted) {
      differences.push(await worker.metric('bridge_conservation_difference'))
      await pause(100)
    }
  })()
  const serials = Array.from({ length: 10_000 }, (_, i) => `SERIES${i}`)
  await Promise.all(serials.map((serial) => oneOfEach(serial)))
  await untilRecords(sharedGround().kafkaBrokers, names.written, 30_003, 60_000)
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  done.abort()
  await scraping

  expect(await ownSeries()).toEqual(before)
  expect(differences.length).toBeGreaterThan(5)
  expect(differences.filter((difference) => difference !== 0)).toEqual([])
  expect(await worker.metric('bridge_mqtt_acknowledged_total')).toBe(40_004)
  const { text } = await worker.page('/metrics')
  expect(text).not.toContain('SERIES')
})

test('promtool finds nothing to say about the names', async () => {
  const { text } = await worker.page('/metrics')
  const said = await new Promise<string>((resolve, reject) => {
    const child = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) => {
      if (error !== null && error.code === 'ENOENT') {
        reject(new Error('promtool is not there; install it with: apt-get install --no-install-recommends prometheus'))
      } else {
        resolve(`${stdout}${stderr}${error === null ? '' : `exit ${error.code}`}`)
      }
    })
    child.stdin?.end(text)
  })
  expect(said).toBe('')
})
