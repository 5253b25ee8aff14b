import { deadLetterOutcome, type Message, punchOutcome, sha256Of } from './message.ts'

interface Poison {
  readonly code: string
  readonly leaf: 'evt' | 'st' | 'rsp'
  /** `mark` is another text each time, so that each one can be told from the others. */
  readonly payload: (mark: string) => string | Buffer
  /** In place of the device's own serial. */
  readonly serial?: string
}

const evt = (code: string, payload: Poison['payload']): Poison => ({ code, leaf: 'evt', payload })
const punch = (mark: string, time: string): string => `{"user_id":"${mark}","att_time":${time}}`

/** One of each kind that a device can cause. */
const kinds: readonly Poison[] = [
  // A device that was set to CSV.
  evt('JSON_INVALID', (mark) => `${mark},2026-06-21 09:30:00,1`),
  evt('JSON_INVALID', (mark) => `{"user_id":"${mark}","att_time":`),
  evt('USER_ID_MISSING', (mark) => `{"user_id":" ","att_time":"2026-06-21 09:30:00","work_code":"${mark}"}`),
  evt('TIME_MISSING', (mark) => `{"user_id":"${mark}"}`),
  evt('TIME_AMBIGUOUS', (mark) => punch(mark, '"03/04/2026 09:30"')),
  evt('NOT_A_PUNCH', (mark) => `{"heartbeat":"${mark}"}`),
  evt('TIME_OUT_OF_RANGE', (mark) => punch(mark, '"2000-01-01 00:00:00"')),
  { code: 'ONLINE_INVALID', leaf: 'st', payload: (mark) => `{"online":"maybe","reason":"${mark}"}` },
  evt('JSON_DUPLICATE_KEY', (mark) => `{"user_id":"${mark}","user_id":"2","att_time":1782014400}`),
  evt('TIME_INVALID', (mark) => punch(mark, '"2026-02-30 09:30:00"')),
  evt('USER_ID_INVALID', (mark) => `{"user_id":-7,"att_time":1782014400,"work_code":"${mark}"}`),
  evt('JSON_NOT_OBJECT', (mark) => `"${mark}"`),
  evt('ENCODING_INVALID', (mark) =>
    Buffer.concat([Buffer.from(`{"user_id":"${mark}`), Buffer.from([0xff, 0x22, 0x7d])]),
  ),
  evt('PAYLOAD_EMPTY', (mark) => blank(mark)),
  evt('BATCH_EMPTY', (mark) => `{"records":[],"note":"${mark}"}`),
  evt('BATCH_TOO_LARGE', (mark) => JSON.stringify(Array.from({ length: 1001 }, () => ({ user_id: mark })))),
  evt('JSON_TOO_DEEP', (mark) => `${'['.repeat(1000)}"${mark}"${']'.repeat(1000)}`),
  evt('PAYLOAD_TOO_LARGE', (mark) => `{"user_id":"${mark}","photo":"${'A'.repeat(262_144)}"}`),
  { code: 'REPLY_INVALID', leaf: 'rsp', payload: (mark) => `{"no":"${mark}"}` },
  { code: 'SN_INVALID', leaf: 'evt', payload: (mark) => punch(mark, '1782014400'), serial: '-wrong-' },
  { code: 'SN_EMPTY', leaf: 'evt', payload: (mark) => punch(mark, '1782014400'), serial: '' },
]

/** Another run of white space for each number in the mark. */
function blank(mark: string): string {
  const number = Number(mark.replaceAll(/\D/g, ''))
  return number.toString(2).replaceAll('0', ' ').replaceAll('1', '\t')
}

/** The `number`th poison message: all kinds in turn, a batch with one bad item among good ones after each round. */
export function poisonMessage(number: number, deviceSn: string, now: number): Message {
  const mark = `P${number}`
  const kind = kinds[number % (kinds.length + 1)]
  if (kind === undefined) return batchWithBadItem(mark, deviceSn, now)
  const topic = `api/mqtt/v1/${kind.serial ?? deviceSn}/${kind.leaf}`
  const payload = kind.payload(mark)
  return { topic, payload, retain: false, outcomes: [deadLetterOutcome(kind.code, topic, sha256Of(payload), null)] }
}

/** The good ones must arrive whatever stands between them. */
function batchWithBadItem(mark: string, deviceSn: string, now: number): Message {
  const topic = `api/mqtt/v1/${deviceSn}/evt`
  const bad = `"${mark} is no punch"`
  const good = (name: string): string => `{"user_id":"${mark}${name}","att_time":"${now}","att_state":0}`
  const outcomes = ['a', 'b'].map((name) => punchOutcome(deviceSn, `${mark}${name}`, String(now), '0'))
  const payload = `[${good('a')},${bad},${good('b')}]`
  const dead = deadLetterOutcome('ITEM_NOT_OBJECT', topic, sha256Of(bad), 1)
  return { topic, payload, retain: false, outcomes: [...outcomes, dead] }
}
