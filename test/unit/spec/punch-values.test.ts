import { expect, test } from 'vitest'
import { differences, type Row } from './message-table.ts'

const s = (text: string): string => JSON.stringify(text)
const p = (members: Record<string, string>): string =>
  `{"user_id":"1","att_time":1782014400${Object.entries({ att_state: '0', ...members })
    .map(([name, value]) => `,${s(name)}:${value}`)
    .join('')}}`

type State = [value: string, state: string, raw: string | null, ...flags: string[]]
const states = (rows: State[]): Row[] =>
  rows.map(([value, state, stateRaw, ...flags]) => [p({ att_state: value }), { state, stateRaw, flags }])

test('state: default map and words', async () => {
  const U = 'STATE_UNKNOWN'
  const M = 'STATE_MISSING'
  const rows = states([
    ['0', 'CHECK_IN', '0'],
    ['1', 'CHECK_OUT', '1'],
    ['2', 'BREAK_OUT', '2'],
    ['3', 'BREAK_IN', '3'],
    ['4', 'OVERTIME_IN', '4'],
    ['5', 'OVERTIME_OUT', '5'],
    ['6', 'UNKNOWN', '6', U],
    ['255', 'UNKNOWN', '255', U],
    ['"0"', 'CHECK_IN', '0'],
    ['" 1 "', 'CHECK_OUT', ' 1 '],
    ['1.0', 'CHECK_OUT', '1.0'],
    ['1.000', 'CHECK_OUT', '1.000'],
    ['"1.0"', 'UNKNOWN', '1.0', U],
    ['1.5', 'UNKNOWN', '1.5', U],
    ['1e0', 'UNKNOWN', '1e0', U],
    ['-0', 'UNKNOWN', '-0', U],
    ['-0.0', 'UNKNOWN', '-0.0', U],
    ['-1', 'UNKNOWN', '-1', U],
    ['"01"', 'UNKNOWN', '01', U],
    ['true', 'UNKNOWN', 'true', U],
    ['false', 'UNKNOWN', 'false', U],
    ['{}', 'UNKNOWN', null, U],
    ['[]', 'UNKNOWN', null, U],
    ['[1]', 'UNKNOWN', null, U],
    ['null', 'UNKNOWN', null, M],
    ['""', 'UNKNOWN', null, M],
    ['" \\t\\ufeff"', 'UNKNOWN', null, M],
    ['"CheckIn"', 'CHECK_IN', 'CheckIn'],
    ['"check in"', 'CHECK_IN', 'check in'],
    ['"CHECK-IN"', 'CHECK_IN', 'CHECK-IN'],
    ['"check_in"', 'CHECK_IN', 'check_in'],
    ['"-c h_E-ckin-"', 'CHECK_IN', '-c h_E-ckin-'],
    ['"In"', 'CHECK_IN', 'In'],
    ['"i"', 'CHECK_IN', 'i'],
    ['"CHECKOUT"', 'CHECK_OUT', 'CHECKOUT'],
    ['"out"', 'CHECK_OUT', 'out'],
    ['"O"', 'CHECK_OUT', 'O'],
    ['"Break Out"', 'BREAK_OUT', 'Break Out'],
    ['"breakin"', 'BREAK_IN', 'breakin'],
    ['"OvertimeIn"', 'OVERTIME_IN', 'OvertimeIn'],
    ['"over-time-out"', 'OVERTIME_OUT', 'over-time-out'],
    ['"MEAL_IN"', 'MEAL_IN', 'MEAL_IN'],
    ['"meal out"', 'MEAL_OUT', 'meal out'],
    ['"\\tin\\n"', 'CHECK_IN', '\tin\n'],
    ['"check\\tin"', 'UNKNOWN', 'check\tin', U],
    ['"check.in"', 'UNKNOWN', 'check.in', U],
    ['"chec\\u212ain"', 'UNKNOWN', 'chec\u212ain', U],
    ['"\\u0130n"', 'UNKNOWN', '\u0130n', U],
    ['"\\u0131n"', 'UNKNOWN', '\u0131n', U],
    ['"check\\u00a0in"', 'UNKNOWN', 'check\u00a0in', U],
    ['"overtime"', 'UNKNOWN', 'overtime', U],
    ['"-"', 'UNKNOWN', '-', U],
    ['"UNKNOWN"', 'UNKNOWN', 'UNKNOWN', U],
    ['"constructor"', 'UNKNOWN', 'constructor', U],
    ['"__proto__"', 'UNKNOWN', '__proto__', U],
    ['"toString"', 'UNKNOWN', 'toString', U],
    ['"valueOf"', 'UNKNOWN', 'valueOf', U],
    [s('a'.repeat(65)), 'UNKNOWN', 'a'.repeat(64), U],
    [s(`${' '.repeat(64)}in`), 'CHECK_IN', ' '.repeat(64)],
    [s('😀'.repeat(65)), 'UNKNOWN', '😀'.repeat(64), U],
    ['"a\\ud800"', 'UNKNOWN', 'a\ufffd', U],
    ['"\\u0000"', 'UNKNOWN', '\0', U],
    [`1.${'0'.repeat(70)}`, 'CHECK_OUT', `1.${'0'.repeat(62)}`],
  ])
  expect(await differences({}, rows)).toEqual([])
  expect(
    await differences({}, [
      ['{"user_id":"1","att_time":1782014400}', { state: 'UNKNOWN', stateRaw: null, flags: [M] }],
    ]),
  ).toEqual([])
})

test('state: the order of the maps', async () => {
  const U = 'STATE_UNKNOWN'
  const settings = {
    devices: [
      {
        deviceSn: 'SN1',
        model: 'M1',
        stateMap: {
          1: 'MEAL_IN',
          7: 'UNKNOWN',
          8: null,
          in: 'MEAL_OUT',
          ' x ': 'MEAL_IN',
          ['a'.repeat(70)]: 'BREAK_IN',
        },
      },
    ],
    attendance: {
      stateMap: {
        0: null,
        5: 'UNKNOWN',
        9: 'BREAK_IN',
        '1e3': 'CHECK_IN',
        true: 'CHECK_OUT',
        '-1': 'MEAL_OUT',
        '-0': 'MEAL_IN',
        '1.5': 'BREAK_OUT',
        o: 'UNKNOWN',
      },
      modelStateMaps: {
        M1: { 1: 'BREAK_IN', 2: 'CHECK_IN', 8: 'CHECK_OUT', 7: 'CHECK_IN', 9: null },
        __proto__x: {},
        M2: { 1: 'OVERTIME_IN' },
      },
    },
  }
  const rows = states([
    ['1', 'MEAL_IN', '1'],
    ['2', 'CHECK_IN', '2'],
    ['3', 'BREAK_IN', '3'],
    ['0', 'UNKNOWN', '0', U],
    ['5', 'UNKNOWN', '5', U],
    ['7', 'UNKNOWN', '7', U],
    ['8', 'CHECK_OUT', '8'],
    ['9', 'BREAK_IN', '9'],
    ['1e3', 'CHECK_IN', '1e3'],
    ['"1e3"', 'CHECK_IN', '1e3'],
    ['1E3', 'UNKNOWN', '1E3', U],
    ['true', 'CHECK_OUT', 'true'],
    ['"true"', 'CHECK_OUT', 'true'],
    ['-1', 'MEAL_OUT', '-1'],
    ['-1.0', 'MEAL_OUT', '-1.0'],
    ['-0.0', 'MEAL_IN', '-0.0'],
    ['1.5', 'BREAK_OUT', '1.5'],
    ['1.50', 'UNKNOWN', '1.50', U],
    ['"in"', 'MEAL_OUT', 'in'],
    ['"IN"', 'CHECK_IN', 'IN'],
    ['"x"', 'UNKNOWN', 'x', U],
    ['" x "', 'UNKNOWN', ' x ', U],
    ['"o"', 'UNKNOWN', 'o', U],
    ['"O"', 'CHECK_OUT', 'O'],
    [s('a'.repeat(70)), 'BREAK_IN', 'a'.repeat(64)],
  ])
  expect(await differences({ settings }, rows)).toEqual([])
  expect(
    await differences(
      { settings: { attendance: { stateMap: { 0: 'CHECK_OUT' } } } },
      states([
        ['0', 'CHECK_OUT', '0'],
        ['1', 'CHECK_OUT', '1'],
        ['2', 'BREAK_OUT', '2'],
      ]),
    ),
  ).toEqual([])
})

test('method', async () => {
  const method = (rows: [string, string, string | null][]): Row[] =>
    rows.map(([value, verifyMethod, verifyRaw]) => [p({ input_type: value }), { verifyMethod, verifyRaw, flags: [] }])
  const rows: [string, string, string | null][] = [
    ['"Fingerprint"', 'FINGERPRINT', 'Fingerprint'],
    ['"finger_print"', 'FINGERPRINT', 'finger_print'],
    ['"FACE"', 'FACE', 'FACE'],
    ['"palm"', 'PALM', 'palm'],
    ['"Card"', 'CARD', 'Card'],
    ['"password"', 'PASSWORD', 'password'],
    ['"Vein"', 'VEIN', 'Vein'],
    ['"iris"', 'IRIS', 'iris'],
    ['"QR Code"', 'QR_CODE', 'QR Code'],
    ['"qr_code"', 'QR_CODE', 'qr_code'],
    ['"qrcode"', 'QR_CODE', 'qrcode'],
    ['" face "', 'FACE', ' face '],
    ['"mobile"', 'UNKNOWN', 'mobile'],
    ['"other"', 'UNKNOWN', 'other'],
    ['50', 'UNKNOWN', '50'],
    ['0', 'UNKNOWN', '0'],
    ['true', 'UNKNOWN', 'true'],
    ['{}', 'UNKNOWN', null],
    ['[]', 'UNKNOWN', null],
    ['null', 'UNKNOWN', null],
    ['""', 'UNKNOWN', null],
    ['" "', 'UNKNOWN', null],
    ['"constructor"', 'UNKNOWN', 'constructor'],
    [s('b'.repeat(65)), 'UNKNOWN', 'b'.repeat(64)],
  ]
  expect(await differences({}, method(rows))).toEqual([])
  const settings = {
    attendance: { verifyMap: { 50: 'MULTI_FACTOR', face: 'UNKNOWN', 'qr code': 'OTHER', 9: null, true: 'MOBILE' } },
  }
  expect(
    await differences(
      { settings },
      method([
        ['50', 'MULTI_FACTOR', '50'],
        ['50.0', 'MULTI_FACTOR', '50.0'],
        ['"50"', 'MULTI_FACTOR', '50'],
        ['"face"', 'UNKNOWN', 'face'],
        ['"Face"', 'FACE', 'Face'],
        ['"qr code"', 'OTHER', 'qr code'],
        ['9', 'UNKNOWN', '9'],
        ['true', 'MOBILE', 'true'],
      ]),
    ),
  ).toEqual([])
})

test('temperature', async () => {
  const rows = (list: [string, number | null, ...string[]][]): Row[] =>
    list.map(([value, temperatureCelsius, ...flags]) => [p({ temperature: value }), { temperatureCelsius, flags }])
  const none = [
    'null',
    '""',
    '" "',
    '0',
    '-0',
    '0.0',
    '-0.00',
    '0e5',
    '0E-5',
    '-0e1',
    '"0"',
    '"0.00"',
    '" 0.0 "',
    '"00"',
  ]
  const bad = [
    'true',
    'false',
    '{}',
    '[]',
    '"x"',
    '"36,5"',
    '"36."',
    '".5"',
    '"+36"',
    '"-36"',
    '"3.6e1"',
    '"36.5 C"',
    '"３６"',
    '24.999',
    '45.001',
    '"24.9"',
    '"45.01"',
    '-30',
    '1e400',
    '1000',
    '"36 .5"',
    '"1e400"',
  ]
  expect(
    await differences(
      {},
      rows([
        ...none.map((v): [string, null] => [v, null]),
        ...[...bad, '36.5', '"36.5"', '25', '3.65e1'].map((v): [string, null, string] => [v, null, 'OPT_IN_DROPPED']),
      ]),
    ),
  ).toEqual([])
  const settings = { attendance: { optIn: { temperature: true } } }
  expect(
    await differences(
      { settings },
      rows([
        ...none.map((v): [string, null] => [v, null]),
        ...bad.map((v): [string, null, string] => [v, null, 'FIELD_OUT_OF_RANGE']),
        ['36.5', 36.5],
        ['"36.5"', 36.5],
        ['" 36.50 "', 36.5],
        ['25', 25],
        ['45', 45],
        ['45.0', 45],
        ['"25.000"', 25],
        ['"045"', 45],
        ['3.65e1', 36.5],
        ['365E-1', 36.5],
      ]),
    ),
  ).toEqual([])
})

test('location', async () => {
  const rows = (list: [string, unknown, ...string[]][]): Row[] =>
    list.map(([value, location, ...flags]) => [p({ location: value }), { location, flags }])
  const at = (latitude: number, longitude: number, accuracyMeters: number | null = null) => ({
    latitude,
    longitude,
    accuracyMeters,
  })
  expect(
    await differences(
      {},
      rows([
        ['null', null],
        ['""', null],
        ['" "', null],
        ...['{}', '[]', '"x"', '1', '0', 'false', '{"lat":1,"lng":2}'].map((v): [string, null, string] => [
          v,
          null,
          'OPT_IN_DROPPED',
        ]),
      ]),
    ),
  ).toEqual([])
  const bad = [
    '{}',
    '[]',
    '[1,2]',
    '"1,2"',
    '1',
    'true',
    '{"lat":1}',
    '{"lng":1}',
    '{"lat":1,"lng":null}',
    '{"lat":90.001,"lng":0}',
    '{"lat":-90.1,"lng":0}',
    '{"lat":0,"lng":180.1}',
    '{"lat":0,"lng":-180.01}',
    '{"lat":"","lng":1}',
    '{"lat":"","latitude":5,"lng":1}',
    '{"lat":1,"lng":2,"accuracy":-1}',
    '{"lat":1,"lng":2,"accuracy":""}',
    '{"lat":1,"lng":2,"accuracy":"x"}',
    '{"lat":1,"lng":2,"accuracy":true}',
    '{"lat":1,"lng":2,"accuracy":{}}',
    '{"lat":"+1","lng":2}',
    '{"lat":"1.","lng":2}',
    '{"lat":".5","lng":2}',
    '{"lat":"1e1","lng":2}',
    '{"lat":"-","lng":2}',
    '{"lat":"- 1","lng":2}',
    '{"lat":"1,5","lng":2}',
    '{"lat":true,"lng":2}',
    '{"lat":[1],"lng":2}',
    '{"Lat":1,"lng":2}',
    '{"lat":1,"Lng":2}',
    '{"lat":"x","latitude":1,"lng":2}',
    '{"lat":1,"lng":"x","lon":2}',
    '{"lat":1,"lng":2,"accuracy":"-1"}',
    '{"lat":1e400,"lng":2}',
    '{"lat":"N1","lng":2}',
    '{"lat":1,"lng":2,"accuracy":" "}',
    '{"lat":1,"lng":2,"accuracy":"1e2"}',
  ]
  const good: [string, unknown][] = [
    ['{"lat":1,"lng":2}', at(1, 2)],
    ['{"latitude":1,"longitude":2}', at(1, 2)],
    ['{"lat":1,"lon":2}', at(1, 2)],
    ['{"lat":1,"latitude":9,"lng":2,"lon":8,"longitude":7}', at(1, 2)],
    ['{"longitude":7,"lon":8,"latitude":1}', at(1, 8)],
    ['{"lat":null,"latitude":5,"lng":2}', at(5, 2)],
    ['{"lat":90,"lng":180}', at(90, 180)],
    ['{"lat":-90.0,"lng":-180}', at(-90, -180)],
    ['{"lat":" 1.5 ","lng":"-2.25"}', at(1.5, -2.25)],
    ['{"lat":1e1,"lng":-2E0}', at(10, -2)],
    ['{"lat":1,"lng":2,"accuracy":0}', at(1, 2, 0)],
    ['{"lat":1,"lng":2,"accuracy":"5.5"}', at(1, 2, 5.5)],
    ['{"lat":1,"lng":2,"accuracy":null}', at(1, 2)],
    ['{"lat":1,"lng":2,"accuracy":1e6}', at(1, 2, 1e6)],
    ['{"lat":1,"lng":2,"altitude":{},"photo":"x"}', at(1, 2)],
    ['{"lat":0,"lng":0}', at(0, 0)],
    ['{"lat":"007","lng":"-0.5"}', at(7, -0.5)],
  ]
  const settings = { attendance: { optIn: { location: true } } }
  expect(
    await differences(
      { settings },
      rows([
        ['null', null],
        ['""', null],
        ['" "', null],
        ...good,
        ...bad.map((v): [string, null, string] => [v, null, 'FIELD_OUT_OF_RANGE']),
      ]),
    ),
  ).toEqual([])
})

test('flags in the order of the table', async () => {
  const payload = Buffer.from(
    `\ufeff{"records":[${p({ userId: '1001.0', att_state: '9', sn: '"X"', work_code: 'true', photo: '1', pin: '1', temperature: '36', zz: '1' }).replace('"user_id":"1",', '').replace('1782014400', '"2026-10-25 01:30:00"')}]}\0`,
  )
  const settings = { attendance: { defaultZone: 'Europe/London' } }
  const flags = [
    'MQTT_RETAINED',
    'MQTT_DUP',
    'BOM_STRIPPED',
    'NUL_TRIMMED',
    'SN_MISMATCH',
    'ALIAS_USED',
    'USER_ID_NUMERIC',
    'USER_ID_COERCED',
    'TZ_DEFAULTED',
    'TZ_AMBIGUOUS',
    'LATE',
    'STATE_UNKNOWN',
    'FIELD_OUT_OF_RANGE',
    'BIOMETRIC_DROPPED',
    'PERSONAL_DROPPED',
    'OPT_IN_DROPPED',
    'FIELDS_IGNORED',
  ]
  expect(
    await differences({ settings, at: '2026-10-25T04:00:00.000Z' }, [
      [{ payload, retain: true, dup: true }, { flags }],
    ]),
  ).toEqual([])
})

test('ids of the golden texts', async () => {
  const settings = { devices: [{ deviceSn: 'SN7A2300583', timeZone: 'Asia/Kolkata' }] }
  const punch = (userId: string, time: string, state: string | null) => ({
    topic: 'api/mqtt/v1/SN7A2300583/evt',
    payload: JSON.stringify({ user_id: userId, att_time: time, att_state: state }),
  })
  const rows: Row[] = [
    [punch('1001', '2026-06-21 09:30:00', '1'), { eventId: '7e4cb9e5-ee5a-5e84-a89e-03777d3efcf3' }],
    [punch('1001', '1782014400', '0'), { eventId: '8e7ccfef-d737-54c2-bdb3-e4fdad27cd93' }],
    [punch('1001', '2026-06-21 09:30:00+05:30', '0'), { eventId: '8e7ccfef-d737-54c2-bdb3-e4fdad27cd93' }],
    [punch('9007199254740993', '2026-06-21 09:30:00', '1'), { eventId: 'af9b89cd-c8a7-5a64-8aac-bf66978ff69d' }],
    [punch('विजय-7', '2026-06-21 09:30:00', '1'), { eventId: '32ec5dbb-fe45-5961-8fd8-fb7680d790a1' }],
    [punch('17', '2026-06-16 18:02:11', '1'), { eventId: '38fae956-4801-5cb3-8075-4e71fb662be6' }],
    [punch('17', '2026-06-21 09:30:00.250', '0'), { eventId: 'bca307f1-aac4-56aa-bfda-52b016536c69' }],
    [punch('17', '2026-06-21 09:30:00', null), { eventId: 'b3b0ff6c-802c-57a8-8f5c-b79570e76571' }],
    [punch('17', '2026-06-21 09:30:00', ' '), { eventId: 'b3b0ff6c-802c-57a8-8f5c-b79570e76571' }],
  ]
  expect(await differences({ settings }, rows)).toEqual([])
})
