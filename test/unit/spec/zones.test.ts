import { expect, test } from 'vitest'
import { differences, type Row } from './message-table.ts'

const s = (text: string): string => JSON.stringify(text)
const punch = (time: string): string => `{"user_id":"1","att_time":${time},"att_state":0}`
const ms = (iso: string): number => Date.parse(iso)
const wide = {
  attendance: {
    clock: { earliest: '1900-01-01T00:00:00.000Z', maxAheadSeconds: 1e11, aheadSeconds: 1e11, lateSeconds: 1e11 },
  },
}

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
    const want = {
      eventTime: ms(instant),
      timeSource: 'DEVICE_ZONE',
      deviceLocalTime: time.replace(' ', 'T'),
      utcOffsetMinutes: minutes,
      timeZone: zone,
      flags,
    }
    const settings = { ...wide, devices: [{ deviceSn: 'SN1', timeZone: zone }] }
    expect(await differences({ settings }, [[punch(s(time)), want]]), zone).toEqual([])
  }
}, 60000)

test('names of zones', async () => {
  const names = [
    'asia/kolkata',
    'ASIA/CALCUTTA',
    'Asia/Calcutta',
    'us/eastern',
    'GB',
    'utc',
    'Etc/GMT+5',
    'gmt0',
    'Zulu',
    'EST',
    'MST',
    'HST',
    'EST5EDT',
    'WET',
    'MET',
    'Etc/UCT',
    'Europe/Kyiv',
    'Europe/Kiev',
    'America/Argentina/ComodRivadavia',
    'W-SU',
    'PRC',
    'Navajo',
    'NZ-CHAT',
    'GMT-0',
    'GMT+0',
    'Etc/GMT-14',
    'UCT',
    'Universal',
    'America/Ciudad_Juarez',
    'Etc/Greenwich',
    'Antarctica/Troll',
    'Asia/Rangoon',
  ]
  for (const zone of names) {
    const rows: Row[] = [[punch('"2026-06-21 04:00:00"'), { timeSource: 'DEVICE_ZONE', timeZone: zone }]]
    expect
      .soft(
        await differences({ settings: { ...wide, devices: [{ deviceSn: 'SN1', timeZone: zone }] } }, rows).catch(
          (error: Error) => [error.message],
        ),
        zone,
      )
      .toEqual([])
  }
  const defaults: Row[] = [
    [
      punch('"2026-06-21 09:30:00"'),
      {
        eventTime: ms('2026-06-21T04:00:00Z'),
        timeSource: 'DEFAULT_ZONE',
        utcOffsetMinutes: 330,
        timeZone: 'ASIA/kolkata',
        flags: ['TZ_DEFAULTED'],
      },
    ],
  ]
  expect(await differences({ settings: { attendance: { defaultZone: 'ASIA/kolkata' } } }, defaults)).toEqual([])
  const unknown = [
    '+05:30',
    'IST',
    'Nowhere',
    '',
    'UTC+5',
    'GMT+5',
    'Z',
    ' UTC',
    'Asia/Kolkata ',
    'Asia',
    'PST',
    'JST',
    'Etc/GMT+15',
    'UT',
    '-05',
    'CST',
    'ACT',
    'Etc/Unknown',
    'SystemV/PST8',
    'posix/UTC',
    'Asia\\Kolkata',
    'Etc/GMT+05',
    '+0530',
    'undefined',
    'AET',
    'VST',
    'SST',
  ]
  for (const zone of unknown) {
    const rows: Row[] = [
      [{ kafka: { topic: 'cams.device.v1', key: 'SN1', value: { timeZone: zone } } }],
      [punch('"2026-06-21 04:00:00"'), { timeSource: 'DEFAULT_ZONE', timeZone: 'UTC' }],
    ]
    expect.soft(await differences({ settings: wide }, rows), zone).toEqual([])
  }
}, 60000)
