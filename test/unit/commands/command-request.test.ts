import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { commandDeadLetter } from '../../../src/commands/command-dead-letter.ts'
import { formOf } from '../../../src/commands/command-request.ts'
import { deadLetters, PartitionDriver, published, records, SN, statuses, steps, T0 } from './partition-driver.ts'

function textOf(json: string): string {
  const driver = new PartitionDriver()
  return published(driver.askJson(json)).payload.toString()
}

describe('a value on the command topic', () => {
  it('is told apart by its first byte', () => {
    expect(formOf(null)).toBe('tombstone')
    expect(formOf(Buffer.from([0, 0, 0, 0, 1]))).toBe('avro')
    expect(formOf(Buffer.from('{"op":"ping"}'))).toBe('json')
    for (const other of ['', ' {}', '\ufeff{}', '[]', '"x"', 'reboot'])
      expect(formOf(Buffer.from(other))).toBe('unreadable')
  })

  it('is ignored as a tombstone', () => {
    const driver = new PartitionDriver()
    const effects = driver.partition.request(driver.message(null), { kind: 'tombstone' }, T0)
    expect(effects).toEqual([{ kind: 'ignored', reason: 'command_tombstone' }])
  })

  it.each([
    ['op is a number', '{"op":5}'],
    ['sensitive is text', '{"op":"ping","sensitive":"true"}'],
    ['requestedAt is text', '{"op":"ping","requestedAt":"1"}'],
    ['expiresAt has a fraction', '{"op":"ping","expiresAt":1782014415000.0}'],
    ['expiresAt has an exponent', '{"op":"ping","expiresAt":1e12}'],
    ['expiresAt has more than 64 bits', '{"op":"ping","expiresAt":9223372036854775808}'],
    ['requestedAt has less than 64 bits', '{"op":"ping","requestedAt":-9223372036854775809}'],
    ['expiresAt has a thousand digits', `{"op":"ping","expiresAt":${'9'.repeat(1000)}}`],
    ['ifOffline is a boolean', '{"op":"ping","ifOffline":true}'],
    ['correlationId is an object', '{"op":"ping","correlationId":{}}'],
    ['commandId is a number', '{"op":"ping","commandId":1}'],
    ['a member twice', '{"op":"ping","op":"reboot"}'],
    ['a member twice inside data', '{"op":"ping","data":{"a":1,"a":2}}'],
    ['NUL at the end', '{"op":"ping"}\0'],
    ['too deep', `{"op":"ping","data":${'{"a":'.repeat(16)}1${'}'.repeat(16)}}`],
    ['a second text', '{"op":"ping"}{}'],
  ])('is unreadable: %s', (_what, json) => {
    const [letter] = deadLetters(new PartitionDriver().askJson(json))
    expect(letter).toMatchObject({
      reasonCode: 'COMMAND_UNREADABLE',
      stage: 'DECODE',
      mqttTopic: 'kafka:cams.command.v1/0/0',
      deviceSn: SN,
      payload: null,
      payloadRedacted: true,
      payloadSize: Buffer.byteLength(json),
      payloadSha256: createHash('sha256').update(json).digest('hex'),
      qos: 0,
      ingestTime: T0,
      bridgeVersion: '0.0.0-test',
    })
  })

  it.each([
    ['equal repeats', '{"commandId":"a","op":"ping","op":"ping"}'],
    ['null members', '{"commandId":"a","op":"ping","data":null,"sensitive":null,"expiresAt":null,"ifOffline":null}'],
    ['an unknown symbol', '{"commandId":"a","op":"ping","ifOffline":"LATER"}'],
    [
      'the ends of 64 bits',
      '{"commandId":"a","op":"ping","requestedAt":-9223372036854775808,"expiresAt":9223372036854775807}',
    ],
    ['unknown members', '{"commandId":"a","op":"ping","__proto__":{"op":5},"x":[1]}'],
  ])('is read: %s', (_what, json) => {
    expect(textOf(json)).toBe('{"id":"a","op":"ping"}')
  })

  it('has its data as an object or as the text of one, members, order, digits and repeats kept', () => {
    const data = '{"b":1.50,"a":9007199254740993,"a":9007199254740993,"é":"\\u0041\\ud800/"}'
    const wanted = '{"id":"a","op":"ping","data":{"b":1.50,"a":9007199254740993,"a":9007199254740993,"é":"A\\ud800/"}}'
    expect(textOf(`{"commandId":"a","op":"ping","data": ${data} }`)).toBe(wanted)
    expect(textOf(JSON.stringify({ commandId: 'a', op: 'ping', data: ` ${data}\n` }))).toBe(wanted)
  })

  it.each(['5', 'true', '[]', '"[1]"', '"  "', '""', '"null"', '"{\\"a\\":1,\\"a\\":2}"'])(
    'has data that is no object: %s',
    (data) => {
      expect(steps(new PartitionDriver().askJson(`{"op":"ping","data":${data}}`))).toEqual(['REJECTED DATA_INVALID'])
    },
  )

  it('counts the depth of data given as text by itself', () => {
    const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    const ask = (levels: number) =>
      steps(new PartitionDriver().askJson(JSON.stringify({ op: 'ping', data: deep(levels) })))
    expect(ask(16)).toEqual(['ACCEPTED'])
    expect(ask(17)).toEqual(['REJECTED DATA_INVALID'])
  })

  it('takes lone surrogates of its texts as U+FFFD', () => {
    const [status] = statuses(new PartitionDriver().askJson('{"op":"ping","correlationId":"a\\ud800"}'))
    expect(status?.correlationId).toBe('a\ufffd')
  })
})

describe('missing members', () => {
  it('are taken from the record', () => {
    const driver = new PartitionDriver()
    driver.offset = 1500
    const effects = driver.ask({ commandId: '', deviceSn: '' }, { partition: 7 })
    expect(statuses(effects)[0]).toMatchObject({ commandId: '8f5c38eb1d1b6d36', deviceSn: SN })
  })

  it('leave an empty serial when the record has no key either', () => {
    const driver = new PartitionDriver()
    driver.key = null
    const effects = driver.ask({ deviceSn: '' })
    expect(steps(effects)).toEqual(['REJECTED SN_INVALID'])
    expect(records(effects)[0]).toMatchObject({ key: '', value: { deviceSn: '' } })
  })
})

describe('a dead letter of a command', () => {
  it('has no serial when the key is none', () => {
    const driver = new PartitionDriver()
    driver.key = 'a+b'
    const effects = driver.askJson('reboot')
    expect(records(effects)[0]).toMatchObject({ key: null, value: { deviceSn: null } })
    driver.key = null
    expect(records(driver.askJson('reboot'))[0]).toMatchObject({ key: null, value: { deviceSn: null } })
  })

  it.each([
    ['ENCODE_FAILED', 'ENCODE'],
    ['PRODUCE_REJECTED', 'PRODUCE'],
  ] as const)('%s says where it happened and nothing of the value', (code, stage) => {
    const driver = new PartitionDriver()
    const record = commandDeadLetter(driver.message(Buffer.from('{"pin":"1234"}')), code, driver.rules, T0)
    expect(record).toMatchObject({
      channel: 'deadLetter',
      key: SN,
      timestamp: T0,
      value: { reasonCode: code, stage, payload: null },
    })
    expect(JSON.stringify(record)).not.toContain('1234')
  })

  it('carries the trace of the request', () => {
    const driver = new PartitionDriver({ kafka: { headers: 'cloudevents' } })
    driver.traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = records(driver.askJson('reboot'))[0]?.headers
    expect(headers).toMatchObject({ traceparent: driver.traceparent, ce_type: 'cams.deadletter.v1', ce_subject: SN })
    expect(headers).not.toHaveProperty('mqtt_topic')
  })
})
