import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../scripts/ground/fetch/run-command.ts'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import { probeHttp } from '../../scripts/ground/run/probes.ts'
import { Server } from '../../scripts/ground/run/server.ts'
import { Watchdog } from '../../scripts/ground/run/watchdog.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { evt, IngestNames, ingestSettings, punch } from '../kit/ingest-worker.ts'
import { untilRecords } from '../kit/topic-reader.ts'
import { buildBundle, confine, whyNoImage } from './oci-image.ts'

const reason = await whyNoImage()
if (reason !== null) console.warn(`The image is not built: ${reason}`)

const names = new IngestNames('image')
const container = names.name
const memory = 256 << 20
const punches = 500
let folder: string
let ground: Ground
let watchdog: Watchdog
let bridge: Server
let device: DeviceClient
let kafkaBrokers: readonly string[]

/** What a shell in the container would say; there is no shell in the real image, so it is Node that asks. */
async function inside(script: string): Promise<string> {
  const run = ['--root', join(folder, 'runc'), 'exec', '--user', '65532:65532', container]
  return (await runCommand('runc', [...run, '/nodejs/bin/node', '-e', script])).trim()
}

describe.skipIf(reason !== null)('the image, run as the chart has Kubernetes run it', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-'))
    ground = await openGround()
    const bundle = await buildBundle(folder)
    const [kafka, registry, mosquitto] = await Promise.all([ground.kafka(), ground.registry(), ground.mosquitto()])
    kafkaBrokers = kafka.brokers
    await names.createTopics(kafkaBrokers)
    const [port = 0] = await freePorts(1)
    const servers = { kafkaBrokers, registryUrl: registry.url, mqttUrl: mosquitto.url }
    const configFolder = join(folder, 'etc')
    await mkdir(configFolder)
    await writeFile(
      join(configFolder, 'bridge.yaml'),
      JSON.stringify(ingestSettings(servers, names, { observe: { port } })),
    )
    // The user of the image is not us.
    for (const path of [folder, configFolder]) await chmod(path, 0o755)
    await chmod(join(configFolder, 'bridge.yaml'), 0o644)
    const mounts = [{ destination: '/etc/bridge', type: 'bind', source: configFolder, options: ['bind', 'ro'] }]
    const args = ['run', '--role', 'ingest', '--config', '/etc/bridge/bridge.yaml']
    await confine(bundle, { args, memory, mounts })
    watchdog = new Watchdog(folder)
    bridge = new Server({
      name: 'the image',
      command: { file: 'runc', args: ['--root', join(folder, 'runc'), 'run', '-b', bundle, container] },
      logPath: join(folder, 'log'),
      watchdog,
      probe: () => probeHttp(`http://127.0.0.1:${port}/readyz`),
    })
    await bridge.start()
    device = await DeviceClient.connect({ url: mosquitto.url, clientId: 'D1', inFlight: 100 })
  }, 900_000)
  afterAll(async () => {
    await device?.end()
    if (folder === undefined) return
    await runCommand('runc', ['--root', join(folder, 'runc'), 'delete', '--force', container]).catch(() => undefined)
    await bridge?.kill()
    await watchdog?.close()
    await ground?.close()
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  test('is a user without rights, on a root that nobody can write', async () => {
    const status = await inside(`console.log(fs.readFileSync('/proc/1/status', 'utf8'))`)
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    const write = (path: string) =>
      inside(`try { fs.writeFileSync('${path}', 'x'); console.log('written') } catch (e) { console.log(e.code) }`)
    expect(await write('/app/x')).toBe('EROFS')
    expect(await write('/x')).toBe('EROFS')
    expect(await write('/tmp/x')).toBe('written')
  })

  test('carries no tool that only its build needs', async () => {
    const there = `['typescript', 'vitest', 'avsc', 'mqtt'].filter((name) => fs.existsSync('/app/node_modules/' + name))`
    expect(await inside(`console.log(String(${there}))`)).toBe('avsc,mqtt')
  })

  test('takes a heap that fits into its memory', async () => {
    const heap = Number(await inside('console.log(v8.getHeapStatistics().heap_size_limit)'))
    expect(heap).toBeGreaterThan(memory / 4)
    expect(heap).toBeLessThan(memory * 0.8)
  })

  test('stores punches, and ends with 0 at SIGTERM', async () => {
    await Promise.all(Array.from({ length: punches }, (_, i) => device.publish(evt('D1'), punch(i + 1))))
    await untilRecords(kafkaBrokers, [names.attendance], punches)
    expect(await readFile(bridge.logPath, 'utf8')).not.toContain('"level":"error"')
    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    expect(bridge.logTail()).toContain('process_stopped')
  }, 120_000)
})
