import { expect, test } from 'vitest'
import { Pump } from '../../../src/flow/pump.ts'
import type { Ticket } from '../../../src/flow/ticket.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import type { BridgeRecord } from '../../../src/records/bridge-record.ts'
import type { MqttMessage } from '../../../src/records/mqtt-message.ts'

const record: BridgeRecord = { channel: 'commandReply', key: 'SN1', value: null, headers: null, timestamp: 1 }
const message: MqttMessage = {
  topic: 'api/mqtt/v1/SN1/evt',
  payload: Buffer.alloc(1024 * 1024),
  qos: 0,
  retain: false,
  dup: false,
  traceparent: null,
  receivedAt: 1,
}

/**
 * Guards flow/pump.ts `this.#room.take(...)`. Nothing holds QoS 0 back: with Kafka away for a night, the process
 * would have grown until it was killed, and come back to the same.
 */
test('what a broker sends at QoS 0 while Kafka is away takes only so much memory, and what is left out is counted', () => {
  const waiting: Ticket[] = []
  const events: BridgeEvent[] = []
  const pump = new Pump(
    { decide: () => [{ kind: 'produced', record }], deadLetterOf: () => null },
    { append: (_record, ticket) => waiting.push(ticket), kick: () => undefined },
    (event) => events.push(event),
  )
  const offer = (count: number) => {
    for (let i = 0; i < count; i += 1) pump.offer(message, null, 0)
    pump.endOfRead()
    return events.at(-1)
  }

  const first = offer(1000)
  const taken = waiting.length
  expect(taken).toBeGreaterThan(10)
  expect(taken).toBeLessThan(100)
  expect(first).toMatchObject({
    event: 'inputs_decided',
    messages: 1000,
    received: 1000,
    ignored: new Map([['qos0_overflow', 1000 - taken]]),
  })

  // Kafka is back: there is room for as many again.
  for (const ticket of waiting.splice(0)) ticket.stored()
  expect(offer(taken)).toMatchObject({ received: taken, ignored: new Map() })
  expect(waiting).toHaveLength(taken)
})
