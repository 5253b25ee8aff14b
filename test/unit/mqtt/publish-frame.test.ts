import * as fc from 'fast-check'
import { generate, type IPublishPacket, parser } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { readPublish, readVariableInteger, receiptOf, writeReceipts } from '../../../src/mqtt/publish-frame.ts'

function read(bytes: Buffer) {
  const length = readVariableInteger(bytes, 1, bytes.length)
  if (length === null) throw new Error('incomplete')
  return readPublish(bytes, 0, length.next, bytes.length)
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((t) => !/[#+\0]/.test(t))
const packet = fc.record({
  topic: text,
  payload: fc.uint8Array({ maxLength: 400 }),
  qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
  retain: fc.boolean(),
  dup: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  properties: fc.record(
    {
      messageExpiryInterval: fc.nat({ max: 4_294_967_295 }),
      contentType: text,
      responseTopic: text,
      correlationData: fc.uint8Array({ minLength: 1, maxLength: 20 }).map((b) => Buffer.from(b)),
      payloadFormatIndicator: fc.boolean(),
      subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }),
      userProperties: fc.record({
        other: text,
        traceparent: fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
      }),
    },
    { requiredKeys: [] },
  ),
})

describe('PUBLISH', () => {
  it('is read as a well-known implementation wrote it', () => {
    fc.assert(
      fc.property(packet, (given) => {
        const written: IPublishPacket = {
          cmd: 'publish',
          ...given,
          dup: given.qos > 0 && given.dup,
          payload: Buffer.from(given.payload),
        }
        const frame = read(generate(written, { protocolVersion: 5 }))
        const trace = given.properties.userProperties?.traceparent
        expect(frame).toEqual({
          topic: given.topic,
          payload: Buffer.from(given.payload),
          qos: given.qos,
          retain: given.retain,
          dup: given.qos > 0 && given.dup,
          packetId: given.qos > 0 ? given.messageId : 0,
          traceparent: (Array.isArray(trace) ? trace[0] : trace) ?? null,
        })
      }),
      { numRuns: 2000 },
    )
  })

  it('that is cut or bent anywhere is refused or read, but never read past its end', () => {
    fc.assert(
      fc.property(packet, fc.nat(), fc.nat({ max: 255 }), (given, place, byte) => {
        const bytes = Buffer.from(
          generate({ cmd: 'publish', ...given, payload: Buffer.from(given.payload) }, { protocolVersion: 5 }),
        )
        const length = readVariableInteger(bytes, 1, bytes.length)
        if (length === null) throw new Error('incomplete')
        const at = length.next + (place % (bytes.length - length.next))
        bytes[at] = byte
        try {
          const frame = readPublish(bytes, 0, length.next, at)
          expect(frame.payload.length).toBeLessThanOrEqual(at)
        } catch (error) {
          expect(error).toMatchObject({ kind: 'lost' })
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the acknowledgements of messages', () => {
  it('are understood by a well-known implementation, many in one write', () => {
    const ids = [1, 255, 256, 65_535]
    const seen: unknown[] = []
    const reader = parser({ protocolVersion: 5 })
    reader.on('packet', (p) => seen.push([p.cmd, p.messageId, 'reasonCode' in p ? p.reasonCode : undefined]))
    const receipts = ids.flatMap((packetId) => [receiptOf({ packetId, qos: 1 }), receiptOf({ packetId, qos: 2 })])
    reader.parse(writeReceipts(receipts))
    expect(seen).toEqual(
      ids.flatMap((id) => [
        ['puback', id, 0],
        ['pubrec', id, 0],
      ]),
    )
  })
})
