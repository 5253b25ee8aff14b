import mqttPacket, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { makePunch } from '../../../faults/flow/punch.ts'
import { LinkTrace } from '../../../faults/stage/link-trace.ts'

const bytes = (packet: Packet): Buffer => mqttPacket.generate(packet, { protocolVersion: 5 })
const publish = (number: number, messageId: number, dup = false): Buffer => {
  const { payload } = makePunch(number, 'A')
  return bytes({ cmd: 'publish', topic: 'api/mqtt/v1/A/evt', payload, qos: 1, messageId, dup, retain: false })
}
const puback = (messageId: number): Buffer => bytes({ cmd: 'puback', messageId, reasonCode: 0 })

function opened(trace: LinkTrace, link: number): void {
  trace.opened(link)
  const connect = { cmd: 'connect', clientId: 'bridge-evt-0', protocolVersion: 5, clean: false, keepalive: 5 } as const
  trace.forwarded(link, 'up', bytes({ ...connect, protocolId: 'MQTT' }))
  trace.forwarded(link, 'down', bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: link > 0 }))
}

/** Guards stage/link-trace.ts: an acknowledgement counts for the message of its own connection, in whatever pieces. */
test('a punch is waited for until the bridge has acknowledged it, on whatever connection', async () => {
  const trace = new LinkTrace()
  opened(trace, 0)
  const first = publish(1, 7)
  trace.forwarded(0, 'down', first.subarray(0, 9))
  trace.taken('p1')
  expect([trace.unacknowledged, trace.waiting.size]).toEqual([0, 1])
  trace.forwarded(0, 'down', first.subarray(9))
  expect(trace.unacknowledged).toBe(1)
  trace.closed(0)
  expect([trace.unacknowledged, trace.waiting.size]).toEqual([0, 1])

  opened(trace, 1)
  // The id of the old message belongs to another one on the new connection.
  trace.forwarded(1, 'down', publish(2, 7))
  trace.forwarded(1, 'down', publish(1, 8, true))
  trace.forwarded(1, 'up', puback(7))
  expect([...trace.acknowledged]).toEqual(['p2'])
  await expect(trace.settledUntil(Date.now(), 1)).rejects.toThrow('acknowledges what the broker had taken')
  trace.forwarded(1, 'up', puback(8))
  await trace.settledUntil(Date.now(), 1)
  expect([trace.unacknowledged, trace.waiting.size]).toEqual([0, 0])
  // The broker may acknowledge to the device what it has already delivered.
  trace.taken('p2')
  expect(trace.waiting.size).toBe(0)
  const told = trace.deliveries.get('p1')?.map(({ link, dup, packetId }) => [link.clientId, link.epoch, dup, packetId])
  expect(told).toEqual([
    ['bridge-evt-0', 1, false, 7],
    ['bridge-evt-0', 2, true, 8],
  ])
})

test('what a broker forgot is waited for no longer; what came later is', () => {
  const trace = new LinkTrace()
  trace.waiting.set('p1', 100)
  trace.waiting.set('p2', 300)
  trace.giveUp(200)
  expect([...trace.waiting.keys()]).toEqual(['p2'])
})
