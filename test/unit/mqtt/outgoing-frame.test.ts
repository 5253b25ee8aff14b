import * as fc from 'fast-check'
import { type Packet, parser } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import type { OutgoingMessage } from '../../../src/flow/outgoing-message.ts'
import { OutgoingFrames } from '../../../src/mqtt/outgoing-frame.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const now = 1_700_000_000_000
const message: fc.Arbitrary<OutgoingMessage> = fc.record({
  orderKey: fc.constant(''),
  topic: text.filter((t) => !/[#+\0]/.test(t)),
  // Around the sizes where a length takes one byte more, and where the chunk is full.
  payload: fc
    .oneof(fc.nat(300), fc.integer({ min: 16_250, max: 16_400 }), fc.nat(90_000))
    .map((n) => Buffer.alloc(n, 7)),
  expiresAt: fc.oneof(
    fc.constant(null),
    fc.integer({ min: -5000, max: 5_000_000_000_000 }).map((ms) => now + ms),
  ),
  roundExpiry: fc.constantFrom('up' as const, 'down' as const),
  requestedAt: fc.constant(null),
  contentType: text,
  correlationData: fc.oneof(
    fc.constant(null),
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((b) => Buffer.from(b)),
  ),
  userProperties: fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }),
  answered: fc.constant(() => undefined),
  expired: fc.constant(() => undefined),
})

function packetsOf(bytes: Buffer): Packet[] {
  const packets: Packet[] = []
  const reader = parser({ protocolVersion: 5 })
  reader.on('packet', (packet) => packets.push(packet))
  reader.on('error', (error) => {
    throw error
  })
  reader.parse(bytes)
  return packets
}

function secondsLeft({ expiresAt, roundExpiry }: OutgoingMessage): number | undefined {
  if (expiresAt === null) return undefined
  const seconds = (expiresAt - now) / 1000
  return Math.min(4_294_967_295, Math.max(1, roundExpiry === 'up' ? Math.ceil(seconds) : Math.floor(seconds)))
}

describe('PUBLISH packets of ours', () => {
  /** Guards mqtt/outgoing-frame.ts `append` and `#reserve`: seen to fail when a new chunk loses what waited in the old. */
  it('are read by a well-known implementation as they were meant', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 6 }), (all, split) => {
        const frames = new OutgoingFrames()
        const taken: Buffer[] = []
        all.forEach((each, i) => {
          frames.append(each, i + 1, now)
          if ((i + 1) % split === 0) taken.push(frames.take())
        })
        taken.push(frames.take())
        expect(frames.size).toBe(0)
        const packets = packetsOf(Buffer.concat(taken))
        expect(packets).toHaveLength(all.length)
        packets.forEach((packet, i) => {
          const given = all[i] as OutgoingMessage
          if (packet.cmd !== 'publish') throw new Error(packet.cmd)
          const { topic, payload, qos, retain, dup, messageId, properties } = packet
          expect({ topic, qos, retain, dup, messageId }).toEqual({
            topic: given.topic,
            qos: 1,
            retain: false,
            dup: false,
            messageId: i + 1,
          })
          expect(given.payload.equals(payload as Buffer)).toBe(true)
          expect({ ...properties?.userProperties }).toEqual(given.userProperties)
          expect(properties?.contentType).toBe(given.contentType)
          expect(properties?.payloadFormatIndicator).toBe(true)
          expect(properties?.correlationData ?? null).toEqual(given.correlationData)
          expect(properties?.messageExpiryInterval).toBe(secondsLeft(given))
        })
      }),
      { numRuns: 150 },
    )
  })

  it('are refused when a text is longer than MQTT allows, and nothing is written', () => {
    const frames = new OutgoingFrames()
    const [good] = fc.sample(message, 1)
    const userProperties = { long: 'x'.repeat(65_536) }
    expect(() => frames.append({ ...(good as OutgoingMessage), userProperties }, 1, now)).toThrow(RangeError)
    expect(frames.size).toBe(0)
  })

  it('may be as long as the receiver takes, and not a byte longer', () => {
    fc.assert(
      fc.property(message, (each) => {
        const frames = new OutgoingFrames()
        frames.append(each, 1, now)
        const bytes = frames.take().length
        expect(frames.append(each, 1, now, bytes - 1)).toBe(false)
        expect(frames.size).toBe(0)
        expect(frames.append(each, 1, now, bytes)).toBe(true)
        expect(frames.size).toBe(bytes)
      }),
    )
  })
})
