import { describe, expect, it } from 'vitest'
import { PartitionDriver, records, SN, statuses, steps, T0 } from './partition-driver.ts'

function verdict(body: string, settings: Record<string, unknown> = {}, request: Record<string, unknown> = {}) {
  const driver = new PartitionDriver(settings)
  driver.answer(driver.ask(request))
  return statuses(driver.reply(body))[0]
}

/** A reply with these members besides id and op. */
function reply(members: string): string {
  return `{"id":"c1","op":"other",${members}}`
}

describe('the verdict', () => {
  it.each([
    ['"status":"ok"', 'SUCCEEDED', null],
    ['"status":" DONE "', 'SUCCEEDED', null],
    ['"status":"Success"', 'SUCCEEDED', null],
    ['"status":"succeeded"', 'SUCCEEDED', null],
    ['"status":"True"', 'SUCCEEDED', null],
    ['"status":"0"', 'SUCCEEDED', null],
    ['"status":true', 'SUCCEEDED', null],
    ['"status":0', 'SUCCEEDED', null],
    ['"status":0.0', 'FAILED', '0.0'],
    ['"status":-0', 'FAILED', '-0'],
    ['"status":0e0', 'FAILED', '0e0'],
    ['"status":1', 'FAILED', '1'],
    ['"status":false', 'FAILED', 'false'],
    ['"status":""', 'FAILED', ''],
    ['"status":"  "', 'FAILED', '  '],
    ['"status":" no "', 'FAILED', ' no '],
    ['"status":"o k"', 'FAILED', 'o k'],
    ['"status":{}', 'FAILED', null],
    ['"status":["ok"]', 'FAILED', null],
    ['"status":"accepted"', 'DELIVERED', null],
    ['"status":" In-Progress\\n"', 'DELIVERED', null],
    ['"status":"IN_PRO GRESS"', 'DELIVERED', null],
    ['"status":"received"', 'DELIVERED', null],
    ['"status":"queued"', 'DELIVERED', null],
    ['"status":"pending"', 'DELIVERED', null],
    ['"status":"running"', 'DELIVERED', null],
    ['"status":"accepted","code":0', 'DELIVERED', '0'],
    ['"status":"ok","code":7', 'SUCCEEDED', '7'],
    ['"status":"error","code":-1005', 'FAILED', '-1005'],
    ['"status":"error","code":{"a":1}', 'FAILED', 'error'],
    ['"status":"error","code":[]', 'FAILED', 'error'],
    ['"status":"error","code":true', 'FAILED', 'true'],
    ['"status":"error","code":" "', 'FAILED', ' '],
    ['"status":null,"code":0', 'SUCCEEDED', '0'],
    ['"code":"ok"', 'SUCCEEDED', 'ok'],
    ['"code":"accepted"', 'FAILED', 'accepted'],
    ['"code":{}', 'FAILED', null],
    ['"code":{},"result":{}', 'FAILED', null],
    ['"result":"ok"', 'SUCCEEDED', null],
    ['"result":"pending"', 'FAILED', 'pending'],
    ['"result":{}', 'SUCCEEDED', null],
    ['"result":[]', 'SUCCEEDED', null],
    ['"result":5', 'FAILED', '5'],
  ])('of %s is %s', (members, status, deviceCode) => {
    expect(verdict(reply(members))).toMatchObject({ status, deviceCode, errorCode: null, op: 'ping', attempt: 1 })
  })

  it('has a code cut to 64 characters and not trimmed', () => {
    expect(verdict(reply(`"status":1,"code":" ${'😀'.repeat(70)}\\ud800"`))?.deviceCode).toBe(` ${'😀'.repeat(63)}`)
    expect(verdict(reply('"status":1,"code":"\\ud800"'))?.deviceCode).toBe('\ufffd')
  })
})

describe('message and result', () => {
  it.each([
    ['"message":"busy"', 'busy'],
    ['"message":" a\\u0000b\\n\\u009f "', ' a b   '],
    ['"message":"\\udc00"', '\ufffd'],
    ['"message":""', ''],
    ['"message":5', null],
    ['"message":null', null],
    [`"message":"${'😀'.repeat(201)}"`, '😀'.repeat(200)],
  ])('%s', (members, message) => {
    expect(verdict(reply(`"status":1,${members}`))?.message).toBe(message)
  })

  it.each([
    ['"data":{"b":1.50,"a":[9007199254740993]}', '{"b":1.50,"a":[9007199254740993]}'],
    ['"data":[ 1 , 2 ]', '[1,2]'],
    ['"data":"text","result":{"a":1}', '{"a":1}'],
    ['"data":null,"result":[]', '[]'],
    ['"data":5', null],
    ['"data":{"Card_No":"1","deep":[{"PIN":2,"ok":3,"x":{"face-template":"z"}}]}', '{"deep":[{"ok":3,"x":{}}]}'],
    ['"data":{"a":"\\u00e9\\ud800"}', '{"a":"é\\ud800"}'],
    ['"data":{"a":1,"a":1}', '{"a":1,"a":1}'],
  ])('%s', (members, result) => {
    expect(verdict(reply(`"status":1,${members}`))?.result).toBe(result)
  })

  it('leave out a result over the limit, measured in bytes after the cut', () => {
    const settings = { commands: { limits: { resultBytes: 11 } } }
    expect(verdict(reply('"status":1,"data":{"a":"ééx"}'), settings)?.result).toBeNull()
    expect(verdict(reply('"status":1,"data":{"a":"éé","pin":"12345678"}'), settings)?.result).toBeNull()
    expect(verdict(reply('"status":1,"data":{"a":"éx","pin":"12345678"}'), settings)?.result).toBe('{"a":"éx"}')
  })

  it('have the further names of the settings cut out', () => {
    const body = reply('"status":1,"data":{"User-Id":"1","Shoe_Size":2,"x":3}')
    expect(verdict(body, { deadLetter: { redact: ['shoesize'] } })?.result).toBe('{"User-Id":"1","x":3}')
    const key = Buffer.alloc(16, 7).toString('base64')
    expect(verdict(body, { attendance: { pseudonym: { key } } })?.result).toBe('{"Shoe_Size":2,"x":3}')
  })

  it('are empty for a sensitive command, in every status that a reply makes', () => {
    for (const request of [{ sensitive: true }, { op: 'set_photo' }]) {
      for (const status of ['"ok"', '"no"', '"accepted"']) {
        const body = reply(`"status":${status},"code":5,"message":"pin 1234","data":{"a":1}`)
        expect(verdict(body, {}, request)).toMatchObject({
          sensitive: true,
          message: null,
          result: null,
          deviceCode: '5',
        })
      }
    }
  })
})

describe('a reply', () => {
  it.each([
    ['of an unknown id', '{"id":"c2","op":"ping","status":"ok"}'],
    ['with other case', '{"id":"C1","op":"ping","status":"ok"}'],
    ['with spaces around the id', '{"id":" c1","op":"ping","status":"ok"}'],
    ['that is none', '{"id":"c1","status":"ok"}'],
    ['that is no JSON', 'c1'],
    ['with a member twice', '{"id":"c1","op":"ping","status":"ok","status":"no"}'],
    ['without bytes', ''],
  ])('%s is ignored', (_what, body) => {
    const driver = new PartitionDriver()
    driver.answer(driver.ask())
    expect(driver.reply(body)).toEqual([{ kind: 'ignored', reason: 'reply_unknown' }])
  })

  it('of another device is ignored', () => {
    const driver = new PartitionDriver()
    driver.answer(driver.ask())
    driver.key = 'OTHER'
    expect(driver.reply({ status: 'ok' })).toEqual([{ kind: 'ignored', reason: 'reply_unknown' }])
  })

  it('may have a number for an id', () => {
    const driver = new PartitionDriver()
    driver.answer(driver.ask({ commandId: '9007199254740993' }))
    expect(steps(driver.reply('{"id":9007199254740993,"op":"ping","status":"ok"}'))).toEqual(['SUCCEEDED'])
  })

  it('is reported each time, the same answer with the same eventId', () => {
    const driver = new PartitionDriver()
    driver.answer(driver.ask())
    const first = statuses(driver.reply({ status: 'ok' }))[0]
    driver.now += 1000
    const second = statuses(driver.reply({ status: 'ok' }))[0]
    expect(second).toEqual({ ...first, statusTime: T0 + 1000 })
    expect(steps(driver.reply({ status: 'no' }))).toEqual(['FAILED'])
    expect(steps(driver.ask())).toEqual(['FAILED'])
  })

  it('gives its topic and trace to the headers, not those of the request', () => {
    const driver = new PartitionDriver({ kafka: { headers: 'cloudevents' } })
    driver.traceparent = `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`
    driver.answer(driver.ask())
    const traceparent = `00-${'2'.repeat(32)}-${'2'.repeat(16)}-01`
    const topic = `api/mqtt/v1/${SN}/evt`
    const [record] = records(driver.reply({ status: 'ok' }, { headers: { mqtt_topic: topic, traceparent } }))
    expect(record).toMatchObject({ key: SN, timestamp: T0 })
    expect(record?.headers).toMatchObject({ mqtt_topic: topic, traceparent, ce_time: '2026-06-21T04:00:05.000Z' })
  })

  /** Guards commands/resting-command.ts: seen to fail for any field that is left out of the text. */
  it('comes again as it was for a repeat of the request, whatever came in between', () => {
    const driver = new PartitionDriver({ kafka: { headers: 'cloudevents' } })
    const request = { op: 'reboot', correlationId: 'order 7' }
    driver.answer(driver.ask(request))
    const headers = { mqtt_topic: `api/mqtt/v1/${SN}/st` }
    const body = { status: 'no', code: 'E5', message: 'jammed \u{1f512}', data: { tries: 3 } }
    const [before] = records(driver.reply(body, { headers }))
    driver.now += 1000
    driver.answer(driver.ask({ commandId: 'c2' }))
    expect(records(driver.ask(request))).toEqual([before])
    expect(before?.value).toMatchObject({ deviceCode: 'E5', message: 'jammed \u{1f512}', result: '{"tries":3}' })
  })
})
