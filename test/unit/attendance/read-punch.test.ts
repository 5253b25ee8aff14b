import { describe, expect, test } from 'vitest'
import type { AttendanceEvent } from '../../../src/records/generated/attendance-event.ts'
import { ingestWith, NOW } from '../../kit/ingest.ts'

const plain = ingestWith()
const TIME = '"att_time":"2026-06-21 09:30:00"'
const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

/** A punch that is good but for what the given members change. */
function punch(members: string, ingest = plain): AttendanceEvent {
  const event = ingest.punch(`{"user_id":"17",${TIME},"att_state":0${members === '' ? '' : `,${members}`}}`)
  if (typeof event === 'string') throw new Error(event)
  return event
}

describe('user id', () => {
  const idOf = (json: string): unknown => {
    const event = plain.punch(`{"user_id":${json},${TIME},"att_state":0}`)
    return typeof event === 'string' ? event : [event.userId, ...event.flags]
  }
  test.each([
    ['"007"', ['007']],
    ['" 7\\t"', ['7']],
    ['"a b"', ['a b']],
    ['1001', ['1001', 'USER_ID_NUMERIC']],
    ['0', ['0', 'USER_ID_NUMERIC']],
    ['1001.000', ['1001', 'USER_ID_NUMERIC', 'USER_ID_COERCED']],
    ['12345678901234567890123', ['12345678901234567890123', 'USER_ID_NUMERIC']],
    [`"${'é'.normalize('NFD').repeat(64)}"`, ['é'.normalize('NFC').repeat(64)]],
    ['"\\ud83d\\ude00"', ['😀']],
  ])('%s', (json, expected) => expect(idOf(json)).toEqual(expected))

  test.each(['""', '" \\u00a0\\ufeff"'])('%s is missing', (json) => expect(idOf(json)).toBe('USER_ID_MISSING'))

  test.each([
    '-0',
    '-1',
    '1e3',
    '1.5',
    '1.0e0',
    '10000000000000000000000000000000000000000000000000000000000000000',
    'true',
    '[]',
    '{}',
    '["17"]',
    '"a\\u0000"',
    '"a\\u0085"',
    '"\\u0085"',
    '"a\\ud800"',
    `"${'x'.repeat(65)}"`,
    `"${'x'.repeat(70_000)}"`,
  ])('%s is invalid', (json) => expect(idOf(json)).toBe('USER_ID_INVALID'))
})

describe('names', () => {
  test.each([
    ['userId', 'att_time', ['ALIAS_USED']],
    ['UserId', 'attTime', ['ALIAS_USED']],
    ['UserID', 'LogTime', ['ALIAS_USED']],
    ['user_id', 'att_time', []],
  ])('%s and %s', (user, time, flags) => {
    expect(plain.punch({ [user]: '1', [time]: '2026-06-21 09:30:00', att_state: 0 })).toMatchObject({
      userId: '1',
      flags,
    })
  })

  test.each(['USER_ID', 'userid', 'User_Id', 'uid'])('%s is no name of a user id', (name) => {
    expect(plain.punch({ [name]: '1', att_time: '2026-06-21 09:30:00' })).toBe('USER_ID_MISSING')
    expect(plain.punch({ [name]: '1', x: 1 })).toBe('NOT_A_PUNCH')
  })

  test('the first present name of a row wins, whatever the order sent', () => {
    expect(plain.punch(`{"UserID":"4","userId":"2","user_id":null,"UserId":"3",${TIME},"att_state":0}`)).toMatchObject({
      userId: '2',
      flags: ['ALIAS_USED', 'FIELDS_IGNORED'],
    })
  })

  test('blank text wins its row; an unread blank one says nothing', () => {
    expect(plain.punch(`{"user_id":"","userId":"2",${TIME}}`)).toBe('USER_ID_MISSING')
    expect(plain.punch(`{"user_id":"1","att_time":"","LogTime":"2026-06-21 09:30:00"}`)).toBe('TIME_MISSING')
    expect(punch('"Type":" "').flags).toEqual([])
    expect(plain.punch(`{"user_id":"1",${TIME},"attState":" "}`)).toMatchObject({
      flags: ['ALIAS_USED', 'STATE_MISSING'],
    })
    expect(punch('"Temperature":"","x":"","photo":" ","name":null').flags).toEqual(['ALIAS_USED'])
  })

  test('only the presence of a user id or time makes a punch', () => {
    expect(plain.punch('{"att_state":1,"input_type":50}')).toBe('NOT_A_PUNCH')
    expect(plain.punch('{}')).toBe('NOT_A_PUNCH')
    expect(plain.punch('{"user_id":null}')).toBe('NOT_A_PUNCH')
    expect(plain.punch('{"user_id":""}')).toBe('USER_ID_MISSING')
    expect(plain.punch('{"LogTime":{}}')).toBe('USER_ID_MISSING')
    expect(plain.punch('{"user_id":"1"}')).toBe('TIME_MISSING')
  })

  test('serials of the payload', () => {
    expect(punch('"SerialNumber":"X"').flags).toEqual(['SN_MISMATCH'])
    expect(punch('"DeviceSN":"sn7a2300583"').flags).toEqual(['SN_MISMATCH'])
    expect(punch('"sn":42').flags).toEqual(['SN_MISMATCH'])
    expect(punch('"sn":true').flags).toEqual([])
    expect(punch('"sn":""').flags).toEqual([])
    expect(punch('"sn":{"a":1}').flags).toEqual([])
    expect(punch(`"sn":"${'x'.repeat(65)}"`).flags).toEqual([])
    expect(punch('"sn":"SN7A2300583","DeviceSN":"X"').flags).toEqual(['FIELDS_IGNORED'])
  })
})

describe('state', () => {
  const maps = ingestWith({
    devices: [
      { deviceSn: 'SN7A2300583', timeZone: 'Asia/Kolkata', model: 'M', stateMap: { '1': 'MEAL_IN', x: 'UNKNOWN' } },
    ],
    attendance: {
      modelStateMaps: { M: { '1': 'BREAK_IN', x: 'CHECK_IN', y: 'MEAL_OUT' } },
      stateMap: { y: 'CHECK_IN', '2': null, true: 'CHECK_IN', in: 'BREAK_IN' },
    },
  })
  const stateOf = (json: string, ingest = plain): unknown => {
    const event = ingest.punch(`{"user_id":"17",${TIME},"att_state":${json}}`) as AttendanceEvent
    return [event.state, event.stateRaw, ...event.flags]
  }
  test.each([
    ['0', 'CHECK_IN', '0'],
    ['1', 'CHECK_OUT', '1'],
    ['2', 'BREAK_OUT', '2'],
    ['3', 'BREAK_IN', '3'],
    ['4', 'OVERTIME_IN', '4'],
    ['5', 'OVERTIME_OUT', '5'],
    ['5.00', 'OVERTIME_OUT', '5.00'],
    ['" 5 "', 'OVERTIME_OUT', ' 5 '],
    ['"CheckIn"', 'CHECK_IN', 'CheckIn'],
    ['"IN"', 'CHECK_IN', 'IN'],
    ['"i"', 'CHECK_IN', 'i'],
    ['"check-out"', 'CHECK_OUT', 'check-out'],
    ['"BREAK OUT"', 'BREAK_OUT', 'BREAK OUT'],
    ['"Break_In"', 'BREAK_IN', 'Break_In'],
    ['"over time-in"', 'OVERTIME_IN', 'over time-in'],
    ['"MealIn"', 'MEAL_IN', 'MealIn'],
  ])('%s is %s', (json, state, raw) => expect(stateOf(json)).toEqual([state, raw]))

  test.each([
    ['255', '255'],
    ['1e0', '1e0'],
    ['-1', '-1'],
    ['-0', '-0'],
    ['"1.0"', '1.0'],
    ['"\\u0131n"', 'ın'],
    ['"chec\\u212ain"', 'chec\u212ain'],
    ['true', 'true'],
    ['"toString"', 'toString'],
    ['{}', null],
    ['[1]', null],
    [`"${'z'.repeat(65)}"`, 'z'.repeat(64)],
  ])('%s is unknown', (json, raw) => expect(stateOf(json)).toEqual(['UNKNOWN', raw, 'STATE_UNKNOWN']))

  test.each(['null', '""', '" \\n"'])('%s is missing', (json) => {
    expect(stateOf(json)).toEqual(['UNKNOWN', null, 'STATE_MISSING'])
  })

  test('device, model, deployment, then words; the first hit wins, UNKNOWN too; a null entry is none', () => {
    expect(stateOf('1', maps)).toEqual(['MEAL_IN', '1'])
    expect(stateOf('"x"', maps)).toEqual(['UNKNOWN', 'x', 'STATE_UNKNOWN'])
    expect(stateOf('"y"', maps)).toEqual(['MEAL_OUT', 'y'])
    expect(stateOf('2', maps)).toEqual(['UNKNOWN', '2', 'STATE_UNKNOWN'])
    expect(stateOf('true', maps)).toEqual(['CHECK_IN', 'true'])
    expect(stateOf('"in"', maps)).toEqual(['BREAK_IN', 'in'])
    expect(stateOf('"In"', maps)).toEqual(['CHECK_IN', 'In'])
  })

  test('a long text is looked up whole', () => {
    const key = 'k'.repeat(70)
    const ingest = ingestWith({ attendance: { stateMap: { [key]: 'MEAL_IN' } } })
    expect(stateOf(`"${key}"`, ingest)).toEqual(['MEAL_IN', 'k'.repeat(64)])
  })
})

describe('method', () => {
  const ingest = ingestWith({ attendance: { verifyMap: { '50': 'FACE', face: 'OTHER', '1': null } } })
  test.each([
    ['"Fingerprint"', 'FINGERPRINT', 'Fingerprint'],
    ['"FACE"', 'FACE', 'FACE'],
    ['"face"', 'OTHER', 'face'],
    ['" Palm"', 'PALM', ' Palm'],
    ['"c-a-r-d"', 'CARD', 'c-a-r-d'],
    ['"password"', 'PASSWORD', 'password'],
    ['"Vein"', 'VEIN', 'Vein'],
    ['"IRIS"', 'IRIS', 'IRIS'],
    ['"qr code"', 'QR_CODE', 'qr code'],
    ['50', 'FACE', '50'],
    ['50.0', 'FACE', '50.0'],
    ['51', 'UNKNOWN', '51'],
    ['1', 'UNKNOWN', '1'],
    ['false', 'UNKNOWN', 'false'],
    ['{}', 'UNKNOWN', null],
    ['""', 'UNKNOWN', null],
  ])('%s', (json, verifyMethod, verifyRaw) => {
    expect(punch(`"input_type":${json}`, ingest)).toMatchObject({ verifyMethod, verifyRaw, flags: [] })
  })
})

describe('extras', () => {
  const open = ingestWith({ attendance: { optIn: { temperature: true, location: true } } })
  test.each([
    ['"work_code":" 12 "', { workCode: '12' }],
    ['"work_code":1.50', { workCode: '1.50' }],
    ['"work_code":"a\\nb"', null],
    ['"work_code":true', null],
    ['"work_code":[]', null],
    ['"work_code":" "', { workCode: null }],
    [`"work_code":"${'w'.repeat(64)}  "`, { workCode: 'w'.repeat(64) }],
    ['"work_code":"\\ud800"', { workCode: '\ufffd' }],
    ['"record_id":9007199254740993', { deviceRecordId: '9007199254740993' }],
    [`"record_id":"${'w'.repeat(65)}"`, null],
    ['"face_mask":true', { maskWorn: true }],
    ['"face_mask":0', { maskWorn: false }],
    ['"face_mask":" TRUE "', { maskWorn: true }],
    ['"face_mask":"1"', { maskWorn: true }],
    ['"face_mask":1.0', null],
    ['"face_mask":"1.0"', null],
    ['"face_mask":2', null],
    ['"face_mask":[]', null],
    ['"face_mask":""', { maskWorn: null }],
    ['"temperature":36.6', { temperatureCelsius: 36.6 }],
    ['"temperature":" 36.6 "', { temperatureCelsius: 36.6 }],
    ['"temperature":25', { temperatureCelsius: 25 }],
    ['"temperature":45.0', { temperatureCelsius: 45 }],
    ['"temperature":3.66e1', { temperatureCelsius: 36.6 }],
    ['"temperature":24.9', null],
    ['"temperature":45.1', null],
    ['"temperature":"+36"', null],
    ['"temperature":"36."', null],
    ['"temperature":"3.66e1"', null],
    ['"temperature":"36,6"', null],
    ['"temperature":true', null],
    ['"temperature":-36', null],
    ['"location":{"lat":"-12.5","lon":"77"}', { location: { latitude: -12.5, longitude: 77, accuracyMeters: null } }],
    [
      '"location":{"latitude":-90,"longitude":-180,"accuracy":0}',
      { location: { latitude: -90, longitude: -180, accuracyMeters: 0 } },
    ],
    [
      '"location":{"lat":1,"latitude":99,"lng":2,"accuracy":"3.5","x":"y"}',
      { location: { latitude: 1, longitude: 2, accuracyMeters: 3.5 } },
    ],
    [
      '"location":{"lat":null,"latitude":1,"lng":2,"accuracy":null}',
      { location: { latitude: 1, longitude: 2, accuracyMeters: null } },
    ],
    ['"location":{"lat":"","latitude":1,"lng":2}', null],
    ['"location":{"lat":90.1,"lng":2}', null],
    ['"location":{"lat":1,"lng":2,"accuracy":-1}', null],
    ['"location":{"lat":1,"lng":2,"accuracy":""}', null],
    ['"location":{"lat":1,"lng":2,"accuracy":1e999}', null],
    ['"location":{"lat":"1e1","lng":2}', null],
    ['"location":{"lat":"+1","lng":2}', null],
    ['"location":{}', null],
    ['"location":[1,2]', null],
    ['"location":"1,2"', null],
    ['"location":" "', { location: null }],
  ])('%s', (members, expected) => {
    const name = /"(\w+)"/.exec(members)?.[1] ?? ''
    const field = {
      work_code: 'workCode',
      record_id: 'deviceRecordId',
      face_mask: 'maskWorn',
      temperature: 'temperatureCelsius',
      location: 'location',
    }[name]!
    const event = punch(members, open)
    expect(event).toMatchObject(expected ?? { [field]: null })
    expect(event.flags).toEqual(expected === null ? ['FIELD_OUT_OF_RANGE'] : [])
  })

  test.each(['0', '-0', '0.0', '0e5', '0.00E-3', '"0.00"', '" 0 "', '"-0"', '""', 'null'])(
    'temperature %s was not measured',
    (json) => {
      expect(punch(`"temperature":${json}`)).toMatchObject({ temperatureCelsius: null, flags: [] })
      expect(punch(`"temperature":${json}`, open)).toMatchObject({ temperatureCelsius: null, flags: [] })
    },
  )

  test.each(['"temperature":1', '"temperature":"hot"', '"temperature":false', '"Location":[]'])(
    '%s is dropped unless enabled',
    (members) => {
      expect(punch(members).flags).toContain('OPT_IN_DROPPED')
    },
  )
})

describe('other members', () => {
  const open = ingestWith({
    attendance: { attributes: ['door', '__proto__', 'token', 'UserId', 'attState', 'user-id', 'flag'] },
  })
  const keyed = ingestWith({
    attendance: { attributes: ['door', 'user-id', 'USERID'], pseudonym: { key: KEY } },
    deadLetter: { redact: ['door'] },
  })

  test('become attributes as raw text of at most 256 characters', () => {
    const event = punch(`"door":"${'é'.repeat(300)}","__proto__":1.50,"flag":false,"user-id":" x "`, open)
    expect(event.flags).toEqual([])
    expect(Object.entries(event.attributes)).toEqual([
      ['door', 'é'.repeat(256)],
      ['__proto__', '1.50'],
      ['flag', 'false'],
      ['user-id', ' x '],
    ])
  })

  test('are flagged by list; lists win over settings, table names never become attributes', () => {
    expect(punch('"token":"t","attState":"1","door":{"photo":1},"door2":1', open)).toMatchObject({
      flags: ['PERSONAL_DROPPED', 'FIELDS_IGNORED'],
      attributes: {},
    })
    expect(punch('"Face-Pic":1,"USER_NAME":2').flags).toEqual(['BIOMETRIC_DROPPED', 'PERSONAL_DROPPED'])
    expect(punch('"photos2":1,"myphoto":2').flags).toEqual(['FIELDS_IGNORED'])
  })

  test('with a pseudonym key other user id names are personal; deadLetter.redact plays no part', () => {
    expect(punch('"USERID":"9","user-id":"9","door":"A"', keyed)).toMatchObject({
      flags: ['PERSONAL_DROPPED'],
      attributes: { door: 'A' },
    })
    expect(punch('"UserID":"9"', keyed).flags).toEqual(['FIELDS_IGNORED'])
    expect(punch('"USERID":"9"').flags).toEqual(['FIELDS_IGNORED'])
  })
})

describe('ids', () => {
  const id = (members: string, ingest = plain): string => (ingest.punch(members) as AttendanceEvent).eventId
  test.each([
    [`{"user_id":"17","att_time":"2026-06-16 18:02:11","att_state":1}`, '38fae956-4801-5cb3-8075-4e71fb662be6'],
    [`{"user_id":"17","att_time":"2026-06-21 09:30:00.250","att_state":0}`, 'bca307f1-aac4-56aa-bfda-52b016536c69'],
    [`{"user_id":"17","att_time":"2026-06-21 09:30:00"}`, 'b3b0ff6c-802c-57a8-8f5c-b79570e76571'],
  ])('%s', (members, expected) => expect(id(members)).toBe(expected))

  test('do not depend on the zone, method, record id or extras; a pseudonym stands for the user', () => {
    const other = ingestWith({ devices: [{ deviceSn: 'SN7A2300583', timeZone: 'Asia/Dhaka' }] })
    const base = id(`{"user_id":"1001",${TIME},"att_state":"1"}`)
    expect(base).toBe('7e4cb9e5-ee5a-5e84-a89e-03777d3efcf3')
    expect(id(`{"user_id":1001,${TIME},"att_state":1,"input_type":3,"record_id":4,"x":5}`, other)).toBe(base)
    const keyed = ingestWith({ attendance: { pseudonym: { key: KEY, keyVersion: 3 } } })
    expect(keyed.punch(`{"user_id":1001,${TIME},"att_state":1}`)).toMatchObject({
      eventId: 'a4a52b3c-4f2c-5931-8a31-2b9befab6568',
      userId: '3e90092b132311bb58ba754265a6f0df',
      userIdKeyVersion: 3,
      flags: ['USER_ID_NUMERIC'],
    })
  })
})

describe('clock window', () => {
  test.each([
    [NOW + 86_400_000, ['CLOCK_AHEAD']],
    [NOW + 86_400_001, 'TIME_OUT_OF_RANGE'],
    [NOW + 120_000, []],
    [NOW + 120_001, ['CLOCK_AHEAD']],
    [NOW - 900_000, []],
    [NOW - 900_001, ['LATE']],
    [Date.UTC(2015, 0, 1), ['LATE']],
    [Date.UTC(2015, 0, 1) - 1, 'TIME_OUT_OF_RANGE'],
  ])('%i', (instant, expected) => {
    const event = plain.punch(`{"user_id":"1","att_time":${instant},"att_state":0}`)
    expect(typeof event === 'string' ? event : event.flags).toEqual(expected)
  })

  test('flags stand in the order of the table, each once', () => {
    const [outcome] = ingestWith({ devices: [] }).decide(
      'api/mqtt/v1/S/evt',
      Buffer.from(
        '\ufeff{"photo":1,"x":2,"y":3,"UserId":7.0,"att_time":"2026-06-20 01:00","sn":"Z","face_mask":9,"name":"n","temperature":36}\0\0',
      ),
      { retain: true, dup: true },
    )
    expect(outcome).toMatchObject({
      record: {
        value: {
          flags: [
            'MQTT_RETAINED',
            'MQTT_DUP',
            'BOM_STRIPPED',
            'NUL_TRIMMED',
            'SN_MISMATCH',
            'ALIAS_USED',
            'USER_ID_NUMERIC',
            'USER_ID_COERCED',
            'TZ_DEFAULTED',
            'LATE',
            'STATE_MISSING',
            'FIELD_OUT_OF_RANGE',
            'BIOMETRIC_DROPPED',
            'PERSONAL_DROPPED',
            'OPT_IN_DROPPED',
            'FIELDS_IGNORED',
          ],
        },
      },
    })
  })
})
