import { expect, test } from 'vitest'
import { differences, type Row } from './message-table.ts'

const s = (text: string): string => JSON.stringify(text)
const punch = (time: string): string => `{"user_id":"1","att_time":${time},"att_state":0}`
const ms = (iso: string): number => Date.parse(iso)
const wide = { attendance: { clock: { earliest: '1900-01-01T00:00:00.000Z', maxAheadSeconds: 1e11, aheadSeconds: 1e11, lateSeconds: 1e11 } } }

const epoch = (time: string, eventTime: number): Row => [
  punch(time),
  { eventTime, timeSource: 'PAYLOAD_EPOCH', deviceLocalTime: null, utcOffsetMinutes: null, timeZone: null, flags: [] },
]
const zoned = (text: string, iso: string, local: string, minutes: number): Row => [
  punch(s(text)),
  { eventTime: ms(iso), timeSource: 'PAYLOAD_OFFSET', deviceLocalTime: local, utcOffsetMinutes: minutes, timeZone: null, flags: [], timeRaw: text.slice(0, 64) },
]
const local = (time: string, at: string): Row => [
  punch(time),
  { eventTime: ms(`${at}Z`), timeSource: 'DEFAULT_ZONE', deviceLocalTime: at, utcOffsetMinutes: 0, timeZone: 'UTC', flags: ['TZ_DEFAULTED'] },
]

test('epoch numbers and digits', async () => {
  const rows: Row[] = [
    ...['1782014400', '"1782014400"', '" 1782014400\\t"', '1782014400.0', '"1782014400.0009"', '1782014400000', '"1782014400000000"', '1782014400000999', '1782014400000000000', '"1782014400000999999"'].map((time) => epoch(time, 1782014400000)),
    epoch('178201440', 178201440000),
    epoch('"000000001"', 1000),
    epoch('"0000000000"', 0),
    epoch('"999999999.9999"', 999999999999),
    epoch('1782014400.5', 1782014400500),
    epoch('1782014400.1239999999999999999999999', 1782014400123),
    epoch('1782014400123', 1782014400123),
    epoch('1782014400123999', 1782014400123),
    epoch('1782014400123999999', 1782014400123),
    epoch('"0000000000000"', 0),
    epoch('9999999999', 9999999999000),
    ...[11, 12, 15, 17, 18, 20, 21, 40, 70].flatMap((n): Row[] => [[punch('1'.repeat(n)), 'TIME_AMBIGUOUS'], [punch(s('0'.repeat(n))), 'TIME_AMBIGUOUS']]),
    ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((n): Row[] => [[punch('1'.repeat(n)), 'TIME_INVALID'], [punch(s('2'.repeat(n))), 'TIME_INVALID']]),
    ...['-1782014400', '"+1782014400"', '"-1782014400"', '1782014400e0', '1.782014400e9', '"1e9"', '1E10', '0', '-0', '0.5', '12345678.5', '"1782014400."', '"1782014400.5Z"', '"1782014400 Z"', '"1782014400Z"', '1782014400000.5', '"17820144000.5"', '".1782014400"', '"1782014400,5"', '"1782014400.5.5"', '"1 782014400"', '20260621093000.5', '"１７８２０１４４００"', '"1782014400.٥"', 'true', 'false', '{}', '[]', '[1782014400]'].map((time): Row => [punch(time), 'TIME_INVALID']),
    ...['null', '""', '" "', '"\\ufeff\\n"'].map((time): Row => [punch(time), 'TIME_MISSING']),
    local('20260621093000', '2026-06-21T09:30:00'),
    local('"20260621093059"', '2026-06-21T09:30:59'),
    local('"20240229000000"', '2024-02-29T00:00:00'),
    ...['20260621093060', '20260621096000', '20260621240000', '20260631000000', '20261301000000', '20260229000000', '20260001000000', '20260600000000'].flatMap((t): Row[] => [[punch(t), 'TIME_INVALID'], [punch(s(t)), 'TIME_INVALID']]),
    ...['20260621093000Z', '20260621093000 Z', '20260621093000+0530', '20260621093000 +05:30', '20260621093000 IST', '20260621093000IST', '20260621093000T', '2026062109300O', '20260621 093000'].map((t): Row => [punch(s(t)), 'TIME_INVALID']),
  ]
  expect(await differences({ settings: wide }, rows)).toEqual([])
})

test('local forms and their neighbours', async () => {
  const T = '2026-06-21T09:30:00'
  const rows: Row[] = [
    ...['2026-06-21 09:30', '2026-06-21T09:30', '2026-06-21 09:30:00', '2026-06-21T09:30:00', '2026-06-21    09:30:00', '2026/06/21 09:30:00', '2026.06.21T09:30', '20260621 09:30:00', '20260621T09:30', ' 2026-06-21 09:30:00\n', '\u00a02026-06-21 09:30:00.0', '2026-06-21 09:30:00.000999999', '2026-06-21 09:30:00.0009'].map((t) => local(s(t), T)),
    local(s('2026-06-21 09:30:00.5'), `${T}.500`),
    local(s('2026-06-21 09:30:00.25'), `${T}.250`),
    local(s('2026-06-21 09:30:00.001'), `${T}.001`),
    local(s('2026-06-21 09:30:00.123456789'), `${T}.123`),
    local(s('2024-02-29 23:59:59'), '2024-02-29T23:59:59'),
    local(s('2000-02-29 00:00'), '2000-02-29T00:00:00'),
    local(s('1999-12-31 00:00'), '1999-12-31T00:00:00'),
    ...['2026-06-21', '2026-06-21 ', '2026-06-21T', '2026-06-21t09:30', '2026-06-21TT09:30', '2026-06-21 T09:30', '2026-06-21T 09:30', '2026-06-21\t09:30', '2026-06-21\u00a009:30', '2026-06-21_09:30', '2026-06-2109:30', '2026-06/21 09:30', '2026/06-21 09:30', '2026.06/21 09:30', '202606-21 09:30', '2026-0621 09:30', '2026-6-21 09:30', '2026-06-1 09:30', '226-06-21 09:30', '02026-06-21 09:30', '+2026-06-21 09:30', '-2026-06-21 09:30', '2026 06 21 09:30', '2026-06-21 9:30', '2026-06-21 09:3', '2026-06-21 09', '2026-06-21 0930', '2026-06-21 09:30:0', '2026-06-21 09:30:000', '2026-06-21 09:30:00.', '2026-06-21 09:30:00,5', '2026-06-21 09:30.5', '2026-06-21 09:30:00.1234567890', '2026-06-21 09:30:', '2026-06-21 24:00', '2026-06-21 24:00:00', '2026-06-21 23:60', '2026-06-21 23:59:60', '2026-06-21 23:59:61', '2026-06-00 00:00', '2026-06-31 00:00', '2026-00-10 00:00', '2026-13-10 00:00', '2026-02-29 00:00', '2026-02-30 00:00', '1900-02-29 00:00', '2100-02-29 00:00', '20260621T093000', '２０２６-06-21 09:30', '2026-06-21 ٠٩:30', '2026‐06‐21 09:30', 'x', 'now', '09:30', '2026-W25-7 09:30', '2026-172 09:30', 'Sun Jun 21 2026 09:30:00', 'Sun, 21 Jun 2026 09:30:00 GMT', '21 Jun 2026', '2026-06-21 09:30:00\u0000', '2026-06-21  \t09:30', 'T09:30', '2026-06-21 -9:30', '2026-06-21 09:30:00 x y'].map((t): Row => [punch(s(t)), 'TIME_INVALID']),
    ...['21/06/2026', '21-06-2026 09:30', '1.2.26', '1/2/2026T', '21/06-2026', '99.99/99 rubbish', '26-06-21 09:30:00', '6/21/26 9:30 PM', '1-1-01Tx', ' 21/06/2026\t', '21.06.2026 24:99', '06/21/2026 09:30:00 IST', '0-0-00'].map((t): Row => [punch(s(t)), 'TIME_AMBIGUOUS']),
    ...['21/06/202', '21/06/20261', '21/06/2', '021/06/2026', '21/006/2026', '21/06/2026x', '21/06/2026t09:30', '21/06/2026,', '21/06/26:', '21/06/2026\t09:30', '21/06/2026\u00a009:30', '21//2026', '/06/2026', '21 06 2026', '21_06_2026', 'a21/06/2026', '21/06/2026-', '２１/06/2026', '21/06', '-1/06/2026', '21/06/2026Z'].map((t): Row => [punch(s(t)), 'TIME_INVALID']),
    // A zone abbreviation needs a valid date and time and a space before it.
    ...['2026-06-21 09:30:00 IST', '2026-06-21 09:30 ist', '2026-06-21T09:30:00.5   CEST', '20260621 09:30 PT', '2026-06-21 09:30:00 AMPM', '2026-06-21 09:30:00 ut', '2026-06-21 09:30:00 ABCDE', '2026-06-21 09:30:00 Zulu', '2026-06-21 09:30:00 GMTX', '2026-06-21 09:30:00 ZZ'].map((t): Row => [punch(s(t)), 'TIME_AMBIGUOUS']),
    ...['2026-06-21 09:30:00IST', '2026-06-21 09:30:00 I', '2026-06-21 09:30:00 ABCDEF', '2026-06-21 09:30:00 AM', '2026-06-21 09:30 pm', '2026-06-21 09:30:00 aM', '2026-13-21 09:30:00 IST', '2026-06-31 09:30:00 IST', '2026-06-21 25:30:00 IST', '2026-06-21 09:30:60 IST', '2026-06-21 IST', '2026-06-21 09:30:00 IST+5', '2026-06-21 09:30:00 IST 5', '2026-06-21 09:30:00 ÉST', '2026-06-21 09:30:00 I.S.', '2026-06-21 09:30:00\tIST', '2026-06-21 09:30:00\u00a0IST', '2026-06-21 09:30:00 \u212aST', '2026-06-21 09:30:00TIST', '2026-06-21 09:30:00 PM Z', '2026-06-21 09:30AM'].map((t): Row => [punch(s(t)), 'TIME_INVALID']),
  ]
  expect(await differences({ settings: wide }, rows)).toEqual([])
})

test('zones in the payload', async () => {
  const T = '2026-06-21T09:30:00'
  const zero = ['Z', 'z', ' Z', '   z', 'GMT', 'gmt', ' Utc', 'UTC', 'UTC+0', 'GMT-00:00', '+00:00', '-00:00', '+0', '-0', '+00', '-0000', 'utc  +0:00']
  const half = ['+05:30', '+5:30', '+0530', ' +05:30', '   +5:30', 'GMT+5:30', 'gmt +0530', ' UTC   +05:30', ' UtC+5:30']
  const bad = ['+530', '+05:60', '+5:3', '+05:3', '+05:300', '+ 5', '+', '-', '+14:01', '+14:30', '+15', '-12:01', '-13', '+99', '+24:00', '-12:30', '+1400:', '+005:30', '+05:30:00', '+05.5', '+5.30', 'GMT 5', 'GMT 05:30', 'GMT+', 'UTC-', 'Z+5', 'ZZ', 'UTCZ', 'Z Z', 'UTC GMT', '+05:30 Z', '+05:30Z', '\u221205:00', '+05: 30', '+05 :30', '\t+05:30', '\u00a0+05:30', '+05:30x', '++05', '+-5', 'UTC\t+5', 'UTC+\u0665', '+05:30[Asia/Kolkata]', '[Asia/Kolkata]', ' Asia/Kolkata', '+1460', '+0560', '-1201', '+1401', '(GMT)', 'UTC+05:30 IST', ' UT+5']
  const rows: Row[] = [
    ...zero.map((zone) => zoned(`2026-06-21 09:30:00${zone}`, `${T}Z`, T, 0)),
    ...half.map((zone) => zoned(`2026-06-21T09:30:00${zone}`, '2026-06-21T04:00:00Z', T, 330)),
    zoned('2026-06-21 09:30+5', '2026-06-21T04:30:00Z', T, 300),
    zoned('2026-06-21 09:30-05', '2026-06-21T14:30:00Z', T, -300),
    zoned('2026-06-21 09:30 -8', '2026-06-21T17:30:00Z', T, -480),
    zoned('20260621T09:30Z', `${T}Z`, T, 0),
    zoned('2026-06-21 09:30:00.5-0330', '2026-06-21T13:00:00.500Z', `${T}.500`, -210),
    zoned('2026-06-21 09:30:00.123456789 UTC', `${T}.123Z`, `${T}.123`, 0),
    zoned('2026/06/21 09:30:00+14:00', '2026-06-20T19:30:00Z', T, 840),
    zoned('2026-06-21 09:30:00+14', '2026-06-20T19:30:00Z', T, 840),
    zoned('2026-06-21 09:30:00-12:00', '2026-06-21T21:30:00Z', T, -720),
    zoned('2026-06-21 09:30:00-1200', '2026-06-21T21:30:00Z', T, -720),
    zoned('2026-06-21 09:30:00+13:59', '2026-06-20T19:31:00Z', T, 839),
    zoned('2026-06-21 09:30:00-00:30', '2026-06-21T10:00:00Z', T, -30),
    zoned('2026-06-21 09:30:00-0:59', '2026-06-21T10:29:00Z', T, -59),
    ...bad.map((zone): Row => [punch(s(`2026-06-21 09:30:00${zone}`)), 'TIME_INVALID']),
    ...['2026-06-31 09:30:00Z', '2026-06-21 24:00:00Z', '2026-06-21Z', '2026-06-21 09Z', '2026-06-21 +05:30', '2026-06-21 09:30:00.Z'].map((t): Row => [punch(s(t)), 'TIME_INVALID']),
    [punch(s(`${' '.repeat(70)}2026-06-21 09:30:00Z`)), { timeRaw: ' '.repeat(64), eventTime: ms(`${T}Z`) }],
    [punch(s('\u00a02026-06-21 09:30:00Z ')), { timeRaw: '\u00a02026-06-21 09:30:00Z ' }],
    [punch(`1782014400.${'1'.repeat(80)}`), { timeRaw: `1782014400.${'1'.repeat(53)}`, eventTime: 1782014400111 }],
    [punch('1782014400.50'), { timeRaw: '1782014400.50' }],
  ]
  expect(await differences({ settings: wide }, rows)).toEqual([])
})

test('the clock window', async () => {
  const now = ms('2026-06-21T04:00:05.000Z')
  const at = (diff: number, ...flags: string[]): Row => [punch(String(now + diff)), { eventTime: now + diff, flags }]
  const early = ms('2015-01-01T00:00:00.000Z')
  const rows: Row[] = [
    at(0),
    at(-1),
    at(120_000),
    at(120_001, 'CLOCK_AHEAD'),
    at(86_400_000, 'CLOCK_AHEAD'),
    [punch(String(now + 86_400_001)), { reasonCode: 'TIME_OUT_OF_RANGE', stage: 'VALIDATE' }],
    at(-900_000),
    at(-900_001, 'LATE'),
    [punch(String(early)), { eventTime: early, flags: ['LATE'] }],
    [punch(String(early - 1)), 'TIME_OUT_OF_RANGE'],
    [punch('"0000-01-01 00:00:00Z"'), 'TIME_OUT_OF_RANGE'],
    [punch('"9999-12-31 23:59:59Z"'), 'TIME_OUT_OF_RANGE'],
    [punch('"0000000000"'), 'TIME_OUT_OF_RANGE'],
    [punch('9223372036854775807'), 'TIME_OUT_OF_RANGE'],
    [punch('9999999999999999'), 'TIME_OUT_OF_RANGE'],
    [punch('"2026-06-21 04:00:05"'), { flags: ['TZ_DEFAULTED'] }],
    [punch('"2026-06-21 04:02:05.001"'), { flags: ['TZ_DEFAULTED', 'CLOCK_AHEAD'] }],
    [punch('"2026-06-21 03:45:04.999"'), { flags: ['TZ_DEFAULTED', 'LATE'] }],
  ]
  expect(await differences({}, rows)).toEqual([])
  const tight = { attendance: { clock: { earliest: '2026-06-21T04:00:00.000Z', maxAheadSeconds: 1, aheadSeconds: 0, lateSeconds: 0 } } }
  const edges: Row[] = [at(0), at(1, 'CLOCK_AHEAD'), at(1000, 'CLOCK_AHEAD'), [punch(String(now + 1001)), 'TIME_OUT_OF_RANGE'], at(-1, 'LATE'), at(-5000, 'LATE'), [punch(String(now - 5001)), 'TIME_OUT_OF_RANGE']]
  expect(await differences({ settings: tight }, edges)).toEqual([])
})

type Moment = [zone: string, time: string, instant: string, minutes: number, ...flags: string[]]
test('gaps and overlaps of zones', async () => {
  const moments: Moment[] = [
    ['Europe/London', '2026-03-29 00:59:59.999', '2026-03-29T00:59:59.999Z', 0],
    ['Europe/London', '2026-03-29 01:00:00', '2026-03-29T01:00:00Z', 0, 'TZ_GAP'],
    ['Europe/London', '2026-03-29 01:30:00', '2026-03-29T01:30:00Z', 0, 'TZ_GAP'],
    ['Europe/London', '2026-03-29 01:59:59.999', '2026-03-29T01:59:59.999Z', 0, 'TZ_GAP'],
    ['Europe/London', '2026-03-29 02:00:00', '2026-03-29T01:00:00Z', 60],
    ['Europe/London', '2026-10-25 00:59:59.999', '2026-10-24T23:59:59.999Z', 60],
    ['Europe/London', '2026-10-25 01:00:00', '2026-10-25T00:00:00Z', 60, 'TZ_AMBIGUOUS'],
    ['Europe/London', '2026-10-25 01:59:59.999', '2026-10-25T00:59:59.999Z', 60, 'TZ_AMBIGUOUS'],
    ['Europe/London', '2026-10-25 02:00:00', '2026-10-25T02:00:00Z', 0],
    ['Australia/Lord_Howe', '2026-10-04 01:59:59', '2026-10-03T15:29:59Z', 630],
    ['Australia/Lord_Howe', '2026-10-04 02:00:00', '2026-10-03T15:30:00Z', 630, 'TZ_GAP'],
    ['Australia/Lord_Howe', '2026-10-04 02:29:59', '2026-10-03T15:59:59Z', 630, 'TZ_GAP'],
    ['Australia/Lord_Howe', '2026-10-04 02:30:00', '2026-10-03T15:30:00Z', 660],
    ['Australia/Lord_Howe', '2026-04-05 01:29:59', '2026-04-04T14:29:59Z', 660],
    ['Australia/Lord_Howe', '2026-04-05 01:30:00', '2026-04-04T14:30:00Z', 660, 'TZ_AMBIGUOUS'],
    ['Australia/Lord_Howe', '2026-04-05 01:59:59', '2026-04-04T14:59:59Z', 660, 'TZ_AMBIGUOUS'],
    ['Australia/Lord_Howe', '2026-04-05 02:00:00', '2026-04-04T15:30:00Z', 630],
    ['Pacific/Apia', '2011-12-29 23:59:59', '2011-12-30T09:59:59Z', -600],
    ['Pacific/Apia', '2011-12-30 00:00:00', '2011-12-30T10:00:00Z', -600, 'TZ_GAP'],
    ['Pacific/Apia', '2011-12-30 23:59:59', '2011-12-31T09:59:59Z', -600, 'TZ_GAP'],
    ['Pacific/Apia', '2011-12-31 00:00:00', '2011-12-30T10:00:00Z', 840],
    ['America/Sao_Paulo', '2018-11-04 00:30:00', '2018-11-04T03:30:00Z', -180, 'TZ_GAP'],
    ['America/Sao_Paulo', '2018-11-04 01:00:00', '2018-11-04T03:00:00Z', -120],
    ['America/Sao_Paulo', '2018-02-17 23:00:00', '2018-02-18T01:00:00Z', -120, 'TZ_AMBIGUOUS'],
    ['America/Sao_Paulo', '2018-02-18 00:00:00', '2018-02-18T03:00:00Z', -180],
    ['America/New_York', '2026-11-01 01:30:00', '2026-11-01T05:30:00Z', -240, 'TZ_AMBIGUOUS'],
    ['America/New_York', '2026-03-08 02:30:00', '2026-03-08T07:30:00Z', -300, 'TZ_GAP'],
    ['Africa/Monrovia', '1971-06-01 00:00:00', '1971-06-01T00:44:30Z', -44],
    ['Africa/Casablanca', '2026-02-15 02:30:00', '2026-02-15T01:30:00Z', 60, 'TZ_AMBIGUOUS'],
    ['Europe/Dublin', '2026-10-25 01:30:00', '2026-10-25T00:30:00Z', 60, 'TZ_AMBIGUOUS'],
    ['Asia/Kathmandu', '1986-01-01 00:05:00', '1985-12-31T18:35:00Z', 330, 'TZ_GAP'],
    ['Europe/Moscow', '2014-10-26 01:30:00', '2014-10-25T21:30:00Z', 240, 'TZ_AMBIGUOUS'],
    ['Asia/Pyongyang', '2015-08-14 23:45:00', '2015-08-14T14:45:00Z', 540, 'TZ_AMBIGUOUS'],
    ['America/Caracas', '2016-05-01 02:45:00', '2016-05-01T07:15:00Z', -270, 'TZ_GAP'],
    ['Asia/Kolkata', '1940-01-01 00:00:00', '1939-12-31T18:30:00Z', 330],
  ]
  for (const [zone, time, instant, minutes, ...flags] of moments) {
    const want = { eventTime: ms(instant), timeSource: 'DEVICE_ZONE', deviceLocalTime: time.replace(' ', 'T'), utcOffsetMinutes: minutes, timeZone: zone, flags }
    const settings = { ...wide, devices: [{ deviceSn: 'SN1', timeZone: zone }] }
    expect(await differences({ settings }, [[punch(s(time)), want]]), zone).toEqual([])
  }
}, 60000)

test('names of zones', async () => {
  const names = ['asia/kolkata', 'ASIA/CALCUTTA', 'Asia/Calcutta', 'us/eastern', 'GB', 'utc', 'Etc/GMT+5', 'gmt0', 'Zulu', 'EST', 'MST', 'HST', 'EST5EDT', 'WET', 'MET', 'Etc/UCT', 'Europe/Kyiv', 'Europe/Kiev', 'America/Argentina/ComodRivadavia', 'W-SU', 'PRC', 'Navajo', 'NZ-CHAT', 'GMT-0', 'GMT+0', 'Etc/GMT-14', 'UCT', 'Universal', 'America/Ciudad_Juarez', 'Etc/Greenwich', 'Antarctica/Troll', 'Asia/Rangoon']
  for (const zone of names) {
    const rows: Row[] = [[punch('"2026-06-21 04:00:00"'), { timeSource: 'DEVICE_ZONE', timeZone: zone }]]
    expect.soft(await differences({ settings: { ...wide, devices: [{ deviceSn: 'SN1', timeZone: zone }] } }, rows).catch((error: Error) => [error.message]), zone).toEqual([])
  }
  const defaults: Row[] = [[punch('"2026-06-21 09:30:00"'), { eventTime: ms('2026-06-21T04:00:00Z'), timeSource: 'DEFAULT_ZONE', utcOffsetMinutes: 330, timeZone: 'ASIA/kolkata', flags: ['TZ_DEFAULTED'] }]]
  expect(await differences({ settings: { attendance: { defaultZone: 'ASIA/kolkata' } } }, defaults)).toEqual([])
  const unknown = ['+05:30', 'IST', 'Nowhere', '', 'UTC+5', 'GMT+5', 'Z', ' UTC', 'Asia/Kolkata ', 'Asia', 'PST', 'JST', 'Etc/GMT+15', 'UT', '-05', 'CST', 'ACT', 'Etc/Unknown', 'SystemV/PST8', 'posix/UTC', 'Asia\\Kolkata', 'Etc/GMT+05', '+0530', 'undefined', 'AET', 'VST', 'SST']
  for (const zone of unknown) {
    const rows: Row[] = [
      [{ kafka: { topic: 'cams.device.v1', key: 'SN1', value: { timeZone: zone } } }],
      [punch('"2026-06-21 04:00:00"'), { timeSource: 'DEFAULT_ZONE', timeZone: 'UTC' }],
    ]
    expect.soft(await differences({ settings: wide }, rows), zone).toEqual([])
  }
}, 60000)
