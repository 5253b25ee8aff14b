const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Local times are resolved in blocks of this length: one look-up per block, whatever the devices send. */
const BLOCK = 8 * DAY
/** No offset was ever further from UTC than this, so a local time's instant lies this near to it. */
const MARGIN = DAY
/** Between two instants this far apart a zone is taken to change at most once. */
const STEP = DAY / 2
const MAX_BLOCKS = 512

/** Names that ICU knows beside those of the IANA database; `EST`, `HST` and the like are in both. */
const ICU_ONLY = new Set(
  'act aet agt art ast bet bst cat cnt cst ctt eat ect iet ist jst mit net nst plt pnt prt pst sst vst'.split(' '),
)

/** Whether the IANA database has a zone of this name, links included, in any case; an offset is no name. */
export function isKnownZone(name: string): boolean {
  const lower = name.toLowerCase()
  if (!/^[a-z][a-z0-9_+/-]*$/.test(lower) || ICU_ONLY.has(lower) || lower.startsWith('systemv/')) return false
  if (lower === 'us/pacific-new') return false
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** How a local time becomes an instant. Offsets in milliseconds, east positive. */
export interface ZoneReading {
  readonly offset: number
  /** The local time exists twice; `offset` gives the earlier instant. */
  readonly ambiguous: boolean
  /** The local time was skipped; `offset` is the one in force before the change. */
  readonly gap: boolean
}

/** A stretch of constant offset, in instants; the end is the start of the next one. */
interface Stretch {
  readonly from: number
  readonly reading: ZoneReading
}

/** The rules of one zone, from the runtime's copy of the IANA database, remembered for the weeks that were asked. */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat
  readonly #blocks = new Map<number, readonly Stretch[]>()

  /** `name` must be known, see `isKnownZone`; throws RangeError otherwise. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /**
   * The offset for a local time, given as milliseconds since 1970 on the device's wall clock (attendance 5). Holds for
   * every change of the zone, not only daylight saving.
   */
  resolve(local: number): ZoneReading {
    const block = Math.floor(local / BLOCK)
    let stretches = this.#blocks.get(block)
    if (stretches === undefined) {
      stretches = this.#stretches(block * BLOCK - MARGIN, (block + 1) * BLOCK + MARGIN)
      if (this.#blocks.size >= MAX_BLOCKS) this.#blocks.clear()
      this.#blocks.set(block, stretches)
    }
    const first = stretches[0]
    if (first === undefined) throw new Error('a zone without an offset')
    return stretches.length === 1 ? first.reading : resolveAmong(stretches, first, local)
  }

  #stretches(from: number, to: number): readonly Stretch[] {
    let offset = this.#offsetAt(from)
    const stretches: Stretch[] = [plainStretch(-Infinity, offset)]
    for (let at = from; at < to; at += STEP) {
      const next = this.#offsetAt(at + STEP)
      if (next === offset) continue
      stretches.push(plainStretch(this.#changeBetween(at, at + STEP, offset), next))
      offset = next
    }
    return stretches
  }

  /** The first whole second after `low` at which the offset is no longer `before`. */
  #changeBetween(low: number, high: number, before: number): number {
    let last = low
    let first = high
    while (first - last > 1000) {
      const middle = last + Math.floor((first - last) / 2000) * 1000
      if (this.#offsetAt(middle) === before) last = middle
      else first = middle
    }
    return first
  }

  #offsetAt(instant: number): number {
    let year = 0
    let month = 1
    let day = 1
    let ofDay = 0
    let beforeChrist = false
    for (const part of this.#format.formatToParts(instant)) {
      if (part.type === 'era') beforeChrist = part.value.startsWith('B')
      else if (part.type === 'year') year = Number(part.value)
      else if (part.type === 'month') month = Number(part.value)
      else if (part.type === 'day') day = Number(part.value)
      else if (part.type === 'hour') ofDay += Number(part.value) * HOUR
      else if (part.type === 'minute') ofDay += Number(part.value) * 60_000
      else if (part.type === 'second') ofDay += Number(part.value) * 1000
    }
    const wall = daysFromCivil(beforeChrist ? 1 - year : year, month, day) * DAY + ofDay
    return wall - Math.floor(instant / 1000) * 1000
  }
}

function plainStretch(from: number, offset: number): Stretch {
  return { from, reading: { offset, ambiguous: false, gap: false } }
}

function resolveAmong(stretches: readonly Stretch[], first: Stretch, local: number): ZoneReading {
  let found: ZoneReading | null = null
  let before = first
  let gap: ZoneReading | null = null
  stretches.forEach((stretch, at) => {
    const { offset } = stretch.reading
    const until = stretches[at + 1]?.from ?? Infinity
    const instant = local - offset
    if (instant >= stretch.from && instant < until) {
      found = found === null ? stretch.reading : { ...found, ambiguous: true }
    }
    if (gap === null && at > 0 && local - before.reading.offset >= stretch.from && instant < stretch.from) {
      gap = { offset: before.reading.offset, ambiguous: false, gap: true }
    }
    before = stretch
  })
  return found ?? gap ?? before.reading
}

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Year 0 is 1 BC. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const ofEra = shifted - era * 400
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
}

/** Whether the calendar has this date. Month from 1. */
export function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  if (month === 2) return day <= (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28)
  return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31)
}
