/** What follows the time of day: optional spaces, then a zone. */
const ABBREVIATION = /^ +([A-Za-z]{2,5})$/
const WORDS = new Set(['GMT', 'UTC', 'AM', 'PM'])
const ZONE = /^ *(?:(?:Z|GMT|UTC)|(?:(?:GMT|UTC) *)?([+-])(?:(\d{2})(\d{2})|(\d{1,2})(?::(\d{2}))?))$/i

const EARLIEST_OFFSET = -12 * 60
const LATEST_OFFSET = 14 * 60

/**
 * Minutes east of UTC that a zone text means (attendance 5), or why it means none. `rest` is all that follows a valid
 * date and time, with the spaces before it and none at its end.
 */
export function readZone(rest: string): number | 'TIME_AMBIGUOUS' | 'TIME_INVALID' {
  const word = ABBREVIATION.exec(rest)?.[1]
  if (word !== undefined && !WORDS.has(word.toUpperCase())) return 'TIME_AMBIGUOUS'
  const match = ZONE.exec(rest)
  if (match === null) return 'TIME_INVALID'
  const [, sign, packedHours, packedMinutes, hours, minutes] = match
  if (sign === undefined) return 0
  const ofHour = Number(packedMinutes ?? minutes ?? 0)
  const size = Number(packedHours ?? hours) * 60 + ofHour
  const offset = sign === '-' ? 0 - size : size
  return ofHour > 59 || offset < EARLIEST_OFFSET || offset > LATEST_OFFSET ? 'TIME_INVALID' : offset
}
