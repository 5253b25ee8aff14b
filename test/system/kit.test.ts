import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, describe, expect, test } from 'vitest'
import { projectFolder } from '../../scripts/ground/place.ts'
import { BridgeProcess } from '../kit/bridge-process.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { FaultProxy } from '../kit/fault-proxy.ts'
import { foreignProduce, foreignRead } from '../kit/foreign/foreign.ts'
import { patienceMs } from '../kit/latch.ts'
import { sharedGround } from '../kit/shared-ground.ts'

const cleanUps: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

function isAlive(pid: number): boolean {
  // A process nobody waits for any more stays listed as a zombie on machines without a proper init.
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  return state !== '' && !state.startsWith('Z')
}

describe('the ground leaves nothing behind when its process', () => {
  const ends: readonly [string, string][] = [
    ['closes it', 'await ground.close()'],
    ['exits', 'process.exit(0)'],
    ['throws', "throw new Error('on purpose')"],
    ['is interrupted', "process.kill(process.pid, 'SIGINT'); await new Promise(() => {})"],
    ['is killed with -9', "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})"],
  ]
  test.each(ends)('%s', async (_, end) => {
    const folder = mkdtempSync(join(tmpdir(), 'ends-'))
    cleanUps.push(() => rmSync(folder, { recursive: true }))
    const script = join(folder, 'main.mts')
    const open = join(projectFolder(), 'scripts/ground/open-ground.ts')
    writeFileSync(
      script,
      `import { openGround } from ${JSON.stringify(open)}
const ground = await openGround()
const server = await ground.mosquitto()
console.log(JSON.stringify({ pid: server.pid, folder: ground.folder }))
// Frozen it would survive a SIGTERM.
server.freeze()
${end}
`,
    )
    const run = spawnSync(process.execPath, ['--import', 'tsx', script], { cwd: projectFolder(), encoding: 'utf8' })
    const { pid, folder: data } = JSON.parse(run.stdout) as { pid: number; folder: string }
    await expect.poll(() => isAlive(pid) || existsSync(data), { timeout: patienceMs }).toBe(false)
  })
})

describe('the fault proxy', () => {
  async function echo(): Promise<{ port: number; ends: Promise<string>[] }> {
    const ends: Promise<string>[] = []
    const server = createServer((socket) => {
      ends.push(ended(socket))
      socket.pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanUps.push(() => {
      server.close()
    })
    const address = server.address()
    return { ends, port: typeof address === 'object' && address !== null ? address.port : 0 }
  }

  async function through(): Promise<{
    proxy: FaultProxy
    socket: Socket
    got: (bytes: number) => Promise<string>
    serverEnds: Promise<string>[]
  }> {
    const { port, ends: serverEnds } = await echo()
    const proxy = await FaultProxy.start(port)
    cleanUps.push(() => proxy.close())
    const socket = connect(proxy.port, '127.0.0.1')
    cleanUps.push(() => {
      socket.destroy()
    })
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString()
    })
    const got = async (bytes: number) => {
      await expect.poll(() => text.length, { interval: 5, timeout: patienceMs }).toBeGreaterThanOrEqual(bytes)
      return text
    }
    await proxy.connected(1)
    return { proxy, socket, got, serverEnds }
  }

  const ended = (socket: Socket) =>
    new Promise<string>((resolve) => {
      socket.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message))
      socket.once('close', () => resolve('closed'))
    })

  test('forwards both ways, and half-open holds back until it is healed', async () => {
    const { proxy, socket, got } = await through()
    socket.write('one')
    expect(await got(3)).toBe('one')
    proxy.halfOpen('down')
    socket.write('two')
    await expect.poll(() => proxy.forwarded('up'), { timeout: patienceMs }).toBe(6)
    expect(proxy.forwarded('down')).toBe(3)
    expect(proxy.open).toBe(1)
    proxy.heal()
    expect(await got(6)).toBe('onetwo')
  })

  test('slow keeps to the rate and the delay', async () => {
    const { proxy, socket, got } = await through()
    proxy.slow({ delayMs: 100, bytesPerSecond: 10_000 }, 'up')
    const began = performance.now()
    socket.write('x'.repeat(5000))
    await got(5000)
    expect(performance.now() - began).toBeGreaterThan(500)
  })

  test('cut closes, reset resets, and new connections are accepted', async () => {
    const { proxy, socket } = await through()
    const first = ended(socket)
    proxy.cut()
    expect(await first).toBe('closed')
    const second = connect(proxy.port, '127.0.0.1')
    await proxy.connected(2)
    const how = ended(second)
    proxy.reset()
    expect(await how).toBe('ECONNRESET')
  })

  test('resetAfter lets exactly so many bytes through', async () => {
    const { proxy, socket, got, serverEnds } = await through()
    socket.write('first')
    await got(5)
    const over = ended(socket)
    proxy.resetAfter(4, 'down')
    socket.write('second')
    await over
    // Asked on the server's side: the client's kernel may report bytes and reset together as an end.
    expect(await serverEnds[0]).toBe('ECONNRESET')
    expect(await got(9)).toBe('firstseco')
  })

  test('refuse refuses, accept accepts again', async () => {
    const { proxy } = await through()
    await proxy.refuse()
    expect(await ended(connect(proxy.port, '127.0.0.1'))).toBe('ECONNREFUSED')
    await proxy.accept()
    const socket = connect(proxy.port, '127.0.0.1')
    await proxy.connected(2)
    socket.destroy()
  })
})

describe('a process under test', () => {
  const script = `
    const { createServer } = require('node:http')
    process.on('SIGTERM', () => { console.log(JSON.stringify({ event: 'stopping' })); process.exit(3) })
    console.log('not json')
    console.log(JSON.stringify({ event: 'started', config: require('node:fs').readFileSync(process.argv[1], 'utf8') }))
    createServer().listen(Number(process.argv[2]), '127.0.0.1')`

  test('is followed by its log, its port and its end', async () => {
    const proxy = await FaultProxy.start()
    await proxy.close()
    const bridge = await BridgeProcess.start({
      command: [process.execPath, '-e', script],
      args: ['{config}', String(proxy.port)],
      config: { mqtt: { url: 'mqtt://127.0.0.1' } },
    })
    cleanUps.push(() => bridge.close())
    const started = await bridge.log((line) => line['event'] === 'started')
    expect(started['config']).toBe('mqtt:\n  url: mqtt://127.0.0.1\n')
    await bridge.port(proxy.port)
    expect(bridge.text).toEqual(['not json'])
    const { rssBytes } = await bridge.usage()
    expect(rssBytes).toBeGreaterThan(10_000_000)
    bridge.freeze()
    bridge.thaw()
    expect(await bridge.stop()).toEqual({ code: 3, signal: null })
    expect(bridge.logs.at(-1)).toEqual({ event: 'stopping' })
    await expect(bridge.log((line) => line['event'] === 'never')).rejects.toThrow(/it ended/)
    await bridge.close()
    expect(existsSync(bridge.folder)).toBe(false)
  })

  test('can be killed while it is frozen', async () => {
    const bridge = await BridgeProcess.start({ command: ['sleep', '60'], args: [] })
    bridge.freeze()
    expect(await bridge.kill()).toEqual({ code: null, signal: 'SIGKILL' })
    await bridge.close()
  })
})

test('a device keeps to the broker’s window and remembers each acknowledgement in order', async () => {
  const device = await DeviceClient.connect({ url: sharedGround().mqttUrl, clientId: 'kit-device', inFlight: 10 })
  let most = 0
  let under = 0
  device.client.on('packetsend', (packet) => {
    if (packet.cmd === 'publish') most = Math.max(most, (under += 1))
  })
  device.client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback') under -= 1
  })
  const all = await Promise.all(Array.from({ length: 500 }, (_, index) => device.publish(`kit/${index}`, 'x')))
  expect(device.acknowledged).toEqual(all)
  expect(most).toBe(10)
  expect(all.every((each) => each.acknowledgedAt >= each.sentAt)).toBe(true)
  device.drop()
  await expect(device.publish('kit/late', 'x')).rejects.toThrow(/clos|disconnect/i)
})

test('the foreign client reads what it wrote in every codec, as bytes and as Avro', async () => {
  const { kafkaBrokers, registryUrl } = sharedGround()
  const topic = `kit-foreign-${Date.now()}`
  const admin = new Kafka({ brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true })
  await admin.disconnect()
  const servers = { brokers: kafkaBrokers, registryUrl }
  const at = { type: 'long', logicalType: 'timestamp-millis' }
  const schema = JSON.stringify({ type: 'record', name: 'Punch', fields: [{ name: 'at', type: at }] })
  const avro = {
    topic,
    partition: 0,
    key: 'k',
    headers: [['h', 'v']] as const,
    avro: { at: 1_700_000_000_123 },
    schema,
  }
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const raw = { topic, partition: 1, key: codec, base64: Buffer.from(codec.repeat(50)).toString('base64') }
    expect(await foreignProduce(servers, codec, [avro, raw])).toHaveLength(2)
  }
  await foreignProduce(servers, 'none', [{ topic, partition: 1, key: 'gone' }])
  const read = await foreignRead(servers, [topic])
  const first = read.filter((record) => record.partition === 0)
  expect(first).toHaveLength(5)
  expect(first[0]).toMatchObject({ offset: 0, key: 'k', headers: [['h', 'v']], value: { at: 1_700_000_000_123 } })
  expect(first[0]?.schemaId).toBeGreaterThan(0)
  const second = read.filter((record) => record.partition === 1)
  expect(second.map((record) => record.key)).toEqual(['none', 'gzip', 'snappy', 'lz4', 'zstd', 'gone'])
  expect(second[4]?.value).toEqual({ base64: Buffer.from('zstd'.repeat(50)).toString('base64') })
  expect(second[5]?.value).toBeNull()
})
