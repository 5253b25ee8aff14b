import { JsonNumber, type JsonValue } from '../json/json-value.ts'
import { readZone } from './time-zone-text.ts'
import { daysFromCivil, isDate, type ZoneClock } from './zone-clock.ts'

export type TimeFault = 'TIME_MISSING' | 'TIME_INVALID' | 'TIME_AMBIGUOUS'

/** The zone in which a device's local times are read. */
export interface LocalZone {
  /** As configured. */
  readonly name: string
  readonly clock: ZoneClock
  /** DEFAULT_ZONE when the registry does not know the device's own zone. */
  readonly source: 'DEVICE_ZONE' | 'DEFAULT_ZONE'
}

export interface DeviceTime {
  /** Epoch milliseconds. */
  readonly instant: number
  readonly source: 'PAYLOAD_EPOCH' | 'PAYLOAD_OFFSET' | 'DEVICE_ZONE' | 'DEFAULT_ZONE'
  /** `YYYY-MM-DDTHH:mm:ss`, with `.fff` when the milliseconds are not zero; null for an epoch number. */
  readonly local: string | null
  /** Cut toward zero; null for an epoch number. */
  readonly offsetMinutes: number | null
  readonly zone: string | null
  readonly ambiguous: boolean
  readonly gap: boolean
}

const MINUTE = 60_000
const DAY = 86_400_000

/** One or two digits first: day first or month first, nobody knows. */
const DAY_OR_MONTH_FIRST = /^\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?:$|[ T])/

/** Reads the time of a punch or report (attendance 5), or says why it cannot be read. The clock window is not checked. */
export function readDeviceTime(value: JsonValue | undefined, zone: LocalZone): DeviceTime | TimeFault {
  if (value === undefined || value === null) return 'TIME_MISSING'
  if (typeof value === 'string') {
    const text = value.trim()
    return text === '' ? 'TIME_MISSING' : readText(text, zone)
  }
  return value instanceof JsonNumber ? readText(value.source, zone) : 'TIME_INVALID'
}

function readText(text: string, zone: LocalZone): DeviceTime | TimeFault {
  const digits = digitsFrom(text, 0)
  if (digits === text.length) return readDigits(text, zone)
  const code = text.charCodeAt(digits)
  if (digits === 4) return isDateSeparator(code) ? readSeparatedDate(text, code, zone) : 'TIME_INVALID'
  if (digits === 8) return readTimeOfDay(text, 8, number(text, 0, 4), number(text, 4, 6), number(text, 6, 8), zone)
  if ((digits === 9 || digits === 10) && code === 46) return readFractionalSeconds(text, digits)
  return DAY_OR_MONTH_FIRST.test(text) ? 'TIME_AMBIGUOUS' : 'TIME_INVALID'
}

/** Digits alone: their count says what they are. Numbers beyond 2^53 are cut as text. */
function readDigits(text: string, zone: LocalZone): DeviceTime | TimeFault {
  switch (text.length) {
    case 9:
    case 10:
      return epoch(Number(text) * 1000)
    case 13:
    case 16:
    case 19:
      return epoch(Number(text.slice(0, 13)))
    case 14: {
      const [year, month, day] = [number(text, 0, 4), number(text, 4, 6), number(text, 6, 8)]
      const [hour, minute, second] = [number(text, 8, 10), number(text, 10, 12), number(text, 12, 14)]
      if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return 'TIME_INVALID'
      const date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`
      const time = `${text.slice(8, 10)}:${text.slice(10, 12)}:${text.slice(12, 14)}`
      return inZone(wallClock(year, month, day, hour, minute, second), `${date}T${time}`, zone)
    }
    default:
      return text.length < 9 ? 'TIME_INVALID' : 'TIME_AMBIGUOUS'
  }
}

function readFractionalSeconds(text: string, point: number): DeviceTime | TimeFault {
  const end = digitsFrom(text, point + 1)
  if (end !== text.length || end === point + 1) return 'TIME_INVALID'
  return epoch(Number(text.slice(0, point)) * 1000 + milliseconds(text, point + 1, end))
}

function readSeparatedDate(text: string, separator: number, zone: LocalZone): DeviceTime | TimeFault {
  if (text.charCodeAt(7) !== separator) return 'TIME_INVALID'
  return readTimeOfDay(text, 10, number(text, 0, 4), number(text, 5, 7), number(text, 8, 10), zone)
}

/** The rest of a text whose date ended at `dateEnd`. Parts that are no digits are NaN and fail every check. */
function readTimeOfDay(
  text: string,
  dateEnd: number,
  year: number,
  month: number,
  day: number,
  zone: LocalZone,
): DeviceTime | TimeFault {
  let at = dateEnd
  if (text.charCodeAt(at) === 84) at += 1
  else at = spacesFrom(text, at)
  if (at === dateEnd || text.charCodeAt(at + 2) !== 58) return 'TIME_INVALID'
  const start = at
  const hour = number(text, at, at + 2)
  const minute = number(text, at + 3, at + 5)
  let second = 0
  let millis = 0
  let clock: string
  at += 5
  if (text.charCodeAt(at) === 58) {
    second = number(text, at + 1, at + 3)
    at += 3
    clock = text.slice(start, at)
    if (text.charCodeAt(at) === 46) {
      const end = digitsFrom(text, at + 1)
      if (end === at + 1 || end > at + 10) return 'TIME_INVALID'
      millis = milliseconds(text, at + 1, end)
      at = end
    }
  } else {
    clock = `${text.slice(start, at)}:00`
  }
  // NaN fails these comparisons too, since they are written as what must hold.
  if (!(hour <= 23 && minute <= 59 && second <= 59 && year >= 0 && month >= 1 && day >= 1)) return 'TIME_INVALID'
  if (!isDate(year, month, day)) return 'TIME_INVALID'
  const date = text.charCodeAt(4) === 45 ? text.slice(0, 10) : isoDate(text, dateEnd)
  const wall = wallClock(year, month, day, hour, minute, second) + millis
  const local = millis === 0 ? `${date}T${clock}` : `${date}T${clock}.${String(millis).padStart(3, '0')}`
  if (at === text.length) return inZone(wall, local, zone)
  const offset = readZone(text.slice(at))
  if (typeof offset !== 'number') return offset
  return {
    instant: wall - offset * MINUTE,
    source: 'PAYLOAD_OFFSET',
    local,
    offsetMinutes: offset,
    zone: null,
    ambiguous: false,
    gap: false,
  }
}

function isoDate(text: string, dateEnd: number): string {
  if (dateEnd === 10) return `${text.slice(0, 4)}-${text.slice(5, 7)}-${text.slice(8, 10)}`
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`
}

function inZone(wall: number, local: string, zone: LocalZone): DeviceTime {
  const { offset, ambiguous, gap } = zone.clock.resolve(wall)
  return {
    instant: wall - offset,
    source: zone.source,
    local,
    // + 0 turns the -0 of a cut negative offset into 0.
    offsetMinutes: Math.trunc(offset / MINUTE) + 0,
    zone: zone.name,
    ambiguous,
    gap,
  }
}

function epoch(instant: number): DeviceTime {
  return {
    instant,
    source: 'PAYLOAD_EPOCH',
    local: null,
    offsetMinutes: null,
    zone: null,
    ambiguous: false,
    gap: false,
  }
}

/** Milliseconds since 1970 on the wall clock. */
function wallClock(y: number, month: number, day: number, hour: number, minute: number, second: number): number {
  return daysFromCivil(y, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * 1000
}

/** The number of exactly these digits; NaN when one of them is none. */
function number(text: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** Fraction digits as milliseconds, what is finer is cut. */
function milliseconds(text: string, from: number, to: number): number {
  return Number(text.slice(from, Math.min(to, from + 3)).padEnd(3, '0'))
}

function digitsFrom(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code < 48 || code > 57) break
    at += 1
  }
  return at
}

function spacesFrom(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) === 32) at += 1
  return at
}

function isDateSeparator(code: number): boolean {
  return code === 45 || code === 46 || code === 47
}
