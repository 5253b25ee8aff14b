import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { Certificates } from '../../scripts/ground/servers/certificates.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { LogLine } from '../kit/bridge-process.ts'
import { DeviceClient } from '../kit/device-client.ts'
import {
  evt,
  IngestNames,
  IngestWorker,
  ingestSettings,
  punch,
  type SettingsTree,
  secretFile,
} from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { untilRecords } from '../kit/topic-reader.ts'

/** TLS and SASL towards a Kafka of this file's own. */

const username = 'bridge'
const password = 'kafka-pass-93be40'
const names = new IngestNames('sasl')
let ground: Ground
let kafka: KafkaServer
let tls: SettingsTree
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  kafka = await ground.kafka({ users: [{ name: username, password }], tls: 'server' })
  tls = { enabled: true, caFile: (await ground.certificates()).ca }
  await names.createTopics(kafka.brokers)
})
afterAll(async () => {
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(settings: SettingsTree): Promise<IngestWorker> {
  const worker = await IngestWorker.start(ingestSettings(sharedGround(), names, { kafka: settings }))
  open.push(worker)
  return worker
}

async function everythingSaid(worker: IngestWorker): Promise<string> {
  const pages = await Promise.all(['/readyz', '/livez', '/startupz', '/metrics'].map((path) => worker.page(path)))
  return [JSON.stringify(worker.process.logs), ...worker.process.text, ...pages.map(({ text }) => text)].join('\n')
}

/** A Kafka that has just started may be too slow for its first connection, and that is said before. */
async function unreachable(worker: IngestWorker, code: string): Promise<LogLine> {
  return worker.process.log((line) => line['event'] === 'kafka_unreachable' && line['code'] === code)
}

let stored = 0
test.each([
  ['plain', 'plain text'],
  ['scram-sha-256', 'TLS'],
  ['scram-sha-512', 'TLS'],
])('%s over %s, the password from a file', async (mechanism, how) => {
  const passwordFile = await secretFile(ground.folder, 'kafka-password', password)
  const sasl = { mechanism, username, passwordFile }
  const brokers = how === 'TLS' ? { brokers: kafka.tlsBrokers, tls } : { brokers: kafka.saslBrokers }
  const worker = await start({ ...brokers, sasl })
  await worker.becomes(true)
  const device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name })
  await device.publish(evt('SASL'), punch(1))
  await device.end()
  stored += 1
  await untilRecords(kafka.brokers, [names.attendance], stored)
  expect(await everythingSaid(worker)).not.toContain(password)
})

/** Guards kafka/errors.ts naming authentication. */
test.each(['plain', 'scram-sha-512'] as const)(
  'a wrong password with %s: not ready, said, tried again, shown nowhere',
  async (mechanism) => {
    const wrong = 'wrong-pass-0d51e8'
    const worker = await start({ brokers: kafka.saslBrokers, sasl: { mechanism, username, password: wrong } })
    expect(await unreachable(worker, 'authentication')).toMatchObject({ level: 'warn' })
    expect((await worker.page('/readyz')).status).toBe(503)
    const found = await worker.untilCondition('ingest.kafka', ({ reason }) => reason !== 'not yet')
    expect(found.holds).toBe(false)
    expect(worker.process.exit).toBe(null)
    expect(await everythingSaid(worker)).not.toContain(wrong)
  },
)

/** Guards kafka/errors.ts naming the certificate, and kafka/client.ts `retry`: with kafkajs' own it is `timeout`. */
test('a server certificate of another authority is refused, and the log says that it is the certificate', async () => {
  const { ca } = await Certificates.make(ground.folder, 'other')
  const sasl = { mechanism: 'plain', username, password }
  const worker = await start({ brokers: kafka.tlsBrokers, tls: { enabled: true, caFile: ca }, sasl })
  expect(await unreachable(worker, 'certificate')).toMatchObject({ level: 'warn', part: 'topics' })
  expect((await worker.page('/readyz')).status).toBe(503)
  expect(await everythingSaid(worker)).not.toContain(password)
})
