import { isBlank, text64 } from '../device/text-rules.ts'
import { JsonNumber, JsonObject, type JsonValue } from '../json/json-value.ts'
import type { GeoPoint } from '../records/generated/attendance-event.ts'

/** Stands for a value that is present but breaks its rule: null in the record, with FIELD_OUT_OF_RANGE. */
export const OUT_OF_RANGE = Symbol('out of range')
export type Optional<T> = T | null | typeof OUT_OF_RANGE

/** A text64 member; blank is absent. */
export function readText64(value: JsonValue | undefined): Optional<string> {
  if (value === undefined || isBlank(value)) return null
  return text64(value) ?? OUT_OF_RANGE
}

export function readMask(value: JsonValue | undefined): Optional<boolean> {
  if (value === undefined || isBlank(value)) return null
  const text =
    value instanceof JsonNumber ? value.source : typeof value === 'string' ? value.trim().toLowerCase() : value
  if (text === true || text === '1' || (text === 'true' && typeof value === 'string')) return true
  if (text === false || text === '0' || (text === 'false' && typeof value === 'string')) return false
  return OUT_OF_RANGE
}

/** Whether a temperature says that none was taken: absent, blank, or zero in any notation. */
export function isNotMeasured(value: JsonValue | undefined): boolean {
  if (value === undefined || isBlank(value)) return true
  const text = value instanceof JsonNumber ? value.source : typeof value === 'string' ? value.trim() : ''
  return /^-?0+(?:\.0+)?(?:[eE][+-]?\d+)?$/.test(text)
}

/** Degrees Celsius of a measured temperature. */
export function readTemperature(value: JsonValue): Optional<number> {
  const degrees = numberOf(value, /^\d+(?:\.\d+)?$/)
  return degrees !== null && degrees >= 25 && degrees <= 45 ? degrees : OUT_OF_RANGE
}

export function readLocation(value: JsonValue): Optional<GeoPoint> {
  if (!(value instanceof JsonObject)) return OUT_OF_RANGE
  const latitude = coordinate(value, ['lat', 'latitude'], 90)
  const longitude = coordinate(value, ['lng', 'lon', 'longitude'], 180)
  const accuracy = value.present('accuracy')
  const accuracyMeters = accuracy === undefined ? null : numberOf(accuracy, SIGNED_DECIMAL)
  if (latitude === null || longitude === null) return OUT_OF_RANGE
  if (accuracy !== undefined && (accuracyMeters === null || accuracyMeters < 0)) return OUT_OF_RANGE
  return { latitude, longitude, accuracyMeters }
}

const SIGNED_DECIMAL = /^-?\d+(?:\.\d+)?$/

function coordinate(location: JsonObject, names: readonly string[], limit: number): number | null {
  for (const name of names) {
    const value = location.present(name)
    if (value === undefined) continue
    const degrees = numberOf(value, SIGNED_DECIMAL)
    return degrees !== null && Math.abs(degrees) <= limit ? degrees : null
  }
  return null
}

/** A JSON number, or a text of the given form; null for anything else. Minus zero becomes zero. */
function numberOf(value: JsonValue, form: RegExp): number | null {
  const text = value instanceof JsonNumber ? value.source : typeof value === 'string' ? value.trim() : ''
  if (!(value instanceof JsonNumber) && !form.test(text)) return null
  const number = Number(text) + 0
  return Number.isFinite(number) ? number : null
}
