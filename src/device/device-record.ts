import { isUtf8 } from 'node:buffer'
import { conflictOf, JsonFault, JsonObject, type JsonValue } from '../json/json-value.ts'
import { readJson } from '../json/read-json.ts'
import type { DeviceInfo } from '../records/generated/device-info.ts'
import { asBuffer } from './payload-text.ts'
import { replaceLoneSurrogates } from './text-rules.ts'

const OPEN_OBJECT = 0x7b

/** Whether a value of the device or command topic is JSON text by its first byte (attendance 11.1). */
export function isJsonValue(bytes: Uint8Array): boolean {
  return bytes[0] === OPEN_OBJECT
}

/**
 * A record of the device topic that an operator wrote as JSON text (attendance 12), or null when it cannot be read or
 * has a member of the wrong type. Byte order mark and NULs are not removed and there is no size limit.
 */
export function readDeviceRecord(bytes: Uint8Array, maxDepth: number): DeviceInfo | null {
  const buffer = asBuffer(bytes)
  if (!isJsonValue(buffer) || !isUtf8(buffer)) return null
  const value = readJson(buffer.toString('utf8'), maxDepth)
  if (value instanceof JsonFault || !(value instanceof JsonObject) || conflictOf(value) >= 0) return null
  const timeZone = textMember(value, 'timeZone')
  const tenantId = textMember(value, 'tenantId')
  const model = textMember(value, 'model')
  const stateMap = stateMapOf(value.present('stateMap'))
  if (timeZone === undefined || tenantId === undefined || model === undefined || stateMap === undefined) return null
  return { timeZone, tenantId, model, stateMap }
}

/** A text member; null when absent, undefined when it is of another type. */
function textMember(object: JsonObject, name: string): string | null | undefined {
  const value = object.present(name)
  if (value === undefined) return null
  return typeof value === 'string' ? replaceLoneSurrogates(value) : undefined
}

function stateMapOf(value: JsonValue | undefined): Readonly<Record<string, string>> | null | undefined {
  if (value === undefined) return null
  if (!(value instanceof JsonObject)) return undefined
  const map = Object.create(null) as Record<string, string>
  for (const name of value.names) {
    const symbol = textMember(value, name)
    if (symbol === undefined) return undefined
    if (symbol !== null) map[name] = symbol
  }
  return map
}
