import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { DeviceClient } from '../kit/device-client.ts'
import { SilentMember } from '../kit/silent-member.ts'

let ground: Ground

beforeAll(async () => {
  ground = await openGround()
})

afterAll(async () => {
  await ground.close()
})

test('Artemis keeps a window exactly and gives a lost member’s messages to the next', async () => {
  const server = await ground.artemis()
  const silent = await SilentMember.connect(server.port, '$share/g/t/#', 5)
  const device = await DeviceClient.connect({ url: server.url, clientId: 'device', inFlight: 50 })
  await Promise.all(Array.from({ length: 20 }, (_, index) => device.publish(`t/${index}`, String(index))))
  await silent.received(5)
  await pause(300)
  expect(silent.packets).toHaveLength(5)
  const other = await connectAsync(server.url, { protocolVersion: 5, clientId: 'other', reconnectPeriod: 0 })
  const all = new Promise<Set<string>>((resolve) => {
    const topics = new Set<string>()
    other.on('message', (topic) => {
      topics.add(topic)
      if (topics.size === 20) resolve(topics)
    })
  })
  await other.subscribeAsync('$share/g/t/#', { qos: 1 })
  silent.drop()
  expect((await all).size).toBe(20)
  await other.endAsync()
  await device.end()
  await server.restart('kill')
  server.freeze()
  server.thaw()
  await server.stop()
})

test('HiveMQ delivers a shared subscription on $emqx and says 0x10 when nobody subscribes', async () => {
  const server = await ground.hivemq()
  const device = await DeviceClient.connect({ url: server.url, clientId: 'device', inFlight: 200 })
  expect((await device.publish('nobody/here', '')).reasonCode).toBe(0x10)
  const reader = await connectAsync(server.url, { protocolVersion: 5, clientId: 'reader', reconnectPeriod: 0 })
  await reader.subscribeAsync('$share/g/$emqx/things/#', { qos: 1 })
  const got = new Promise<string>((resolve) => reader.on('message', (topic) => resolve(topic)))
  expect((await device.publish('$emqx/things/x', '')).reasonCode).toBe(0)
  expect(await got).toBe('$emqx/things/x')
  // More than its own default of 10 at once: it would throw the device out.
  const burst = Array.from({ length: 200 }, (_, index) => device.publish(`nobody/${index}`, ''))
  expect(await Promise.all(burst)).toHaveLength(200)
  await reader.endAsync()
  await device.end()
  await server.stop()
})
