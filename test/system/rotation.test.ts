import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { CommandDevices } from '../kit/command-devices.ts'
import { CommandNames, commandSettings } from '../kit/command-names.ts'
import { produceCommands, StatusLog } from '../kit/command-records.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { IngestNames, IngestWorker, ingestSettings } from '../kit/ingest-worker.ts'
import { patienceMs } from '../kit/latch.ts'
import type { MountedSecret } from '../kit/mounted-secret.ts'
import { Punches, storedPunches } from '../kit/punches.ts'
import { device, RotatingLogins } from '../kit/rotating-logins.ts'

/**
 * Passwords and client certificates swapped under load, the way kubelet does it, while the servers refuse the old ones:
 * nothing is lost, nothing restarts, no old connection is left. Kafka and Mosquitto both ask for a certificate and a login.
 */

let ground: Ground
let logins: RotatingLogins
const open: { close(): unknown }[] = []

beforeAll(async () => {
  ground = await openGround()
  logins = await RotatingLogins.open(ground)
})
afterAll(async () => {
  await logins.close()
  await ground.close()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/**
 * Guards roles/credential-watch.ts `await login.try()` and kafka/writer.ts `renew`: seen to fail without each. It holds
 * mqtt/consumer.ts `renew` and kafka/table.ts `renew` too.
 */
test('ingest takes new passwords and certificates under load, and loses nothing', async () => {
  const names = new IngestNames('rotation')
  await names.createTopics(logins.kafka.brokers)
  // How long the first certificate lives. A worker must be up by then, on a machine as slow as this one is: a Kafka
  // starts in four seconds on one that has nothing else to do, and a worker is ready in three.
  const firstSeconds = 8 + Math.ceil((3 * logins.kafka.startMs) / 1000)
  const former = await logins.certificates.shortLived('bridge', firstSeconds)
  const expired = pause(firstSeconds * 1000 + 500)
  const { secrets, changes } = await logins.mounted('ingest', former)
  const worker = await IngestWorker.ready(ingestSettings(logins.servers, names, changes))
  open.push(worker)
  const login = { username: device.name, password: device.password }
  const client = await DeviceClient.connect({ url: logins.broker.url, clientId: names.name, mqtt: login })
  open.push({ close: () => client.end() })
  const punches = new Punches(client)

  // Half written, and gone: said with the name of the file, and nothing else happens.
  const good = await contentsOf(secrets.mqtt)
  let from = worker.now
  await secrets.mqtt.swap({ ...good, 'tls.crt': good['tls.crt'].slice(0, 300) })
  expect(await worker.says('credentials_not_taken', from)).toMatchObject({
    server: 'mqtt',
    files: [secrets.mqtt.path('tls.crt')],
    error: expect.stringContaining('cut off or broken'),
  })
  const other = await logins.textsOf(await logins.certificates.client('other'))
  await secrets.mqtt.swap({ ...good, 'tls.key': other.key })
  expect(
    await worker.process.log((line) => String(line['error']).includes('is not the key of'), patienceMs, from),
  ).toMatchObject({ event: 'credentials_not_taken', files: [secrets.mqtt.path('tls.key')] })
  await secrets.mqtt.swap(good)
  await worker.says('credentials_as_before', from)
  from = worker.now
  const { password: _gone, ...rest } = good
  await secrets.kafka.swap(rest)
  expect(await worker.says('credentials_not_taken', from)).toMatchObject({
    server: 'kafka',
    files: [secrets.kafka.path('password')],
    error: expect.stringContaining('ENOENT'),
  })
  await secrets.kafka.swap(good)
  await worker.says('credentials_as_before', from)
  expect(worker.lines('mqtt_disconnected')).toEqual([])

  const [formerPassword, next] = [logins.password, 'second-pass-c0ffee']
  await logins.rotateAll(worker, secrets, next)
  await expired
  await logins.expectRefused(formerPassword, await logins.certificates.client('of-today'))
  await logins.expectRefused(next, former)

  const acknowledged = await punches.stop()
  expect(acknowledged).toBeGreaterThan(500)
  await worker.untilMetric('bridge_pending', (pending) => pending === 0)
  const stored = await storedPunches(logins.kafka.brokers, names.attendance, acknowledged)
  expect(stored.size).toBe(acknowledged)
  expect(worker.process.exit).toBe(null)
  expect((await worker.page('/readyz')).status).toBe(200)
  const said = JSON.stringify(worker.process.logs)
  for (const secret of [formerPassword, next]) expect(said).not.toContain(secret)
})

async function contentsOf(secret: MountedSecret) {
  const names = ['ca.crt', 'tls.crt', 'tls.key', 'password'] as const
  const texts = await Promise.all(names.map((name) => secret.read(name)))
  return Object.fromEntries(names.map((name, i) => [name, texts[i] ?? ''])) as Record<(typeof names)[number], string>
}

/** Guards kafka/group-source.ts `renew`: seen to fail without it. */
test('a command worker takes them too: every command ends and reaches its device, the group stays', async () => {
  const names = new CommandNames('rotation')
  await names.create(logins.kafka.brokers)
  const { secrets, changes } = await logins.mounted('command', await logins.certificates.client('bridge'))
  const worker = await IngestWorker.ready(commandSettings(logins.servers, names, changes), 'command')
  open.push(worker)
  const url = logins.broker.url.replace('://', `://${device.name}:${device.password}@`)
  const devices = await CommandDevices.connect(url, `${names.name}-devices`)
  open.push(devices)
  const statuses = await StatusLog.open(logins.kafka.brokers, names.commandStatus)
  open.push(statuses)
  const from = worker.now

  let sent = 0
  const stop = new AbortController()
  const sending = (async () => {
    while (!stop.signal.aborted) {
      const commands = Array.from({ length: 5 }, () => {
        sent += 1
        return { deviceSn: `ROT${sent % 7}`, op: 'reboot', commandId: `rotation-${sent}` }
      })
      await produceCommands(logins.kafka.brokers, names.command, commands)
    }
  })()
  await logins.rotateAll(worker, secrets, 'third-pass-0badf0')
  stop.abort()
  await sending
  expect(sent).toBeGreaterThan(50)

  const ids = Array.from({ length: sent }, (_, i) => `rotation-${i + 1}`)
  const published = () => ids.filter((id) => statuses.names(id).includes('PUBLISHED'))
  await statuses.holds(
    () => `${published().length} of ${sent}`,
    () => published().length === sent,
    60_000,
  )
  const taken = devices.taken.map(({ id }) => id)
  expect([...new Set(taken)].toSorted()).toEqual(ids.toSorted())
  // Mosquitto may hang up on a login that it no longer has before we do: what is in flight then goes out again.
  if (worker.lines('mqtt_disconnected', from).length === 0) expect(taken).toHaveLength(ids.length)
  expect(worker.lines('kafka_partitions_lost', from)).toEqual([])
  expect(worker.process.exit).toBe(null)
})
