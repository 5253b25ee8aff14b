import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../src/records/bridge-record.ts'
import { routeOf } from '../../../src/routes/ingest.ts'
import { refuseOutcome } from '../../../src/routes/refuse-outcome.ts'
import { deadLetterOf, ingestWith, messageOf, NOW, recordOf, SN } from '../../kit/ingest.ts'

const plain = ingestWith()
const EVT = `api/mqtt/v1/${SN}/evt`
const ST = `api/mqtt/v1/${SN}/st`
const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
const GOOD = '{"user_id":"1","att_time":"2026-06-21 09:30:00","att_state":0}'

function codes(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map((outcome) =>
    outcome.kind === 'produced' ? outcome.record.channel : outcome.kind === 'ignored' ? outcome.reason : outcome.code,
  )
}

describe('topic', () => {
  test.each([
    ['api/mqtt/v1/A/evt', 'attendance'],
    ['api/mqtt/v1/A/rsp', 'REPLY_INVALID'],
    ['api/mqtt/v1/0._:-/evt', 'attendance'],
    ['api/mqtt/v1/A/cmd', 'TOPIC_INVALID'],
    ['api/mqtt/v1/A/EVT', 'TOPIC_INVALID'],
    ['API/mqtt/v1/A/evt', 'TOPIC_INVALID'],
    ['api/mqtt/v1/A/evt/', 'TOPIC_INVALID'],
    ['/api/mqtt/v1/A/evt', 'TOPIC_INVALID'],
    ['api/mqtt/v1/A', 'TOPIC_INVALID'],
    ['api/mqtt/v1/evt', 'TOPIC_INVALID'],
    ['', 'TOPIC_INVALID'],
    ['api/mqtt/v1//evt', 'SN_EMPTY'],
    ['api/mqtt/v1//evt/x', 'TOPIC_INVALID'],
    ['api/mqtt/v1/-A/evt', 'SN_INVALID'],
    ['api/mqtt/v1/A B/evt', 'SN_INVALID'],
    ['api/mqtt/v1/A\n/evt', 'SN_INVALID'],
    [`api/mqtt/v1/${'A'.repeat(64)}/evt`, 'attendance'],
    [`api/mqtt/v1/${'A'.repeat(65)}/evt`, 'SN_INVALID'],
  ])('%j', (topic, code) => {
    expect(codes(ingestWith({ commands: { replyLeaves: ['rsp'] } }).decide(topic, GOOD))).toEqual([code])
  })

  test('comes before the payload, and $emqx topics are the fleet’s', () => {
    expect(codes(plain.decide('api/mqtt/v1/A/x', ''))).toEqual(['TOPIC_INVALID'])
    expect(codes(plain.decide('api/mqtt/v1/!/st', ''))).toEqual(['SN_INVALID'])
    expect(routeOf('$emqx/a', plain.rules)).toBe('fleet')
    expect(routeOf('$emqxx/a', plain.rules)).toBe('device')
    expect(routeOf('$emqx/a', ingestWith({ presence: { brokerEventTopic: '$emqx/a' } }).rules)).toBe('device')
  })

  test('is escaped, then cut to 512 characters', () => {
    const letter = deadLetterOf(plain.decide(`a\u0000\u001f\u007f\u009f\u00a0é${'😀'.repeat(600)}`, '')[0])
    expect(letter.mqttTopic).toBe(`a\\u0000\\u001f\\u007f\\u009f\u00a0é${'😀'.repeat(485)}`)
    expect(Array.from(letter.mqttTopic)).toHaveLength(512)
  })
})

describe('decoding', () => {
  const small = ingestWith({ attendance: { limits: { payloadBytes: 100 } } })
  test.each([
    ['evt', '', 'PAYLOAD_EMPTY'],
    ['st', '', 'presence_cleared'],
    ['evt', ' \r\n\t', 'PAYLOAD_EMPTY'],
    ['st', '\0', 'PAYLOAD_EMPTY'],
    ['evt', '\ufeff', 'PAYLOAD_EMPTY'],
    ['evt', '\ufeff \0\0', 'PAYLOAD_EMPTY'],
    ['evt', '\u00a0', 'JSON_INVALID'],
    ['evt', '\ufeff\ufeff{}', 'JSON_INVALID'],
    ['evt', '{\0}', 'ENCODING_INVALID'],
    ['evt', '\0{}', 'ENCODING_INVALID'],
    ['evt', '\ufeff\0{}', 'ENCODING_INVALID'],
    ['evt', '{}\0 ', 'JSON_INVALID'],
    ['evt', '1\0', 'JSON_NOT_OBJECT'],
    ['evt', `${GOOD}${' '.repeat(38)}`, 'attendance'],
    ['evt', `${GOOD}${' '.repeat(39)}`, 'PAYLOAD_TOO_LARGE'],
  ])('%s %j', (leaf, payload, code) => {
    expect(codes(small.decide(`api/mqtt/v1/${SN}/${leaf}`, payload))).toEqual([code])
  })

  test.each(['c080', 'eda080', 'f4908080', 'ff', 'e282', 'c3', 'f0808080'])(
    '%s is no UTF-8, whatever its size',
    (hex) => {
      expect(codes(plain.decide(EVT, Buffer.from(hex, 'hex')))).toEqual(['ENCODING_INVALID'])
      expect(
        codes(plain.decide(EVT, Buffer.concat([Buffer.from('{"a":"'), Buffer.from(hex, 'hex'), Buffer.from('"}')]))),
      ).toEqual(['ENCODING_INVALID'])
      const large = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(100, 32)])
      expect(codes(small.decide(EVT, large))).toEqual(['PAYLOAD_TOO_LARGE'])
    },
  )
})

describe('shape', () => {
  const replies = ingestWith({ commands: { replyLeaves: ['rsp'] } })
  test.each([
    ['{"id":"c","op":"x","status":"ok"}', true],
    ['{"id":1,"op":"x","code":0}', true],
    ['{"id":"","op":"x","result":false}', true],
    ['{"id":1.0,"op":"x","code":0}', false],
    ['{"id":-1,"op":"x","code":0}', false],
    ['{"id":null,"op":"x","code":0}', false],
    ['{"id":"c","op":" ","code":0}', false],
    ['{"id":"c","op":1,"code":0}', false],
    ['{"id":"c","op":"x"}', false],
    ['{"id":"c","op":"x","status":null}', false],
    ['[{"id":"c","op":"x","status":"ok"}]', false],
    ['"x"', false],
  ])('%s is a reply: %s', (payload, isReply) => {
    const leaves = ['evt', 'st', 'rsp'].map((leaf) => codes(replies.decide(`api/mqtt/v1/${SN}/${leaf}`, payload))[0])
    if (isReply) expect(leaves).toEqual(['commandReply', 'commandReply', 'commandReply'])
    else {
      expect(leaves).not.toContain('commandReply')
      expect(leaves[2]).toBe('REPLY_INVALID')
    }
  })

  test('a reply comes before punch, wrapper and presence, and goes on as it came', () => {
    const payload = Buffer.from(
      '\ufeff {"id":7,"op":"x","status":"ok","user_id":"1","online":true,"records":[{"a":1}]}\0',
    )
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const record = recordOf(plain.decide(EVT, payload, { traceparent })[0])
    expect(record).toEqual({
      channel: 'commandReply',
      key: SN,
      value: payload,
      timestamp: NOW,
      headers: { mqtt_topic: EVT, ingest_time: String(NOW), traceparent },
    })
    expect(recordOf(plain.decide(EVT, payload, { traceparent: 'x' })[0]).headers).toEqual({
      mqtt_topic: EVT,
      ingest_time: String(NOW),
    })
  })

  test.each([
    ['evt', '"x"', ['JSON_NOT_OBJECT']],
    ['evt', 'null', ['JSON_NOT_OBJECT']],
    ['evt', 'true', ['JSON_NOT_OBJECT']],
    ['evt', 'online', ['JSON_INVALID']],
    ['st', '[]', ['JSON_NOT_OBJECT']],
    ['st', 'null', ['JSON_NOT_OBJECT']],
    ['evt', `{"records":[${GOOD}]}`, ['attendance']],
    ['evt', `{"logs":[${GOOD}],"records":1}`, ['attendance']],
    ['evt', `{"punches":[${GOOD}],"logs":null}`, ['attendance']],
    ['evt', `{"punches":[1],"records":[${GOOD}]}`, ['attendance']],
    ['evt', `{"user_id":null,"records":[${GOOD}]}`, ['attendance']],
    ['evt', `{"user_id":"","records":[${GOOD}]}`, ['USER_ID_MISSING']],
    ['evt', `{"UserID":"1","records":[${GOOD}]}`, ['TIME_MISSING']],
    ['evt', '{"records":[]}', ['BATCH_EMPTY']],
    ['evt', `[{"records":[${GOOD}]}]`, ['NOT_A_PUNCH']],
    ['evt', `[[${GOOD}],null,1,"x",true]`, Array<string>(5).fill('ITEM_NOT_OBJECT')],
    ['st', `{"records":[${GOOD}]}`, ['ONLINE_INVALID']],
    // Repeats: in the items of a batch they refuse the item, anywhere else the message.
    ['evt', `[{"a":1,"a":2},${GOOD}]`, ['JSON_DUPLICATE_KEY', 'attendance']],
    ['evt', `[[{"a":1,"a":2}]]`, ['JSON_DUPLICATE_KEY']],
    ['evt', `{"records":[{"a":1,"a":2},${GOOD}]}`, ['JSON_DUPLICATE_KEY', 'attendance']],
    ['evt', `{"x":{"a":1,"a":2},"records":[${GOOD}]}`, ['JSON_DUPLICATE_KEY']],
    ['evt', `{"logs":[{"a":1,"a":2}],"records":[${GOOD}]}`, ['JSON_DUPLICATE_KEY']],
    ['evt', `{"records":[${GOOD}],"records":[${GOOD}]}`, ['attendance']],
    ['evt', `{"records":[${GOOD}],"records":[]}`, ['JSON_DUPLICATE_KEY']],
    ['evt', `{"id":"c","op":"x","code":0,"records":[{"a":1,"a":2}]}`, ['JSON_DUPLICATE_KEY']],
    ['st', '[{"a":1,"a":2}]', ['JSON_DUPLICATE_KEY']],
    ['rsp', '[{"a":1,"a":2}]', ['JSON_DUPLICATE_KEY']],
    ['evt', '{"a":"\\u0061","\\u0061":"a"}', ['NOT_A_PUNCH']],
    ['evt', '{"a":1,"\\u0061":2}', ['JSON_DUPLICATE_KEY']],
  ])('on %s %s', (leaf, payload, expected) => {
    expect(codes(replies.decide(`api/mqtt/v1/${SN}/${leaf}`, payload))).toEqual(expected)
  })

  test('a batch of too many items is refused without a look at them, unless it stands in a faulty wrapper', () => {
    const two = ingestWith({ attendance: { limits: { batchItems: 2 } } })
    const bad = '{"a":1,"a":2}'
    expect(codes(two.decide(EVT, `[${bad},${bad}]`))).toEqual(['JSON_DUPLICATE_KEY', 'JSON_DUPLICATE_KEY'])
    const [outcome] = two.decide(EVT, `[${bad},${bad},${bad}]`)
    expect(deadLetterOf(outcome)).toMatchObject({
      reasonCode: 'BATCH_TOO_LARGE',
      reasonDetail: 'limit 2',
      batchSize: 3,
      batchIndex: null,
    })
    expect(codes(two.decide(EVT, `{"records":[1,2,3]}`))).toEqual(['BATCH_TOO_LARGE'])
    expect(codes(two.decide(EVT, `{"sn":1,"sn":2,"records":[1,2,3]}`))).toEqual(['JSON_DUPLICATE_KEY'])
    expect(deadLetterOf(two.decide(EVT, '[]')[0])).toMatchObject({ batchSize: 0, batchIndex: null })
  })

  test('the wrapper’s serial counts for every item, its other members for none', () => {
    const outcomes = plain.decide(
      EVT,
      `{"sn":null,"SerialNumber":"X","photo":1,"q":2,"records":[${GOOD},{"user_id":"2","att_time":1782014400}]}`,
    )
    expect(outcomes.map((outcome) => (recordOf(outcome).value as { flags: unknown }).flags)).toEqual([
      ['SN_MISMATCH'],
      ['SN_MISMATCH', 'STATE_MISSING'],
    ])
  })

  test('repeats in a batch are dropped by id, refused ones do not count, ambiguous ones are kept', () => {
    const refused = '{"user_id":"1","att_time":"2026-06-21 09:30:00","att_state":0,"z":1,"z":2}'
    expect(codes(plain.decide(EVT, `[${refused},${GOOD},${GOOD.replace('"1"', '1')}]`))).toEqual([
      'JSON_DUPLICATE_KEY',
      'attendance',
      'repeat_in_batch',
    ])
    const sent = recordOf(plain.decide(EVT, `[${GOOD}]`)[0])
    expect(sent.value).toMatchObject({ batchIndex: 0, batchSize: 1 })
    const london = ingestWith({ devices: [{ deviceSn: SN, timeZone: 'Europe/London' }] })
    const twice = '{"user_id":"1","att_time":"2025-10-26 01:10:00"}'
    expect(codes(london.decide(EVT, `[${twice},${twice},${twice}]`))).toEqual(Array(3).fill('attendance'))
  })
})

describe('dead letters', () => {
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

  test('of an item speak of its own source text', () => {
    const item = '{ "user_id" : "é" , "photo":1,"att_time":"soon" }'
    const letter = deadLetterOf(plain.decide(EVT, `\ufeff[${GOOD} , ${item} ]`, { qos: 2, retain: true, dup: true })[1])
    expect(letter).toMatchObject({
      reasonCode: 'TIME_INVALID',
      reasonDetail: 'att_time',
      stage: 'VALIDATE',
      mqttTopic: EVT,
      deviceSn: SN,
      payloadSize: Buffer.byteLength(item),
      payloadSha256: sha(item),
      payloadRedacted: true,
      payloadTruncated: false,
      batchIndex: 1,
      batchSize: 2,
      qos: 2,
      retained: true,
      duplicate: true,
      ingestTime: NOW,
      bridgeVersion: 'test',
    })
    expect(letter.payload?.toString()).toBe('{"user_id":"é","att_time":"soon"}')
  })

  test.each([
    ['{"a":é}', 'offset 5'],
    ['{"é":1 2}', 'offset 8'],
    ['\ufeff{"a":1,"a":2}', 'offset 10'],
    ['{"é":1,"b":{"c":1,"c":2}}', 'offset 19'],
  ])('name the byte offset of the fault in %s', (payload, detail) => {
    expect(deadLetterOf(plain.decide(EVT, payload)[0]).reasonDetail).toBe(detail)
  })

  test('name the offset of a repeat inside the item, and limits', () => {
    expect(deadLetterOf(plain.decide(EVT, '[ 1, {"é":1,"é":2}]')[1])).toMatchObject({
      reasonDetail: 'offset 8',
      stage: 'PARSE',
    })
    expect(deadLetterOf(plain.decide(EVT, '['.repeat(17))[0]).reasonDetail).toBe('limit 16')
    expect(deadLetterOf(plain.decide(EVT, Buffer.alloc(262_145))[0]).reasonDetail).toBe('limit 262144')
  })

  const kept = (settings: object, payload: string | Buffer, topic = EVT): unknown => {
    const letter = deadLetterOf(ingestWith(settings).decide(topic, payload)[0])
    return [letter.payload?.toString() ?? null, letter.payloadTruncated, letter.payloadRedacted]
  }
  const keyed = { attendance: { pseudonym: { key: KEY } } }

  test('rule 1: nothing is kept', () => {
    const off = { deadLetter: { keepPayload: false } }
    for (const payload of ['{}', 'x', '', '\0'.repeat(300_000)]) expect(kept(off, payload)).toEqual([null, false, true])
  })

  test('rule 2: of a large one the first bytes, also when it has another fault', () => {
    const cut = { attendance: { limits: { payloadBytes: 10 } }, deadLetter: { truncateBytes: 4 } }
    expect(kept(cut, '{"photo":123}')).toEqual(['{"ph', true, false])
    expect(kept(cut, '{"photo":123}', 'nowhere')).toEqual(['{"ph', true, false])
    expect(kept({ ...cut, deadLetter: { truncateBytes: 50 } }, '{"photo":123}')).toEqual([
      '{"photo":123}',
      false,
      false,
    ])
    expect(kept({ attendance: { ...cut.attendance, ...keyed.attendance } }, '{"photo":123}')).toEqual([
      null,
      false,
      true,
    ])
    expect(kept(cut, '{"photo":1')).toEqual(['{"photo":1', false, false])
  })

  test('rule 3: listed names are cut at every depth whatever the value; the rest compact, digits and repeats kept', () => {
    expect(
      kept(
        {},
        '{ "n":1.50, "n":1.50, "a":[{"PHOTO":null,"b":1e2},[{"_Id-Card_":{}}]], "x":{"Name":{"y":1}},"\\u0070in":1 }',
      ),
    ).toEqual(['{"n":1.50,"n":1.50,"a":[{"b":1e2},[{}]],"x":{}}', false, true])
    expect(kept({}, '\ufeff{ "user_id" : "1", "a" : [ 1 ] }\0')).toEqual([
      '\ufeff{ "user_id" : "1", "a" : [ 1 ] }\0',
      false,
      false,
    ])
    expect(kept({}, '{"a":1,"a":2,"api-key":3}')).toEqual(['{"a":1,"a":2}', false, true])
    expect(kept({}, '{"photo2":"","surname":1}')).toEqual(['{"photo2":"","surname":1}', false, false])
    expect(kept({ deadLetter: { redact: ['Sur-Name'] } }, '{"SUR_NAME":1,"sur name":2}')).toEqual([
      '{"sur name":2}',
      false,
      true,
    ])
    expect(kept({}, '{"ＰＨＯＴＯ":1,"Phone\\u0020":1,"x":1}')).toEqual([
      '{"ＰＨＯＴＯ":1,"Phone\\u0020":1,"x":1}',
      false,
      false,
    ])
    expect(kept({}, '{"photo":1}', 'api/mqtt/v1/!/evt')).toEqual(['{}', false, true])
    expect(kept(keyed, '{"user_id":1,"x":{"USER-ID":2,"UserID":3},"y":4}')).toEqual(['{"x":{},"y":4}', false, true])
    expect(kept(keyed, '{"y":4}')).toEqual(['{"y":4}', false, false])
  })

  test('rule 4: what cannot be parsed stays as it came, unless a pseudonym key is set', () => {
    for (const payload of ['{"photo":1', '', '[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]', '{\0}']) {
      expect(kept({}, payload)).toEqual([payload, false, false])
      expect(kept(keyed, payload)).toEqual([null, false, true])
    }
    expect(deadLetterOf(plain.decide(EVT, Buffer.from('ff00', 'hex'))[0]).payload).toEqual(Buffer.from('ff00', 'hex'))
  })

  test('the id has the batch index and the escaped topic', () => {
    expect(deadLetterOf(plain.decide(EVT, '')[0]).eventId).not.toBe(
      deadLetterOf(plain.decide(EVT, '', { receivedAt: NOW + 1 })[0]).eventId,
    )
    const [first, second] = plain.decide(EVT, '[1,1]')
    expect(deadLetterOf(first).eventId).not.toBe(deadLetterOf(second).eventId)
    const golden = plain.decide(EVT, '', { receivedAt: 1_782_014_405_000 })
    expect(deadLetterOf(golden[0]).eventId).toBe('a80aaee0-8814-5a07-8646-96a841040603')
  })

  test('headers of CloudEvents say no serial that is not valid', () => {
    const events = ingestWith({ kafka: { headers: 'cloudevents' } })
    const headers = recordOf(events.decide('api/mqtt/v1/\u0001/evt', '')[0]).headers
    expect(headers).toMatchObject({
      ce_source: '/cams/mqtt',
      mqtt_topic: 'api/mqtt/v1/\\u0001/evt',
      ce_type: 'cams.deadletter.v1',
    })
    expect(headers).not.toHaveProperty('ce_subject')
    expect(headers).not.toHaveProperty('traceparent')
    expect(recordOf(plain.decide('x', '')[0])).toMatchObject({ key: null, headers: null, timestamp: NOW })
  })
})

describe('what nobody expected', () => {
  const message = (payload: string) => messageOf(EVT, payload)

  test('an exception on one item is that item’s dead letter', () => {
    const broken = ingestWith()
    const stateMap = { get: (key: string) => (key === 'boom' ? fail() : 'CHECK_IN') } as never
    const rules = { ...broken.rules.attendance, stateMap }
    Object.assign(broken.rules, { attendance: rules })
    const outcomes = broken.decide(EVT, `[${GOOD},${GOOD.replace('0}', '"boom"}')},${GOOD.replace('"1"', '"2"')}]`)
    expect(codes(outcomes)).toEqual(['attendance', 'INTERNAL_ERROR', 'attendance'])
    expect(deadLetterOf(outcomes[1])).toMatchObject({
      stage: 'VALIDATE',
      reasonDetail: 'RangeError',
      batchIndex: 1,
      batchSize: 3,
      deviceSn: SN,
    })
    expect(codes(broken.decide(EVT, GOOD.replace('0}', '"boom"}')))).toEqual(['INTERNAL_ERROR'])
  })

  test('a reader that fails by itself still ends in a dead letter, without the payload', () => {
    const broken = ingestWith()
    Object.assign(broken.rules, { depth: 1_000_000 })
    Object.assign(broken.rules.deadLetters.keep, { depth: 1_000_000 })
    const letter = deadLetterOf(broken.decide(EVT, '{"a":'.repeat(40_000))[0])
    expect(letter).toMatchObject({
      reasonCode: 'INTERNAL_ERROR',
      stage: 'PARSE',
      payload: null,
      payloadRedacted: true,
      deviceSn: SN,
    })
  })

  test('the sink’s refusals speak of the outcome that they replace', () => {
    const encode = { code: 'ENCODE_FAILED', detail: 'userId' } as const
    const batch = message(`{"logs":[${GOOD},{"user_id":"2","photo":1}]}`)
    expect(deadLetterOf(refuseOutcome(batch, 1, encode, plain.rules))).toMatchObject({
      reasonCode: 'ENCODE_FAILED',
      stage: 'ENCODE',
      reasonDetail: 'userId',
      batchIndex: 1,
      batchSize: 2,
      payloadSize: 25,
      payloadRedacted: true,
      deviceSn: SN,
    })
    const produce = { code: 'PRODUCE_REJECTED', detail: null } as const
    expect(deadLetterOf(refuseOutcome(message(GOOD), 0, produce, plain.rules))).toMatchObject({
      reasonCode: 'PRODUCE_REJECTED',
      stage: 'PRODUCE',
      batchIndex: null,
      batchSize: null,
      payloadSize: GOOD.length,
      payloadSha256: sha256(GOOD),
    })
    const internal = { code: 'INTERNAL_ERROR', detail: null, stage: 'PRODUCE' } as const
    expect(deadLetterOf(refuseOutcome(messageOf(ST, 'online'), 0, internal, plain.rules))).toMatchObject({
      stage: 'PRODUCE',
      deviceSn: SN,
      batchIndex: null,
    })
    const events = ingestWith({ presence: { brokerEventTopic: EVT } })
    expect(deadLetterOf(refuseOutcome(message(`[${GOOD}]`), 0, produce, events.rules))).toMatchObject({
      deviceSn: null,
      batchIndex: null,
    })
    expect(deadLetterOf(refuseOutcome(message('nonsense'), 0, produce, plain.rules))).toMatchObject({
      batchIndex: null,
      deviceSn: SN,
    })
  })

  function fail(): never {
    throw new RangeError('17')
  }
  function sha256(text: string): string {
    return createHash('sha256').update(text).digest('hex')
  }
})
