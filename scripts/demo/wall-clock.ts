/** `YYYY-MM-DD HH:mm:ss` on a clock of that zone. */
export function clockText(at: number, timeZone: string): string {
  const parts = new Map(
    format(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}`
}

/** `+05:30`. */
export function offsetText(at: number, timeZone: string): string {
  const wholeSeconds = Math.floor(at / 1000) * 1000
  const minutes = (Date.parse(`${clockText(at, timeZone).replace(' ', 'T')}Z`) - wholeSeconds) / 60_000
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

// Making one takes far longer than using it.
function format(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const digits = '2-digit' as const
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: digits,
    day: digits,
    hour: digits,
    minute: digits,
    second: digits,
  })
  formats.set(timeZone, made)
  return made
}
