import type { DeviceEntry } from '../device/device-registry.ts'
import { integerPart, isBlank, rawText, replaceLoneSurrogates } from '../device/text-rules.ts'
import { foldWord } from '../device/word-fold.ts'
import { JsonNumber, type JsonValue } from '../json/json-value.ts'
import type { AttendanceState, VerifyMethod } from '../records/generated/attendance-event.ts'
import type { AttendanceRules } from './attendance-rules.ts'

const STATE_WORDS: ReadonlyMap<string, AttendanceState> = new Map([
  ['checkin', 'CHECK_IN'],
  ['in', 'CHECK_IN'],
  ['i', 'CHECK_IN'],
  ['checkout', 'CHECK_OUT'],
  ['out', 'CHECK_OUT'],
  ['o', 'CHECK_OUT'],
  ['breakout', 'BREAK_OUT'],
  ['breakin', 'BREAK_IN'],
  ['overtimein', 'OVERTIME_IN'],
  ['overtimeout', 'OVERTIME_OUT'],
  ['mealout', 'MEAL_OUT'],
  ['mealin', 'MEAL_IN'],
])

const METHOD_WORDS: ReadonlyMap<string, VerifyMethod> = new Map([
  ['fingerprint', 'FINGERPRINT'],
  ['face', 'FACE'],
  ['palm', 'PALM'],
  ['card', 'CARD'],
  ['password', 'PASSWORD'],
  ['vein', 'VEIN'],
  ['iris', 'IRIS'],
  ['qrcode', 'QR_CODE'],
])

/** The state of a present, not blank value. Nothing is guessed: what is in no map is UNKNOWN (attendance 6). */
export function stateOf(value: JsonValue, device: DeviceEntry, rules: AttendanceRules): AttendanceState {
  const key = lookupKey(value)
  if (key === null) return 'UNKNOWN'
  const ofModel = device.model === null ? undefined : rules.modelStateMaps.get(device.model)
  return (
    device.stateMap?.get(key) ??
    ofModel?.get(key) ??
    rules.stateMap.get(key) ??
    wordSymbol(key, STATE_WORDS) ??
    'UNKNOWN'
  )
}

/** The way the user was recognised (attendance 6). Numbers have no default: vendor tables contradict each other. */
export function methodOf(value: JsonValue | undefined, rules: AttendanceRules): VerifyMethod {
  const key = value === undefined ? null : lookupKey(value)
  if (key === null) return 'UNKNOWN'
  return rules.verifyMap.get(key) ?? wordSymbol(key, METHOD_WORDS) ?? 'UNKNOWN'
}

/** Raw text of a state or method; null when absent or blank, and for objects and arrays. */
export function rawOf(value: JsonValue | undefined): string | null {
  return value === undefined || isBlank(value) ? null : rawText(value)
}

/** The whole text trimmed; of a number with only zeros after the point its integer part. */
function lookupKey(value: JsonValue): string | null {
  if (typeof value === 'string') return replaceLoneSurrogates(value).trim()
  if (value instanceof JsonNumber) return integerPart(value.source) ?? value.source
  return typeof value === 'boolean' ? String(value) : null
}

function wordSymbol<S extends string>(key: string, words: ReadonlyMap<string, S>): S | undefined {
  const word = foldWord(key)
  return word === null ? undefined : words.get(word)
}
