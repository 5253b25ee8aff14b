import { describe, expect, test } from 'vitest'
import { type DeviceTime, type LocalZone, readDeviceTime } from '../../../src/device/device-time.ts'
import { daysFromCivil, isKnownZone, ZoneClock } from '../../../src/device/zone-clock.ts'
import { JsonNumber, JsonObject } from '../../../src/json/json-value.ts'

const utc: LocalZone = { name: 'utc', clock: new ZoneClock('UTC'), source: 'DEFAULT_ZONE' }

function inZone(name: string): LocalZone {
  return { name, clock: new ZoneClock(name), source: 'DEVICE_ZONE' }
}

function instantOf(text: string): number | string {
  const time = readDeviceTime(text, utc)
  return typeof time === 'string' ? time : time.instant
}

const at = (iso: string): number => new Date(iso).getTime()

describe('digits', () => {
  test.each([
    ['178201440', 178_201_440_000],
    ['1782014400', 1_782_014_400_000],
    ['0000000001', 1000],
    ['178201440.9999', 178_201_440_999],
    ['1782014400.5', 1_782_014_400_500],
    ['1782014400.05', 1_782_014_400_050],
    ['1782014400123', 1_782_014_400_123],
    ['1782014400123999', 1_782_014_400_123],
    ['9007199254740993123', 9_007_199_254_740],
    ['20260621092745', at('2026-06-21T09:27:45Z')],
    [' 1782014400 ', 1_782_014_400_000],
  ])('%s', (text, instant) => {
    expect(instantOf(text)).toBe(instant)
    if (text.trim() === text && !text.startsWith('0')) {
      expect((readDeviceTime(new JsonNumber(text), utc) as DeviceTime).instant).toBe(instant)
    }
  })

  test.each([
    '1',
    '12345678',
    '0',
    '-1782014400',
    '+1782014400',
    '1.782e9',
    '17820144001.5',
    '12345678.5',
    '1782014400.',
    '1782014400.x',
    '20260621246060',
    '20261321000000',
    '20260230000000',
    '20260621092745Z',
    '20260621092745 +05:30',
    '20260621092745.5',
    '１７８２０１４４００',
  ])('%s is no time', (text) => expect(instantOf(text)).toBe('TIME_INVALID'))

  test.each([11, 12, 15, 17, 18, 20, 25, 1000])('%i digits could be anything', (count) => {
    expect(instantOf('1'.repeat(count))).toBe('TIME_AMBIGUOUS')
  })
})

describe('types', () => {
  test.each([
    [undefined, 'TIME_MISSING'],
    [null, 'TIME_MISSING'],
    ['', 'TIME_MISSING'],
    [' \u00a0\t', 'TIME_MISSING'],
    [true, 'TIME_INVALID'],
    [new JsonObject([], []), 'TIME_INVALID'],
    [new JsonNumber('1e9'), 'TIME_INVALID'],
    [new JsonNumber('-1782014400'), 'TIME_INVALID'],
  ])('%s', (value, fault) => expect(readDeviceTime(value, utc)).toBe(fault))
})

describe('date and time', () => {
  test.each([
    ['2026-06-21 09:30', '2026-06-21T09:30:00'],
    ['2026/06/21 09:30:01', '2026-06-21T09:30:01'],
    ['2026.06.21T09:30:01', '2026-06-21T09:30:01'],
    ['20260621 09:30:01', '2026-06-21T09:30:01'],
    ['20260621T09:30', '2026-06-21T09:30:00'],
    ['2026-06-21     09:30:00', '2026-06-21T09:30:00'],
    ['2026-06-21 09:30:00.5', '2026-06-21T09:30:00.500'],
    ['2026-06-21 09:30:00.000999999', '2026-06-21T09:30:00'],
    ['2026-06-21 09:30:00.123456789', '2026-06-21T09:30:00.123'],
    ['2024-02-29 23:59:59', '2024-02-29T23:59:59'],
    ['2000-02-29 00:00:00', '2000-02-29T00:00:00'],
    ['0001-01-01 00:00:00', '0001-01-01T00:00:00'],
    ['0000-12-31 00:00:00', '0000-12-31T00:00:00'],
    ['9999-12-31 23:59:59', '9999-12-31T23:59:59'],
  ])('%s', (text, local) => {
    const time = readDeviceTime(text, utc) as DeviceTime
    expect(time).toMatchObject({
      local,
      source: 'DEFAULT_ZONE',
      zone: 'utc',
      offsetMinutes: 0,
      ambiguous: false,
      gap: false,
    })
    expect(time.instant).toBe(at(`${local}Z`))
  })

  test.each([
    '2026-6-21 09:30',
    '2026-06-1 09:30',
    '2026-06-21 9:30',
    '2026-06-21 09:3',
    '2026-06-21 09:30:0',
    '2026-06-21 09',
    '2026-06-21',
    '2026-06-21T',
    '2026-06-21 T09:30',
    '2026-06-21T 09:30',
    '2026-06-21TT09:30',
    '2026-06-21t09:30',
    '2026-06-21\t09:30',
    '2026-06-21\u00a009:30',
    '2026-06/21 09:30',
    '2026.06-21 09:30',
    '2026-00-21 09:30',
    '2026-13-21 09:30',
    '2026-06-00 09:30',
    '2026-06-31 09:30',
    '2026-02-29 09:30',
    '1900-02-29 09:30',
    '2026-06-21 24:00',
    '2026-06-21 09:60',
    '2026-06-21 09:30:60',
    '2026-06-21 09:30:00.',
    '2026-06-21 09:30:00.1234567890',
    '2026-06-21 09:30.5',
    '2026-06-21 09:30:00,5',
    '20260621  0930',
    '2026062109:30',
    '202606210 9:30',
    '-2026-06-21 09:30',
    '+2026-06-21 09:30',
    '２０２６-06-21 09:30',
    '2026-06-21 09:30:00x',
    'soon',
    '...',
    '2026-W25-7 09:30',
    '12:30',
    'T09:30',
  ])('%j is no time', (text) => expect(instantOf(text)).toBe('TIME_INVALID'))

  test.each(['1/2/26', '01-02-2026', '1.2.2026 09:30', '31/12/99T00:00', '21-6/26 whatever', '99/99/9999'])(
    '%s: day or month first',
    (text) => expect(instantOf(text)).toBe('TIME_AMBIGUOUS'),
  )
  test.each([
    '1/2/026',
    '1/2/20261',
    '111/2/2026',
    '1/222/2026',
    '1 2 2026',
    '1/2/2026x',
    '1/2/2026\t09:30',
    '//26',
    '1/2',
  ])('%j is not even that', (text) => expect(instantOf(text)).toBe('TIME_INVALID'))
})

describe('zones in the text', () => {
  test.each([
    ['Z', 0],
    ['z', 0],
    [' Z', 0],
    ['GMT', 0],
    [' utc', 0],
    ['   Gmt', 0],
    ['+5', 300],
    ['-5', -300],
    ['+05', 300],
    ['+5:30', 330],
    ['+05:30', 330],
    ['+0530', 330],
    [' -03:30', -210],
    ['GMT+5', 300],
    ['utc +0530', 330],
    ['  UTC   -3:30', -210],
    ['GMT-12:00', -720],
    ['-12', -720],
    ['+14:00', 840],
    ['-0', 0],
    ['-00:00', 0],
    ['+00:59', 59],
  ])('09:30%s', (zone, minutes) => {
    const time = readDeviceTime(`2026-06-21 09:30${zone}`, inZone('Asia/Kolkata')) as DeviceTime
    expect(time).toMatchObject({ source: 'PAYLOAD_OFFSET', zone: null, local: '2026-06-21T09:30:00' })
    expect(Object.is(time.offsetMinutes, minutes)).toBe(true)
    expect(time.instant).toBe(at('2026-06-21T09:30:00Z') - minutes * 60_000)
  })

  test.each([
    '+530',
    '+05:3',
    '+5:3',
    '+05:60',
    '+14:01',
    '-12:01',
    '+15',
    '-13',
    '+',
    'GMT+',
    'Z+5',
    '+05:30Z',
    '+05:30 IST',
    'GMT GMT',
    '+ 5',
    '+05 :30',
    '+05: 30',
    '+005',
    '+05:300',
    'IST',
    'AM',
    ' AM',
    ' pm',
    'PM',
    ' I',
    ' ISTISTX',
    ' [Asia/Kolkata]',
    ' Asia/Kolkata',
    '\u2212 05:30',
    '\tZ',
    ' IST+5',
    ' EST5EDT',
  ])('09:30%j is no zone', (zone) => expect(instantOf(`2026-06-21 09:30${zone}`)).toBe('TIME_INVALID'))

  test.each([' IST', ' ist', '  CEST', ' EDT', ' XX', ' AMT'])('09:30%s says too little', (zone) => {
    expect(instantOf(`2026-06-21 09:30${zone}`)).toBe('TIME_AMBIGUOUS')
    expect(instantOf(`2026-02-30 09:30${zone}`)).toBe('TIME_INVALID')
  })
})

describe('zones of devices', () => {
  test.each([
    ['Europe/London', '2025-10-26 00:59:59', 60, false, false],
    ['Europe/London', '2025-10-26 01:00:00', 60, true, false],
    ['Europe/London', '2025-10-26 01:59:59.999', 60, true, false],
    ['Europe/London', '2025-10-26 02:00:00', 0, false, false],
    ['Europe/London', '2026-03-29 00:59:59.999', 0, false, false],
    ['Europe/London', '2026-03-29 01:00:00', 0, false, true],
    ['Europe/London', '2026-03-29 01:59:59.999', 0, false, true],
    ['Europe/London', '2026-03-29 02:00:00', 60, false, false],
    ['Australia/Lord_Howe', '2026-04-05 01:30:00', 660, true, false],
    ['Australia/Lord_Howe', '2026-04-05 01:59:59', 660, true, false],
    ['Australia/Lord_Howe', '2026-10-04 02:15:00', 630, false, true],
    ['Australia/Lord_Howe', '2026-10-04 02:30:00', 660, false, false],
    ['Pacific/Apia', '2011-12-30 12:00:00', -600, false, true],
    ['Pacific/Apia', '2011-12-31 00:00:00', 840, false, false],
    ['Asia/Pyongyang', '2018-05-04 23:45:00', 510, false, true],
    ['Asia/Kathmandu', '1985-12-31 23:59:59', 330, false, false],
    ['Asia/Kathmandu', '1986-01-01 00:10:00', 330, false, true],
    ['Africa/Monrovia', '1971-01-01 00:00:00', -44, false, false],
    ['America/New_York', '1883-11-18 12:00:00', -296, true, false],
  ])('%s %s', (name, text, offsetMinutes, ambiguous, gap) => {
    expect(readDeviceTime(text, inZone(name))).toMatchObject({
      offsetMinutes,
      ambiguous,
      gap,
      zone: name,
      source: 'DEVICE_ZONE',
    })
  })

  test('offsets with seconds are used whole and cut toward zero', () => {
    const time = readDeviceTime('1950-06-01 12:00:00', inZone('Africa/Monrovia')) as DeviceTime
    expect(time.offsetMinutes).toBe(-44)
    expect(time.instant).toBe(at('1950-06-01T12:00:00Z') + (44 * 60 + 30) * 1000)
  })

  test.each([
    'Asia/Kolkata',
    'asia/calcutta',
    'UTC',
    'utc',
    'Etc/GMT+5',
    'EST',
    'EST5EDT',
    'GMT0',
    'W-SU',
    'Zulu',
    'US/Eastern',
    'America/Argentina/Buenos_Aires',
  ])('%s is a zone', (name) => expect(isKnownZone(name)).toBe(true))
  test.each([
    '',
    'Mars/Olympus',
    '+05:30',
    '-03',
    'GMT+5',
    'UTC+1',
    'IST',
    'PST',
    'BST',
    'jst',
    'SystemV/EST5',
    'Z',
    ' UTC',
    'UTC ',
    'Asia/Kol\u212aata',
    'a\u017fia/Kolkata',
  ])('%j is no zone', (name) => expect(isKnownZone(name)).toBe(false))

  test('days are those of the proleptic Gregorian calendar', () => {
    for (let day = -720_000; day < 2_932_000; day += 97) {
      const date = new Date(day * 86_400_000)
      expect(daysFromCivil(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(day)
    }
  })
})

/** The wall clock by another road than the code under test: text of another locale, read by Date.UTC. */
function wallClock(format: Intl.DateTimeFormat, instant: number): number {
  const [year, month, day, hour, minute, second] = format.format(instant).split(/\D+/).map(Number)
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}

describe('every zone against Intl', () => {
  const zones = Intl.supportedValuesOf('timeZone')
  let state = 7
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }

  test('local times lead back to their instant, the earlier of two, or past the gap', () => {
    expect(zones.length).toBeGreaterThan(400)
    const seen = { ambiguous: 0, gap: 0, plain: 0 }
    for (const name of zones) {
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone: name, dateStyle: 'short', timeStyle: 'medium' })
      const clock = new ZoneClock(name)
      const offsetAt = (instant: number): number => wallClock(format, instant) - instant
      const instants: number[] = []
      for (let i = 0; i < 6; i += 1)
        instants.push(Math.floor(at('1920-01-01T00:00:00Z') / 1000 + random() * 4_000_000_000) * 1000)
      // Two changes of the offset, to their second, and the hours around them.
      let month = at('1930-01-01T00:00:00Z') + Math.floor(random() * 90) * 365 * 86_400_000
      for (let found = 0, tries = 0; found < 2 && tries < 30; tries += 1, month += 15 * 86_400_000) {
        let low = month
        let high = month + 15 * 86_400_000
        if (offsetAt(low) === offsetAt(high)) continue
        const before = offsetAt(low)
        while (high - low > 1000) {
          const middle = Math.floor((low + high) / 2000) * 1000
          if (offsetAt(middle) === before) low = middle
          else high = middle
        }
        found += 1
        const hour = 3_600_000
        instants.push(
          high - hour,
          high - 1000,
          high,
          high + 1000,
          high + hour / 2 - 1000,
          high + hour / 2,
          high + hour,
          high + 2 * hour,
        )
        const jump = offsetAt(high) - before
        if (jump > 0) {
          for (const skipped of [0, jump / 2, jump - 1000]) {
            const reading = clock.resolve(high + before + skipped)
            expect(reading, `${name} gap at ${high}`).toEqual({ offset: before, ambiguous: false, gap: true })
            seen.gap += 1
          }
        }
      }
      for (const instant of instants) {
        const local = wallClock(format, instant)
        const reading = clock.resolve(local)
        const resolved = local - reading.offset
        expect(wallClock(format, resolved), `${name} ${instant}`).toBe(local)
        expect(reading.gap).toBe(false)
        expect(resolved).toBeLessThanOrEqual(instant)
        if (resolved < instant) expect(reading.ambiguous, `${name} ${instant}`).toBe(true)
        if (reading.ambiguous) seen.ambiguous += 1
        else seen.plain += 1
      }
    }
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(200)
  })
})
