import { describe, expect, it } from 'vitest'
import { Failure } from '../../../src/kernel/failure.ts'
import { channelNames } from '../../../src/records/catalogue.ts'
import { avroType, codecOf } from '../../../src/records/codec.ts'
import { type SchemaName, schemaTexts } from '../../../src/records/generated/schemas.ts'
import { recordHeaders, validTraceparent } from '../../../src/records/headers.ts'
import { fromPlain, toPlain } from '../../../src/records/plain.ts'
import { channelsByTopic, topicsOf } from '../../../src/records/topics.ts'
import { wireSchemaId, writeWireHeader } from '../../../src/records/wire.ts'

const names = Object.keys(schemaTexts) as SchemaName[]
const status = fromPlain('CommandStatus', { eventId: 'e', commandId: 'c1', deviceSn: 'SN1', statusTime: 1782014405000 })

function failure(run: () => unknown): Failure {
  try {
    run()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('codec', () => {
  it.each(names)('%s: what was written is read again, also as plain JSON', (name) => {
    const type = avroType(schemaTexts[name])
    for (let round = 0; round < 20; round++) {
      const bytes = type.toBuffer(type.random())
      const codec = codecOf(name)
      const datum = codec.decode(bytes)
      expect(codec.encode(datum as never).equals(bytes)).toBe(true)
      const again = fromPlain(name, JSON.parse(JSON.stringify(toPlain(name, datum as never))))
      expect(codec.decode(codec.encode(again as never))).toEqual(datum)
    }
  })

  it('writes at a position of a shared buffer and says how many bytes are missing', () => {
    const codec = codecOf('CommandStatus')
    const alone = codec.encode(status)
    const shared = Buffer.alloc(3 + alone.length)
    expect(codec.encodeInto(shared, 3, status)).toBe(3 + alone.length)
    expect(shared.subarray(3).equals(alone)).toBe(true)
    expect(codec.encodeInto(Buffer.alloc(alone.length), 3, status)).toBe(-3)
  })

  it('says where a value does not fit, and never the value', () => {
    const bad = { ...status, correlationId: { pin: '1234' } } as never
    for (const run of [
      () => codecOf('CommandStatus').encode(bad),
      () => codecOf('CommandStatus').encodeInto(Buffer.alloc(1000), 0, bad),
    ]) {
      const error = failure(run)
      expect(error).toMatchObject({ kind: 'malformed', code: 'ENCODE_FAILED' })
      expect(error.message).toContain('correlationId')
      expect(JSON.stringify([error.message, error.cause])).not.toContain('1234')
    }
  })

  it('refuses bytes that are cut, too long or of nothing', () => {
    const codec = codecOf('CommandStatus')
    const bytes = codec.encode(status)
    for (const each of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from([0])]), Buffer.alloc(0)]) {
      expect(failure(() => codec.decode(each))).toMatchObject({ kind: 'malformed', code: 'DECODE_FAILED' })
    }
  })

  it('reads longs of operators beyond 2^53', () => {
    const writer = avroType(schemaTexts.CommandRequest, true)
    const bytes = writer.toBuffer({ op: 'ping', expiresAt: 2 ** 62, requestedAt: -(2 ** 63) })
    expect(codecOf('CommandRequest').decode(bytes)).toMatchObject({ expiresAt: 2 ** 62, requestedAt: -(2 ** 63) })
  })

  it('reads what another version of the schema has written', () => {
    const old = JSON.stringify({
      type: 'record',
      name: 'CommandRequest',
      namespace: 'another.place',
      fields: [
        { name: 'op', type: 'string' },
        { name: 'note', type: 'string' },
        { name: 'ifOffline', type: { type: 'enum', name: 'IfOffline', symbols: ['LATER', 'WAIT'] } },
      ],
    })
    const bytes = avroType(old).toBuffer({ op: 'ping', note: 'n', ifOffline: 'LATER' })
    const request = codecOf('CommandRequest').readerOf(old)(bytes)
    expect(request).toMatchObject({ op: 'ping', ifOffline: 'FAIL', commandId: '', expiresAt: null })
    const foreign = JSON.stringify({ type: 'record', name: 'CommandRequest', fields: [{ name: 'x', type: 'int' }] })
    expect(failure(() => codecOf('CommandRequest').readerOf(foreign))).toMatchObject({ code: 'SCHEMA_INCOMPATIBLE' })
  })
})

describe('plain JSON', () => {
  it('takes defaults, ignores unknown members, reads Base64', () => {
    expect(fromPlain('CommandRequest', { op: 'ping', ifOffline: 'SOMETIME', extra: 1, deviceSn: null })).toMatchObject({
      ifOffline: 'FAIL',
      deviceSn: '',
      data: null,
    })
    const outbox = { thingName: 't', topic: 'a', payload: 'eyJ9', createdAt: 1 }
    expect(fromPlain('OutboxRecord', outbox).payload.toString()).toBe('{"}')
    expect(toPlain('OutboxRecord', fromPlain('OutboxRecord', outbox))).toEqual({
      ...outbox,
      expiresAt: null,
      executionId: null,
    })
  })

  it.each([
    ['no object', 5],
    ['an array', []],
    ['a missing member', {}],
    ['another type', { op: 1 }],
    ['a fraction for a long', { op: 'x', requestedAt: 1.5 }],
    ['a long of more than 64 bits', { op: 'x', expiresAt: 2n ** 63n }],
    ['an enum that is no text', { op: 'x', ifOffline: 1 }],
  ])('refuses %s', (_what, plain) => {
    expect(failure(() => fromPlain('CommandRequest', plain))).toMatchObject({ kind: 'malformed', code: 'PLAIN_MISFIT' })
  })

  it('refuses an unknown symbol of an enum without a default, and bytes that are no Base64', () => {
    const change = { thingName: 't', version: 1, section: 'OTHER', patchJson: '{}', deltaJson: '{}', occurredAt: 1 }
    expect(failure(() => fromPlain('ShadowChange', change)).message).toContain('section')
    const outbox = { thingName: 't', topic: 'a', payload: 'ä', createdAt: 1 }
    expect(failure(() => fromPlain('OutboxRecord', outbox)).message).toContain('payload')
  })

  it('knows a name of an enum by its own symbols only', () => {
    expect(fromPlain('CommandRequest', { op: 'x', ifOffline: 'constructor' }).ifOffline).toBe('FAIL')
  })

  it('keeps __proto__ as a name of a map', () => {
    const plain = JSON.parse('{"apiKey":"a","salt":"","secretHash":""}')
    expect(fromPlain('ApiKeyRecord', plain).permissions).toEqual([])
    const thing = fromPlain('ThingRecord', JSON.parse('{"thingName":"t","mqttClientId":"c","tags":{"__proto__":"x"}}'))
    expect(Object.getOwnPropertyNames(thing.tags)).toEqual(['__proto__'])
  })
})

describe('wire format', () => {
  it('has a zero byte and the schema id', () => {
    const buffer = Buffer.alloc(8)
    expect(writeWireHeader(buffer, 2, 0x80000001)).toBe(7)
    expect(wireSchemaId(buffer.subarray(2))).toBe(0x80000001)
    expect(wireSchemaId(buffer.subarray(2, 6))).toBeNull()
    expect(wireSchemaId(Buffer.from('{"op":1}'))).toBeNull()
  })
})

describe('topics', () => {
  const names = {
    attendance: 'a',
    presence: 'p',
    command: 'c',
    commandStatus: 's',
    device: 'd',
    deadLetter: 'x',
  }
  const settings = { kafka: { topics: names }, fleet: { topicPrefix: 'f.' } }

  it('are named by the settings', () => {
    const topics = topicsOf(settings)
    expect(topics).toMatchObject({ ...names, commandReply: 'cams.command-reply.v1', thingInbox: 'f.thing.inbox' })
    expect(channelsByTopic(topics).get('f.job.execution.state')).toBe('jobExecutionState')
    expect(channelsByTopic(topics).size).toBe(channelNames.length)
  })

  it('belong to one channel each', () => {
    const twice = { ...settings, kafka: { topics: { ...names, presence: 'a' } } }
    expect(() => channelsByTopic(topicsOf(twice))).toThrow('topic a')
  })
})

describe('headers', () => {
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const facts = {
    type: 'cams.command.status.v1',
    eventId: 'e',
    deviceSn: 'SN1',
    time: 1782014405000,
    recordedTime: 1782014405001,
    mqttTopic: null,
    traceparent: null,
  } as const

  it('are none or only the trace by default', () => {
    expect(recordHeaders('trace', facts)).toBeNull()
    expect(recordHeaders('trace', { ...facts, traceparent: trace })).toEqual({ traceparent: trace })
  })

  it('are those of CloudEvents when asked for', () => {
    expect(recordHeaders('cloudevents', { ...facts, mqttTopic: 't', traceparent: trace })).toEqual({
      ce_specversion: '1.0',
      ce_id: 'e',
      ce_type: 'cams.command.status.v1',
      ce_source: '/cams/mqtt/SN1',
      ce_subject: 'SN1',
      ce_time: '2026-06-21T04:00:05.000Z',
      ce_recordedtime: '2026-06-21T04:00:05.001Z',
      'content-type': 'application/avro',
      mqtt_topic: 't',
      traceparent: trace,
    })
    const unknown = recordHeaders('cloudevents', { ...facts, deviceSn: null }) ?? {}
    expect(unknown['ce_source']).toBe('/cams/mqtt')
    expect(Object.keys(unknown)).not.toContain('ce_subject')
  })

  it.each([
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
    `${trace}-more`,
    '',
  ])('have no trace %s', (value) => {
    expect(validTraceparent(value)).toBeNull()
  })
})
