import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import { textLines } from '../../../src/cli/explain/text-lines.ts'
import { explain } from '../../kit/scenario.ts'

const folder = mkdtempSync(join(tmpdir(), 'explain-'))
afterAll(() => rmSync(folder, { recursive: true }))

function configFile(text: string): string {
  const path = join(folder, `config-${Math.random()}.yaml`)
  writeFileSync(path, text)
  return path
}

const AT = '"at":"2026-06-21T04:00:05.000Z"'
const punch = (sn: string, more = ''): string =>
  `{${more}"mqtt":{"topic":"api/mqtt/v1/${sn}/evt","json":{"user_id":9007199254740993,"att_time":"2026-06-21 04:00:00","att_state":1}}}`

const valueOf = (line: unknown): Record<string, unknown> =>
  (line as { kafka: { value: Record<string, unknown> } }).kafka.value

describe('lines', () => {
  test('give outputs with their number; empty ones are skipped but counted; unknown members ignored', async () => {
    const { status, lines, errors } = await explain(`\n{${AT},"note":{"a":1}}\r\n  \n${punch('A')}\n${punch('!')}`)
    expect([status, errors]).toEqual([0, ''])
    expect(lines.map((line) => line['step'])).toEqual([4, 5])
    expect(valueOf(lines[0])).toMatchObject({
      userId: '9007199254740993',
      ingestTime: Date.UTC(2026, 5, 21, 4, 0, 5),
      flags: ['USER_ID_NUMERIC', 'TZ_DEFAULTED'],
    })
    expect(valueOf(lines[1])).toMatchObject({ reasonCode: 'SN_INVALID' })
  })

  test('a payload is sent as literal text, bytes or compact JSON with its digits and repeats', async () => {
    const of = (payload: string): string => `{${AT},"mqtt":{"topic":"t",${payload}}}`
    const { lines } = await explain(
      [
        of('"json":{ "a" : 1.50, "a" : [ 1 ] }'),
        of('"json":null'),
        of('"text":" \\u2028\\n"'),
        of('"base64":"/wA="'),
      ].join('\n'),
    )
    expect(lines.map((line) => Buffer.from(valueOf(line)['payload'] as string, 'base64').toString('latin1'))).toEqual([
      '{"a":1.50,"a":[1]}',
      'null',
      Buffer.from(' \u2028\n').toString('latin1'),
      '\u00ff\0',
    ])
  })

  test('delivery flags, defaults and the trace', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { lines } = await explain(
      [
        `{${AT},"mqtt":{"topic":"t","text":"x","qos":2,"retain":true,"dup":true,"properties":{"traceparent":"${trace}"}}}`,
        '{"mqtt":{"topic":"t","text":"x"}}',
      ].join('\n'),
    )
    expect(lines[0]).toMatchObject({
      kafka: { headers: { traceparent: trace }, value: { qos: 2, retained: true, duplicate: true } },
    })
    expect(lines[1]).toMatchObject({
      kafka: {
        key: null,
        headers: {},
        timestamp: Date.UTC(2026, 5, 21, 4, 0, 5),
        value: { qos: 1, retained: false, duplicate: false, bridgeVersion: 'test' },
      },
    })
  })

  test('without a time the first line takes the real clock', async () => {
    const before = Date.now()
    const { lines } = await explain('{"mqtt":{"topic":"t","text":""}}')
    expect(valueOf(lines[0])['ingestTime']).toBeGreaterThanOrEqual(before)
    expect(valueOf(lines[0])['ingestTime']).toBeLessThanOrEqual(Date.now())
  })

  test.each([
    ['no JSON', '{"at"', 'not JSON'],
    ['no object', '[]', 'not a JSON object'],
    ['at of another form', '{"at":"2026-06-21T04:00:05Z"}', 'at is no time'],
    ['at that does not exist', '{"at":"2026-02-30T04:00:05.000Z"}', 'at is no time'],
    ['at as a number', '{"at":1}', 'at is no time'],
    ['at going back', '{"at":"2026-06-21T04:00:04.999Z"}', 'at goes back'],
    ['two inputs', '{"mqtt":{"topic":"a","text":""},"kafka":{"topic":"b","value":null}}', 'both mqtt and kafka'],
    ['late settings', '{"settings":{}}', 'first line'],
    ['no topic', '{"mqtt":{"text":""}}', 'topic is missing'],
    ['no payload', '{"mqtt":{"topic":"a"}}', 'json, text and base64'],
    ['two payloads', '{"mqtt":{"topic":"a","text":"","json":1}}', 'both json and text'],
    ['bad Base64', '{"mqtt":{"topic":"a","base64":"a"}}', 'Base64'],
    ['bad QoS', '{"mqtt":{"topic":"a","text":"","qos":3}}', 'qos'],
    ['bad retain', '{"mqtt":{"topic":"a","text":"","retain":1}}', 'retain'],
    ['mqtt that is no object', '{"mqtt":1}', 'mqtt is no object'],
    ['bad puback', '{"puback":-1}', 'puback'],
    ['bad property', '{"mqtt":{"topic":"a","text":"","properties":{"a":1}}}', 'a is no text'],
    ['bad key', '{"kafka":{"topic":"cams.device.v1","key":1,"value":null}}', 'key is no text'],
    ['bad UTF-8', Buffer.from('7b22ff223a317d', 'hex'), 'not UTF-8'],
  ])('%s stops with 2 after the outputs of the lines before it', async (_what, line, message) => {
    const input = Buffer.concat([
      Buffer.from(`${punch('A', `${AT},`)}\n\n`),
      Buffer.from(line as string),
      Buffer.from(`\n${punch('B')}\n`),
    ])
    const { status, lines, errors } = await explain(input)
    expect(status).toBe(2)
    expect(lines.map((output) => output['step'])).toEqual([1])
    expect(errors).toContain('line 3')
    expect(errors).toContain(message)
  })

  test.each(['cams.deadletter.v1', 'nowhere'])('a record on %s, which nobody consumes, is ignored', async (topic) => {
    expect(await explain(`{${AT},"kafka":{"topic":"${topic}","value":null}}`)).toMatchObject({
      status: 0,
      lines: [{ step: 1, ignored: 'unmatched_topic' }],
    })
  })

  test('only line feeds end a line, wherever the chunks are cut', async () => {
    const text = 'a\u2028b\rc\né😀\n\nlast'
    const bytes = Buffer.from(text)
    for (const size of [1, 2, 3, 100]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      )
      const lines: string[] = []
      for await (const line of textLines(Readable.from(chunks))) lines.push(line.toString())
      expect(lines).toEqual(text.split('\n'))
    }
  })
})

describe('settings', () => {
  test('of the first line lie over the file, the file over the defaults', async () => {
    const path = configFile(
      'devices:\n  - {deviceSn: A, timeZone: Asia/Kolkata, tenantId: file}\nattendance:\n  defaultZone: Asia/Dubai\n  stateMap: {"1": MEAL_IN, "2": MEAL_OUT}\n',
    )
    const run = await explain(
      `${punch('B', `${AT},"settings":{"attendance":{"stateMap":{"1":"BREAK_IN"}}},`)}\n${punch('A')}`,
      ['--config', path],
    )
    expect(run.errors).toBe('')
    expect(valueOf(run.lines[0])).toMatchObject({ state: 'BREAK_IN', timeZone: 'Asia/Dubai' })
    expect(valueOf(run.lines[1])).toMatchObject({ tenantId: 'file' })
    const bare = await explain(punch('A', `${AT},"settings":null,`), [`--config=${path}`])
    expect(valueOf(bare.lines[0])).toMatchObject({ state: 'MEAL_IN' })
  })

  test.each([
    ['a key that does not exist', '{"atendance":{}}'],
    ['a value of another type', '{"attendance":{"limits":{"depth":"16"}}}'],
    ['an unknown zone', '{"devices":[{"deviceSn":"A","timeZone":"Mars/Olympus"}]}'],
    ['an unknown default zone', '{"attendance":{"defaultZone":"+05:30"}}'],
    ['an unknown state', '{"attendance":{"stateMap":{"1":"SIDEWAYS"}}}'],
    ['an unknown state of a device', '{"devices":[{"deviceSn":"A","stateMap":{"1":"SIDEWAYS"}}]}'],
    ['an own __proto__', '{"__proto__":{"a":1}}'],
    ['no object', '[]'],
  ])('with %s stop with 2', async (_what, settings) => {
    const first = await explain(`{${AT},"settings":${settings}}\n${punch('A')}`)
    expect(first.status).toBe(2)
    expect(first.lines).toEqual([])
    expect(first.errors).toContain('line 1')
    const file = await explain(punch('A', `${AT},`), ['--config', configFile(settings)])
    expect(file).toMatchObject({ status: 2, lines: [] })
    expect(file.errors).not.toContain('line 1')
  })

  test.each([[['--config']], [['--config', '/does/not/exist.yaml']], [['--verbose']]])(
    'arguments %j stop with 2',
    async (args) => {
      expect(await explain('', args)).toMatchObject({ status: 2, lines: [] })
    },
  )

  test('a file that is no YAML stops with 2; nothing at all is fine', async () => {
    expect((await explain('', ['--config', configFile('a: [')])).status).toBe(2)
    expect(await explain('', ['--config', configFile('')])).toEqual({ status: 0, lines: [], errors: '' })
  })
})

describe('device registry', () => {
  const zoneAfter = async (...records: readonly string[]): Promise<unknown> => {
    const settings = '"settings":{"devices":[{"deviceSn":"A","timeZone":"Asia/Dubai","tenantId":"s"}]}'
    const lines = records.map((record) => `{"kafka":{"topic":"cams.device.v1",${record}}}`)
    const run = await explain([`{${AT},${settings}}`, ...lines, punch('A')].join('\n'))
    expect(run.errors).toBe('')
    expect(run.lines).toHaveLength(1)
    const { timeZone, tenantId, state } = valueOf(run.lines[0])
    return [timeZone, tenantId, state]
  }
  const before = ['Asia/Dubai', 's', 'CHECK_OUT']
  const nothing = ['UTC', null, 'CHECK_OUT']
  test.each([
    [
      'a record replaces the whole entry',
      ['"key":"A","value":{"timeZone":"asia/dhaka"}'],
      ['asia/dhaka', null, 'CHECK_OUT'],
    ],
    [
      'JSON text too',
      ['"key":"A","text":"{\\"tenantId\\":\\"j\\",\\"stateMap\\":{\\"1\\":\\"MEAL_IN\\",\\"2\\":null}} "'],
      ['UTC', 'j', 'MEAL_IN'],
    ],
    ['{} says nothing', ['"key":"A","text":"{}"'], nothing],
    ['{} as a value says nothing', ['"key":"A","value":{}'], nothing],
    ['a tombstone lets the settings count again', ['"key":"A","value":{}', '"key":"A","value":null'], before],
    ['a tombstone without a record changes nothing', ['"key":"A","value":null'], before],
    ['without a key it is skipped', ['"value":{}'], before],
    ['another key is another device', ['"key":"a","value":{}'], before],
    ['an unknown zone is none', ['"key":"A","value":{"timeZone":"IST","tenantId":"t"}'], ['UTC', 't', 'CHECK_OUT']],
    ['an unknown symbol is no entry', ['"key":"A","value":{"stateMap":{"1":"SIDEWAYS"}}'], nothing],
    ['UNKNOWN is an entry', ['"key":"A","value":{"stateMap":{"1":"UNKNOWN"}}'], ['UTC', null, 'UNKNOWN']],
    ['unknown members are ignored', ['"key":"A","value":{"x":1}'], nothing],
    ['wrong type: text', ['"key":"A","value":{"timeZone":1}'], before],
    ['wrong type: map', ['"key":"A","value":{"stateMap":[]}'], before],
    ['wrong type: map value', ['"key":"A","value":{"stateMap":{"1":1}}'], before],
    ['wrong type in JSON text', ['"key":"A","text":"{\\"model\\":{}}"'], before],
    ['wrong type in a JSON map', ['"key":"A","text":"{\\"stateMap\\":{\\"1\\":0}}"'], before],
    ['no JSON', ['"key":"A","text":"{\\"model\\":"'], before],
    ['a BOM', ['"key":"A","base64":"77u/e30="'], before],
    ['a NUL', ['"key":"A","base64":"e30A"'], before],
    ['no UTF-8', ['"key":"A","base64":"eyJ4Ijoi/yJ9"'], before],
    ['repeats', ['"key":"A","text":"{\\"x\\":1,\\"x\\":2}"'], before],
    ['equal repeats pass', ['"key":"A","text":"{\\"x\\":1,\\"x\\":1}"'], nothing],
    ['too deep', [`"key":"A","text":"{\\"x\\":${'['.repeat(16)}${']'.repeat(16)}}"`], before],
    ['white space first', ['"key":"A","text":" {}"'], before],
    ['empty bytes', ['"key":"A","text":""'], before],
    ['wire format without a registry', ['"key":"A","base64":"AAAAAAEAAAAA"'], before],
    [
      'an unreadable one leaves the record before it',
      ['"key":"A","value":{"tenantId":"t"}', '"key":"A","text":"nonsense"'],
      ['UTC', 't', 'CHECK_OUT'],
    ],
  ])('%s', async (_what, records, expected) => expect(await zoneAfter(...records)).toEqual(expected))

  test('of two settings entries with one serial the last counts', async () => {
    const settings =
      '"settings":{"devices":[{"deviceSn":"A","tenantId":"1","timeZone":"Asia/Dubai"},{"deviceSn":"A","tenantId":"2"}]}'
    const { lines } = await explain(punch('A', `${AT},${settings},`))
    expect(valueOf(lines[0])).toMatchObject({ tenantId: '2', timeZone: 'UTC' })
  })
})
