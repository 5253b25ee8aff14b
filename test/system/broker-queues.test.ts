import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Certificates } from '../../scripts/ground/servers/certificates.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { EmqxRest, type RestClientEntry } from '../kit/emqx-rest.ts'
import { evt, IngestNames, IngestWorker, ingestSettings, punch, secretFile } from '../kit/ingest-worker.ts'
import { patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { untilRecords } from '../kit/topic-reader.ts'

/** The witness: what EMQX's REST API says of our sessions becomes metrics, and whatever it does disturbs nothing. */

const names = new IngestNames('queues')
let folder: string
let rest: EmqxRest
let worker: IngestWorker
let device: DeviceClient

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'queues-'))
  await names.createTopics(sharedGround().kafkaBrokers)
  const { ca, server } = await Certificates.make(folder)
  rest = await EmqxRest.start({ cert: await readFile(server.certificate), key: await readFile(server.key) })
  rest.clients = [session('evt-0'), session('st-0'), { clientid: 'device', connected: true, mqueue_len: 900 }]
  const settings = ingestSettings(sharedGround(), names, {
    emqx: {
      rest: {
        url: `https://127.0.0.1:${rest.port}`,
        apiKey: rest.key,
        secretFile: await secretFile(folder, 'secret', rest.secret),
        pollSeconds: 1,
        timeoutMs: 2500,
        tls: { caFile: ca },
      },
    },
  })
  worker = await IngestWorker.ready(settings)
  device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name, inFlight: 10 })
})
afterAll(async () => {
  await device.end()
  await worker.close()
  await rest.close()
  await rm(folder, { recursive: true })
})

function session(end: string, changes: Partial<RestClientEntry> = {}): RestClientEntry {
  const zeros = { mqueue_len: 0, mqueue_max: 1000, mqueue_dropped: 0, inflight_cnt: 0, inflight_max: 32, send_msg: 0 }
  return { clientid: `bridge-${names.name}-${end}`, connected: true, ...zeros, ...changes }
}

const queue = (gauge: string, kind = 'evt'): string => `bridge_broker_${gauge}{sessions="${kind}"}`

/** Guards roles/broker-queues.ts and emqx/queue-watch.ts: which sessions are ours, which numbers go where. */
test('a growing queue shows how long it will last, sessions of workers that are away included', async () => {
  expect(await worker.says('broker_api_answers')).toMatchObject({ level: 'info', sessions: 2 })
  expect(await worker.untilMetric('bridge_broker_api_available', (up) => up === 1)).toBe(1)
  await worker.untilMetric(queue('until_drop_seconds', 'st'), (seconds) => seconds === Number.POSITIVE_INFINITY)
  const away = session('evt-1', { connected: false, mqueue_len: 600, inflight_cnt: 32 })
  rest.clients = [session('evt-0', { inflight_cnt: 16 }), away, session('st-0')]
  await worker.untilMetric(queue('queue_messages'), (messages) => messages === 600)
  rest.clients = [session('evt-0', { inflight_cnt: 16 }), { ...away, mqueue_len: 800 }, session('st-0')]
  await worker.untilMetric(queue('queue_messages'), (messages) => messages === 800)
  const seen = await worker.metrics()
  // Room for 200; 200 came in one to a few seconds.
  expect(seen.get(queue('until_drop_seconds'))).toBeGreaterThan(0)
  expect(seen.get(queue('until_drop_seconds'))).toBeLessThan(20)
  expect(seen.get(queue('outage_budget_seconds'))).toBeLessThan(20)
  expect(seen.get(queue('queue_limit_messages'))).toBe(1000)
  expect(seen.get(queue('queue_used_ratio'))).toBe(0.8)
  expect(seen.get(queue('inflight_used_ratio'))).toBe(0.5)
  expect(seen.get('bridge_broker_sessions{sessions="evt",state="away"}')).toBe(1)
  expect(seen.get('bridge_broker_sessions{sessions="evt",state="connected"}')).toBe(1)
  expect(seen.get(queue('queue_messages', 'st'))).toBe(0)
})

test('dropped messages are said once, and when it is over', async () => {
  const full = (dropped: number) => [session('evt-0', { mqueue_len: 1000, mqueue_dropped: dropped }), session('st-0')]
  rest.clients = full(0)
  await worker.untilMetric(queue('until_drop_seconds'), (seconds) => seconds === 0)
  rest.clients = full(40)
  const line = await worker.says('broker_queue_dropped')
  expect(line).toMatchObject({ level: 'error', connection: `bridge-${names.name}-evt-0`, dropped: 40, total: 40 })
  expect(await worker.metric(queue('queue_dropped_messages'))).toBe(40)
  expect(await worker.says('broker_queue_kept')).toMatchObject({ level: 'info', total: 40 })
  expect(worker.lines('broker_queue_dropped')).toHaveLength(1)
})

/** Guards queue-watch.ts: the numbers go, one line comes, the bridge goes on; and it comes back by itself. */
test('an API that is wrong, frozen or refuses the key disturbs nothing', async () => {
  const failed = async (wanted: string, from: number) => {
    const line = await worker.process.log(
      (l) => l['event'] === 'broker_api_failed' && l['code'] === wanted,
      patienceMs,
      from,
    )
    expect(line).toMatchObject({ level: 'warn' })
    const seen = await worker.metrics()
    expect(seen.get('bridge_broker_api_available')).toBe(0)
    // An old number would be taken for a new one.
    expect([...seen.keys()].filter((series) => series.startsWith('bridge_broker_queue'))).toEqual([])
  }
  let sent = 0
  for (const mood of ['html', 'frozen', 'half', 'key', 'unavailable'] as const) {
    const from = worker.now
    if (mood === 'key') rest.secret = 'another secret'
    else rest.mood = mood
    const codes = {
      html: 'unreadable',
      frozen: 'no_answer',
      half: 'no_answer',
      key: 'not_authorized',
      unavailable: 'refused',
    }
    // `half` is the same failure as `frozen` before it: no second line.
    if (mood !== 'half') await failed(codes[mood], from)
    sent += 1
    await device.publish(evt('QUEUES'), punch(sent))
    await untilRecords(sharedGround().kafkaBrokers, [names.attendance], sent)
    rest.secret = mood === 'key' ? 'right secret' : rest.secret
  }
  const from = worker.now
  rest.mood = 'right'
  expect(await worker.says('broker_api_answers', from)).toMatchObject({ level: 'info' })
  await worker.untilMetric('bridge_broker_api_available', (up) => up === 1)
  const lines = worker.lines('broker_api_failed').map(({ code }) => code)
  expect(lines).toEqual(['unreadable', 'no_answer', 'not_authorized', 'refused'])
  expect(JSON.stringify(worker.process.logs)).not.toContain('right secret')
})

test('a stop waits for no answer', async () => {
  rest.mood = 'frozen'
  const asked = rest.asked.length
  await expect.poll(() => rest.asked.length, { timeout: patienceMs }).toBeGreaterThan(asked)
  const began = performance.now()
  expect((await worker.process.stop()).code).toBe(0)
  // Less than it has for what is under way.
  expect(performance.now() - began).toBeLessThan(20_000)
})
