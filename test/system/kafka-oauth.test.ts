import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { diagnose } from '../kit/doctor.ts'
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
import { TokenIssuer } from '../kit/token-issuer.ts'
import { avroValue, readTopic, untilRecords } from '../kit/topic-reader.ts'

/** SASL OAUTHBEARER towards a real Kafka, which ends a connection when its token has ended. */

const client = { id: 'bridge:client', secret: 'oauth-secret-7f31+ ä', scope: 'kafka' }
let ground: Ground
let kafka: KafkaServer
let issuer: TokenIssuer
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  ground = await openGround()
  issuer = await TokenIssuer.start({ ...client, id: encoded(client.id), secret: encoded(client.secret) })
  kafka = await ground.kafka({ users: [{ name: 'other', password: 'other' }], tokenKeys: issuer.keySet })
})
afterAll(async () => {
  await issuer.close()
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/** RFC 6749, 2.3.1. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}

async function settingsWith(oauth: SettingsTree): Promise<{ names: IngestNames; settings: SettingsTree }> {
  const names = new IngestNames('oauth')
  await names.createTopics(kafka.brokers)
  const sasl = { mechanism: 'oauthbearer', oauth }
  return { names, settings: ingestSettings(sharedGround(), names, { kafka: { brokers: kafka.saslBrokers, sasl } }) }
}

async function endpoint(secret: string): Promise<SettingsTree> {
  const clientSecretFile = await secretFile(ground.folder, `secret-${secret.length}`, secret)
  return { tokenEndpoint: issuer.url, clientId: client.id, clientSecretFile, scope: client.scope }
}

async function everythingSaid(worker: IngestWorker): Promise<string> {
  const pages = await Promise.all(['/readyz', '/livez', '/startupz', '/metrics'].map((path) => worker.page(path)))
  return [JSON.stringify(worker.process.logs), ...worker.process.text, ...pages.map(({ text }) => text)].join('\n')
}

/** Under load until `enough`: everything that was acknowledged is in Kafka, and no send has failed. */
async function outlives(worker: IngestWorker, names: IngestNames, enough: () => boolean): Promise<void> {
  const device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: names.name })
  open.push({ close: () => device.end() })
  let number = 0
  while (!enough()) {
    const batch = Array.from({ length: 5 }, () => {
      number += 1
      return device.publish(evt(`OAUTH${number % 5}`), punch(number))
    })
    await Promise.all(batch)
    await pause(20)
  }
  await untilRecords(kafka.brokers, [names.attendance], number)
  const records = await readTopic(kafka.brokers, names.attendance)
  const stored = new Set(records.map((record) => avroValue('AttendanceEvent', record)['deviceRecordId']))
  expect(stored.size).toBe(number)
  // A busy machine may keep a send waiting, a new Kafka a group: that is no affair of the login.
  const refusals = worker.process.logs.filter(({ error, reason }) =>
    /SASL|token|authentication/.test(`${String(error)} ${String(reason)}`),
  )
  expect(refusals).toEqual([])
}

/** Guards kafka/oauth-tokens.ts `leastLeftMs`: seen to fail without it, as Kafka refuses to renew a login at once. */
test('a worker outlives its tokens: the endpoint is asked for the next one in time', async () => {
  const { names, settings } = await settingsWith(await endpoint(client.secret))
  const worker = await IngestWorker.ready(settings)
  open.push(worker)
  const from = issuer.issued.length
  const began = performance.now()
  await outlives(worker, names, () => performance.now() - began > 3 * issuer.seconds * 1000)
  const asked = issuer.issued.length - from
  expect(asked).toBeGreaterThanOrEqual(3)
  // Once for all connections of a part of the worker, not for each login.
  expect(asked).toBeLessThan(20)
  const said = await everythingSaid(worker)
  for (const secret of [client.secret, ...issuer.issued]) expect(said).not.toContain(secret)
})

/** Guards kafka/oauth-tokens.ts reading the file for each login. */
test('a token in a file that somebody renews', async () => {
  // Longer than those of the endpoint: on a busy machine the file is renewed late.
  const seconds = 10
  const tokenFile = await secretFile(ground.folder, 'token', issuer.token(seconds))
  const renewing = setInterval(() => {
    writeFile(tokenFile, issuer.token(seconds)).catch(() => undefined)
  }, 1000)
  try {
    const { names, settings } = await settingsWith({ tokenFile })
    const worker = await IngestWorker.ready(settings)
    open.push(worker)
    const began = performance.now()
    await outlives(worker, names, () => performance.now() - began > 2 * seconds * 1000)
  } finally {
    clearInterval(renewing)
  }
})

/** Guards kafka/oauth-login.ts looking at the answer: with kafkajs' own login the code of an ended token is `connection`. */
test.each([
  ['a wrong client secret', async () => endpoint('wrong-secret-00'), 'answered 401 (invalid_client)'],
  [
    'a token that has ended',
    async () => ({ tokenFile: await secretFile(ground.folder, 'old', issuer.token(-90)) }),
    '',
  ],
  ['no token', async () => ({ tokenFile: `${ground.folder}/nobody` }), 'nobody: cannot be read (ENOENT)'],
])('%s: not ready, said, tried again, shown nowhere; the doctor says so too', async (_what, oauthOf, says) => {
  const oauth = await oauthOf()
  const { settings } = await settingsWith(oauth)
  const worker = await IngestWorker.start(settings)
  open.push(worker)
  // A Kafka that has just started may be too slow for its first connection, and that is said before.
  const line = await worker.process.log((l) => l['event'] === 'kafka_unreachable' && l['code'] === 'authentication')
  expect(line).toMatchObject({ level: 'warn', error: expect.stringContaining(says) })
  expect((await worker.page('/readyz')).status).toBe(503)
  const said = await everythingSaid(worker)
  for (const secret of ['wrong-secret-00', client.secret, encoded(client.secret), 'eyJ'])
    expect(said).not.toContain(secret)
  const found = await diagnose(settings, 'ingest')
  expect(JSON.stringify(found)).not.toContain('eyJ')
  const wrong = [...found.of('kafka.login'), ...found.of('kafka.files')].filter(({ level }) => level === 'fail')
  expect(wrong).toHaveLength(1)
})

test('the doctor logs in with a token', async () => {
  const { settings } = await settingsWith(await endpoint(client.secret))
  const found = await diagnose(settings, 'ingest')
  expect(found.of('kafka.login')).toMatchObject([{ level: 'ok', what: 'as the owner of the token with oauthbearer' }])
  expect(found.of('kafka.permission').filter(({ level }) => level === 'fail')).toEqual([])
})
