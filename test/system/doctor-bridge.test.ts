import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { Certificates, KeyPair } from '../../scripts/ground/servers/certificates.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { diagnose, runCommandWith } from '../kit/doctor.ts'
import { FleetNames, fleetSettings } from '../kit/fleet-names.ts'
import { FleetOperator } from '../kit/fleet-records.ts'
import type { SettingsTree } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** `bridge doctor` where the bridge itself is set up wrongly, one way at a time: what the roles fleet and http need here. */

const names = new FleetNames('doctor-bridge')
const away = 'http://127.0.0.1:1'
let ground: Ground
let certificates: Certificates

beforeAll(async () => {
  ground = await openGround()
  certificates = await ground.certificates()
})
afterAll(async () => {
  await ground.close()
})

function settingsOf(changes: SettingsTree): SettingsTree {
  const servers = { kafkaBrokers: ['127.0.0.1:1'], registryUrl: away, mqttUrl: 'mqtt://127.0.0.1:1' }
  return fleetSettings(servers, names, {
    ...changes,
    http: { host: '127.0.0.1', ...(changes['http'] as SettingsTree) },
  })
}

/** What it says of the bridge; the servers are away. */
async function look(changes: SettingsTree, roles = 'http'): Promise<readonly Finding[]> {
  const { findings } = await diagnose(settingsOf(changes), roles)
  const own = findings.filter(({ server }) => server === 'bridge')
  for (const { level, costs, fix } of own) {
    if (level !== 'ok') expect([costs, fix].map((text) => (text ?? '').length > 5)).toEqual([true, true])
  }
  return own
}

async function lookAtTls(tls: SettingsTree, http: SettingsTree = {}) {
  const found = await look({ http: { ...http, tls } })
  return found.filter(({ level }) => level !== 'ok')
}

const tlsOf = ({ certificate, key }: KeyPair) => ({ certFile: certificate, keyFile: key })

async function fileWith(name: string, text: string): Promise<string> {
  const path = join(ground.folder, name)
  await writeFile(path, text)
  return path
}

test('all is well: the names of the certificate, the address; as JSON and as text', async () => {
  const http = { tls: { ...tlsOf(certificates.server), caFile: certificates.ca } }
  const found = await look({ http })
  expect(found.map(({ level, check }) => [level, check])).toEqual([
    ['ok', 'files'],
    ['ok', 'files'],
    ['ok', 'certificate'],
    ['ok', 'listen'],
  ])
  expect(found[2]).toMatchObject({
    on: certificates.server.certificate,
    what: expect.stringContaining('DNS:localhost'),
  })
  const { stdout } = await runCommandWith(settingsOf({ http }), ['doctor', '--role', 'http'])
  expect(stdout).toContain('\nBridge  https://127.0.0.1:8080\n')
  expect((await look({})).map(({ level, what }) => [level, what])).toEqual([
    ['ok', expect.stringContaining('plain text')],
    ['ok', 'an address of this machine'],
  ])
  expect(await look({}, 'ingest,command,fleet')).toEqual([])
})

/** Guards check-files.ts and check-bridge.ts `checkShown`, branch by branch. */
test('a certificate that cannot be shown: the file, the pair, the dates, the use and the names', async () => {
  const { server } = certificates
  const [expired, soon, client] = await Promise.all([
    certificates.serverOf('localhost', -1),
    certificates.serverOf('localhost', 3),
    certificates.client('reader'),
  ])
  const text = await fileWith('text.pem', 'no certificate')
  const key = server.key
  const nameless = join(dirname(certificates.ca), 'ca.key')
  const disordered = await fileWith(
    'disordered.pem',
    (await Promise.all([server.certificate, client.certificate].map((path) => readFile(path, 'utf8')))).join(''),
  )
  const cases: readonly (readonly [SettingsTree, object, SettingsTree?])[] = [
    [
      { certFile: '/nonexistent/tls.crt', keyFile: key },
      { level: 'fail', check: 'files', on: '/nonexistent/tls.crt' },
    ],
    [
      { certFile: text, keyFile: key },
      { level: 'fail', on: text, what: 'holds no certificate in PEM form' },
    ],
    [
      { certFile: server.certificate, keyFile: text },
      { level: 'fail', on: text, what: expect.stringContaining('no key') },
    ],
    [
      { certFile: server.certificate, keyFile: client.key },
      {
        level: 'fail',
        on: client.key,
        what: `is not the key of ${server.certificate}`,
        costs: expect.stringContaining('role http'),
      },
    ],
    [tlsOf(expired), { level: 'fail', check: 'files', what: expect.stringContaining('expired') }],
    [tlsOf(soon), { level: 'warn', check: 'files', what: expect.stringContaining('2 days left') }],
    [tlsOf(client), { level: 'fail', check: 'certificate', what: expect.stringContaining('for clients only') }],
    [
      { certFile: certificates.ca, keyFile: nameless },
      { level: 'warn', what: 'holds no name' },
    ],
    [
      { certFile: disordered, keyFile: key },
      { level: 'warn', what: expect.stringContaining('did not sign') },
    ],
    [
      tlsOf(await certificates.serverOf('elsewhere.test')),
      { level: 'warn', check: 'certificate', what: 'is not for localhost (http.host), but for: DNS:elsewhere.test' },
      { host: 'localhost' },
    ],
  ]
  for (const [tls, expected, http] of cases) {
    expect(await lookAtTls(tls, http ?? { host: '0.0.0.0' })).toEqual([expect.objectContaining(expected)])
  }
})

test('an address that is not of this machine, a port that is taken twice, a folder that cannot be written', async () => {
  // 192.0.2.0/24 is for documentation: nobody has such an address.
  expect(await look({ http: { host: '192.0.2.1' } })).toContainEqual(
    expect.objectContaining({ level: 'fail', check: 'listen', what: expect.stringContaining('EADDRNOTAVAIL') }),
  )
  expect(await look({ http: { port: 9464 }, observe: { port: 9464 } })).toContainEqual(
    expect.objectContaining({ level: 'fail', check: 'listen', what: expect.stringContaining('both 9464') }),
  )
  const store = (folder: string) => look({ fleet: { store: { folder } } }, 'fleet')
  const file = await fileWith('a-file', '')
  expect(await store(join(file, 'things'))).toMatchObject([{ level: 'fail', check: 'store', on: join(file, 'things') }])
  expect(await store(ground.folder)).toMatchObject([{ level: 'ok', what: expect.stringContaining('GiB free') }])
  expect(await store(join(ground.folder, 'not', 'yet'))).toMatchObject([
    { level: 'ok', what: expect.stringContaining('will be made') },
  ])
  expect(await look({ fleet: { enabled: false } }, 'fleet')).toMatchObject([
    { level: 'fail', check: 'settings', fix: expect.stringContaining('fleet.enabled: true') },
  ])
})

/** Guards check-records.ts: seen to fail when nobody looks. */
test('no API key and no thing were ever written: said, with the command that writes one', async () => {
  const { kafkaBrokers, registryUrl } = sharedGround()
  await names.create(kafkaBrokers, 2)
  const settings = { ...settingsOf({}), kafka: fleetSettings(sharedGround(), names)['kafka'] ?? {} }
  const records = async () => (await diagnose(settings, 'http')).of('kafka.records')
  expect(await records()).toMatchObject([
    { level: 'warn', on: names.topic('thingRegistry'), fix: expect.stringContaining('bridge thing register') },
    { level: 'warn', on: names.topic('apiKeyRegistry'), fix: expect.stringContaining('bridge api-key create') },
  ])
  const operator = new FleetOperator(kafkaBrokers, registryUrl, names)
  await operator.register('t1')
  await operator.write('apiKeyRegistry', [['gone', null]])
  expect((await records()).map(({ level }) => level)).toEqual(['ok', 'ok'])
})
