import { SERIAL_NAMES } from '../device/payload-serial.ts'
import { JsonArray, JsonObject, type JsonValue } from '../json/json-value.ts'
import { USER_ID_NAMES } from './attendance-rules.ts'

/** A list of punches in one message. */
export interface PunchBatch {
  readonly items: JsonArray
  /** The serial that a wrapper around the list names; undefined when it names none. */
  readonly serial: JsonValue | undefined
  /** First conflict of repeated members outside the items, or -1: it refuses the whole message. */
  readonly conflictAt: number
}

const LIST_NAMES = ['records', 'logs', 'punches']

/** The batch that a message on `evt` is, or null when it is something else (attendance 3). */
export function batchOf(value: JsonValue): PunchBatch | null {
  if (value instanceof JsonArray) return { items: value, serial: undefined, conflictAt: -1 }
  // Most messages hold no array at all.
  if (!(value instanceof JsonObject) || !value.values.some((member) => member instanceof JsonArray)) return null
  if (USER_ID_NAMES.some((name) => value.present(name) !== undefined)) return null
  for (const name of LIST_NAMES) {
    const items = value.get(name)
    if (!(items instanceof JsonArray)) continue
    return { items, serial: firstPresent(value, SERIAL_NAMES), conflictAt: conflictOutside(value, name) }
  }
  return null
}

function firstPresent(object: JsonObject, names: readonly string[]): JsonValue | undefined {
  for (const name of names) {
    const value = object.present(name)
    if (value !== undefined) return value
  }
  return undefined
}

function conflictOutside(wrapper: JsonObject, list: string): number {
  if (wrapper.ownConflictAt >= 0) return wrapper.ownConflictAt
  for (const [at, name] of wrapper.names.entries()) {
    const value = wrapper.values[at]
    if (name !== list && (value instanceof JsonObject || value instanceof JsonArray) && value.conflictAt >= 0) {
      return value.conflictAt
    }
  }
  return -1
}
