import { createHash, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { Certificates, KeyPair } from '../../scripts/ground/servers/certificates.ts'
import { parseSettings } from '../../src/config/parse.ts'
import { certificateDates } from '../../src/roles/certificate-dates.ts'
import { ApiClient, type ApiReply, basic } from '../kit/api-client.ts'
import { produceRaw } from '../kit/command-records.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetOperator } from '../kit/fleet-records.ts'
import { IngestWorker, type SettingsTree } from '../kit/ingest-worker.ts'
import { MountedSecret } from '../kit/mounted-secret.ts'
import { RegistryFront } from '../kit/registry-front.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** The HTTP interface of things as a worker of its own serves it: its restore, its answers, its certificate. */
const names = new FleetNames('http-api')
const { kafkaBrokers: brokers, registryUrl } = sharedGround()
const operator = new FleetOperator(brokers, registryUrl, names)
const path = (thing: string) => `/api/v1/thing-datas/${thing}/shadow`
const mine = { headers: basic('reader', 'open sesame') }
const perMinute = 40
const open: { close(): unknown }[] = []

beforeAll(async () => {
  await names.create(brokers, 2)
  await operator.register('t1', 't2')
  const salt = Buffer.from('0123456789abcdef')
  const secretHash = createHash('sha256').update(salt).update('open sesame').digest('base64')
  const key = (apiKey: string, permission: object) => {
    return [apiKey, { apiKey, salt: salt.toString('base64'), secretHash, permissions: [permission] }] as const
  }
  await operator.write('apiKeyRegistry', [
    key('reader', { method: '*', pathPrefix: '/' }),
    key('hasty', { method: 'GET', pathPrefix: '/api/v1/thing-datas/' }),
  ])
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(http: SettingsTree, url = registryUrl) {
  const changes = {
    worker: { credentialsPollSeconds: 1 },
    registry: { url },
    http: { host: '127.0.0.1', port: 0, ...http },
  }
  const settings = fleetSettings(sharedGround(), names, changes)
  const worker = await IngestWorker.start(settings, 'http')
  open.push(worker)
  const { port } = await worker.process.log(({ event, part }) => event === 'http_listening' && part === 'api')
  return { worker, port: Number(port) }
}

/** Holds an answer against docs/openapi.json: a status that stands there, its headers, its body. */
async function described(reply: ApiReply): Promise<number> {
  const text = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8')
  const description = JSON.parse(text) as { paths: Record<string, { get: { responses: Record<string, Described> } }> }
  const ajv = new Ajv2020({ strict: false }).addSchema(description, 'api')
  const get = '/paths/~1api~1v1~1thing-datas~1{thingName}~1shadow/get'
  const place = `api#${encodeURI(get)}/responses/${reply.status}`
  const found = description.paths['/api/v1/thing-datas/{thingName}/shadow']?.get.responses[String(reply.status)]
  expect(found, `status ${reply.status}`).toBeDefined()
  for (const [name, { required }] of Object.entries(found?.headers ?? {})) {
    expect(required).toBe(true)
    expect(ajv.validate({ $ref: `${place}/headers/${name}/schema` }, reply.headers[name.toLowerCase()]), name).toBe(
      true,
    )
  }
  if (found?.content === undefined) {
    expect(reply.body).toBe('')
    return reply.status
  }
  expect(Object.keys(found.content)).toEqual([reply.headers['content-type']])
  ajv.validate({ $ref: `${place}/content/application~1json/schema` }, JSON.parse(reply.body))
  expect(ajv.errors ?? []).toEqual([])
  return reply.status
}

interface Described {
  readonly headers?: Readonly<Record<string, { readonly required: boolean }>>
  readonly content?: Readonly<Record<string, unknown>>
}

/**
 * The registry does not tell the schema of shadows, so that they cannot be read back.
 * Guards roles/http-role.ts `ready: restored`, and each answer of src/fleet/http/read-shadow.ts against its description.
 */
test('the view is restored first: 503 until then; every answer is as it is described', async () => {
  const shadow = {
    thingName: 't1',
    version: 7,
    reportedJson: '{"v":1}',
    desiredJson: '{"v":2}',
    deltaJson: '{"v":2}',
    metadataJson: '{"reported":{},"desired":{}}',
    lastPublishedDeltaJson: '{}',
    updatedAt: Date.parse('2026-06-21T04:00:00.999Z'),
  }
  const messages = await operator.messages('shadowState', [['t1', shadow]])
  await produceRaw(brokers, names.topic('shadowState'), messages)
  const schema = `/schemas/ids/${(messages[0] as { value: Buffer }).value.readInt32BE(1)}`
  let isKept = true
  const front = await RegistryFront.start(registryUrl, { refuses: (asked) => isKept && asked.includes(schema) })
  open.push(front)
  const { worker, port } = await start({ requestsPerMinute: perMinute }, front.url)
  const client = new ApiClient(port)
  const seen = new Set<number>()
  const ask: ApiClient['ask'] = async (...args) => {
    const reply = await client.ask(...args)
    seen.add(await described(reply))
    return reply
  }

  const before = Math.floor(Date.now() / 1000)
  const waiting = await ask(path('t1'), mine)
  expect(waiting).toMatchObject({ status: 503, headers: { 'retry-after': '5', 'content-type': 'application/json' } })
  const { timestamp } = JSON.parse(waiting.body) as { timestamp: number }
  expect(waiting.body).toBe(`{"code":503,"message":"Not ready","timestamp":${timestamp}}`)
  expect(timestamp).toBeGreaterThanOrEqual(before)
  expect((await worker.page('/readyz')).status).toBe(503)
  expect(await worker.condition('http.view')).toMatchObject({ holds: false })
  // What stands above 503 in the table is refused meanwhile, too.
  expect((await ask(path('t1'))).status).toBe(401)
  expect((await ask(path('%ff'), mine)).status).toBe(400)

  isKept = false
  await worker.becomes(true)
  const found = await ask(path('t1'), mine)
  expect(found.headers['etag']).toBe('"7"')
  expect(found.body).toBe(
    '{"reported":{"v":1},"desired":{"v":2},"delta":{"v":2},"version":7,"updatedAt":"2026-06-21T04:00:00Z"}',
  )
  expect(JSON.parse((await ask(path('t2'), mine)).body)).toMatchObject({ version: 0, updatedAt: null })
  expect((await ask(path('t1'), { headers: { ...mine.headers, 'if-none-match': '"7"' } })).status).toBe(304)
  expect((await client.ask(path('t1'), { ...mine, method: 'HEAD' })).body).toBe('')
  expect(JSON.parse((await ask(path('nobody'), mine)).body)).toMatchObject({ message: 'Thing not found' })
  expect(JSON.parse((await ask('/nowhere', mine)).body)).toMatchObject({ message: 'Not found' })
  expect((await ask(path('t1'), { ...mine, method: 'PUT' })).status).toBe(405)
  const hasty = { headers: basic('hasty', 'open sesame') }
  expect((await ask('/nowhere', hasty)).status).toBe(403)
  const statuses: number[] = []
  for (let asked = 0; asked <= perMinute; asked += 1) statuses.push((await client.ask(path('t1'), hasty)).status)
  expect(statuses).toEqual([...Array.from({ length: perMinute }, () => 200), 429])
  expect((await ask(path('t1'), hasty)).status).toBe(429)
  expect([...seen].toSorted((a, b) => a - b)).toEqual([200, 304, 400, 401, 403, 404, 405, 429, 503])
  expect((await client.ask('/openapi.json')).status).toBe(200)
  await worker.untilMetric('bridge_http_requests_total{route="shadow",status="5xx"}', (count) => count === 1)
})

/** Guards roles/http-role.ts `lateRequests`: seen to fail when the port is closed at once. */
test('a worker that stops still answers who has not heard of it', async () => {
  const { worker, port } = await start({})
  await worker.becomes(true)
  worker.process.signal('SIGTERM')
  await worker.says('process_stopping')
  await worker.becomes(false)
  expect((await new ApiClient(port).ask(path('nobody'), mine)).status).toBe(404)
  expect(await worker.process.exited).toMatchObject({ code: 0 })
})

describe('TLS', () => {
  let ground: Ground
  let certificates: Certificates
  let ca: Buffer
  beforeAll(async () => {
    ground = await openGround()
    certificates = await ground.certificates()
    ca = await readFile(certificates.ca)
  })
  afterAll(async () => {
    await ground?.close()
  })
  const endOf = async (path: string) => Date.parse(new X509Certificate(await readFile(path)).validTo) / 1000
  const serialOf = async ({ certificate }: KeyPair) => new X509Certificate(await readFile(certificate)).serialNumber

  /** Guards http/http-server.ts `setSecureContext` and roles/http-role.ts `server === 'http'`. */
  test('a changed certificate is shown to new connections, and those that stand go on', async () => {
    const texts = async ({ certificate, key }: KeyPair) => {
      return { 'tls.crt': await readFile(certificate, 'utf8'), 'tls.key': await readFile(key, 'utf8') }
    }
    const secret = await MountedSecret.mount(join(ground.folder, 'mounted'), await texts(certificates.server))
    const { worker, port } = await start({ tls: { certFile: secret.path('tls.crt'), keyFile: secret.path('tls.key') } })
    await worker.becomes(true)
    const trust = { ca, servername: 'localhost' }
    const standing = new ApiClient(port, trust)
    open.push(standing)
    const first = await standing.ask(path('t1'), mine)
    expect(first).toMatchObject({ status: 200, certificate: await serialOf(certificates.server) })
    const series = 'bridge_certificate_not_after_timestamp_seconds{use="http_server"}'
    expect(await worker.metric(series)).toBe(await endOf(certificates.server.certificate))

    const replies: ApiReply[] = []
    const swapped = new AbortController()
    const load = (async () => {
      while (!swapped.signal.aborted) replies.push(await standing.ask(path('t1'), mine))
      // Some more after it.
      for (let more = 0; more < 20; more += 1) replies.push(await standing.ask(path('t1'), mine))
    })()
    const renewed = await certificates.serverOf('localhost', 5)
    const from = worker.now
    await secret.swap(await texts(renewed))
    expect(await worker.says('credentials_reloaded', from)).toMatchObject({ server: 'http' })
    swapped.abort()
    await load
    expect(replies.length).toBeGreaterThan(20)
    expect(replies.every(({ status, reused }) => status === 200 && reused)).toBe(true)
    expect(await worker.metric(series)).toBe(await endOf(renewed.certificate))
    const fresh = new ApiClient(port, trust)
    open.push(fresh)
    expect(await fresh.ask(path('t1'), mine)).toMatchObject({ status: 200, certificate: await serialOf(renewed) })

    // A pair that is none is refused, and the one before stays.
    const mixed = worker.now
    await secret.swap(await texts({ certificate: renewed.certificate, key: certificates.server.key }))
    expect(await worker.says('credentials_not_taken', mixed)).toMatchObject({ files: [secret.path('tls.key')] })
    const later = new ApiClient(port, trust)
    open.push(later)
    expect(await later.ask(path('t1'), mine)).toMatchObject({ status: 200, certificate: await serialOf(renewed) })
    await expect(new ApiClient(port).ask(path('t1'), mine)).rejects.toThrow()
  })

  /** Guards http/http-server.ts `requestCert`. */
  test('with authorities for clients, one without a certificate is refused', async () => {
    const { certificate: certFile, key: keyFile } = certificates.server
    const { worker, port } = await start({ tls: { certFile, keyFile, caFile: certificates.ca } })
    await worker.becomes(true)
    const trust = { ca, servername: 'localhost' }
    const pair = await certificates.client('reader')
    const [cert, key] = await Promise.all([readFile(pair.certificate), readFile(pair.key)])
    const known = new ApiClient(port, { ...trust, cert, key })
    open.push(known)
    expect((await known.ask(path('t1'), mine)).status).toBe(200)
    const stranger = new ApiClient(port, trust)
    open.push(stranger)
    await expect(stranger.ask(path('t1'), mine)).rejects.toThrow()
  })

  test('a certificate that cannot be used ends the start, and the line says why', async () => {
    const other = await certificates.client('other')
    const { certificate: certFile } = certificates.server
    const http = { host: '127.0.0.1', port: 0, tls: { certFile, keyFile: other.key } }
    const worker = await IngestWorker.start(fleetSettings(sharedGround(), names, { http }), 'http')
    open.push(worker)
    const line = await worker.says('process_failed')
    expect(line['code']).toBe('certificate_unusable')
    expect(String(line['error'])).toBe(`${other.key}: is not the key of ${certFile}; correct http.tls`)
    expect((await worker.process.exited).code).toBe(1)
  })
})

/** Guards roles/certificate-dates.ts `end`. */
test('a chain ends with its first certificate, a bundle of authorities with its last; what is none is left out', async () => {
  const ground = await openGround()
  open.push(ground)
  const certificates = await ground.certificates()
  const [soon, late] = await Promise.all([certificates.client('soon', 5), certificates.client('late', 20)])
  const texts = await Promise.all([soon, late].map(async ({ certificate }) => readFile(certificate, 'utf8')))
  const [many, none] = [join(ground.folder, 'many.pem'), join(ground.folder, 'none.pem')]
  await writeFile(many, texts.join(''))
  await writeFile(none, 'no certificate')
  const [first, last] = texts.map((text) => Date.parse(new X509Certificate(text).validTo) / 1000)
  const settings = parseSettings({
    mqtt: { tls: { caFile: many, certFile: many, keyFile: soon.key } },
    kafka: { tls: { caFile: none } },
    registry: { tls: { caFile: join(ground.folder, 'away.pem') } },
    http: { tls: { certFile: many, keyFile: soon.key, caFile: late.certificate } },
  })
  expect([...(await certificateDates(settings))]).toEqual([
    [{ use: 'mqtt_ca' }, last],
    [{ use: 'mqtt_client' }, first],
    [{ use: 'http_server' }, first],
    [{ use: 'http_ca' }, last],
  ])
})
