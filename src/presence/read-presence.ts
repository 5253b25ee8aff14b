import type { Refusal } from '../device/device-dead-letter.ts'
import type { DeviceEntry } from '../device/device-registry.ts'
import { readDeviceTime } from '../device/device-time.ts'
import { serialFlag } from '../device/payload-serial.ts'
import { type FlagSet, flagBits, flagList } from '../device/quality-flags.ts'
import { isBlank, text64 } from '../device/text-rules.ts'
import { JsonNumber, type JsonObject, type JsonValue } from '../json/json-value.ts'
import type { PresenceEvent, PresenceReason } from '../records/generated/presence-event.ts'
import { type PresenceRules, ROW } from './presence-rules.ts'

/** Where and when a presence report came in. */
export interface ReportPlace {
  readonly deviceSn: string
  readonly device: DeviceEntry
  /** Epoch milliseconds. */
  readonly ingestTime: number
  readonly retained: boolean
  readonly messageFlags: FlagSet
  /** Makes the id of this observation. */
  readonly randomUuid: () => string
}

const MAX_INT = 2_147_483_647

/** The record of a payload that says nothing but online or offline. */
export function plainReport(online: boolean, place: ReportPlace): PresenceEvent {
  return {
    eventId: place.randomUuid(),
    deviceSn: place.deviceSn,
    status: online ? 'ONLINE' : 'OFFLINE',
    statusTime: place.ingestTime,
    ingestTime: place.ingestTime,
    timeSource: 'BRIDGE_CLOCK',
    reason: reasonOf(online, false, place.retained),
    reasonRaw: null,
    deviceTime: null,
    clockSkewMillis: null,
    firmwareVersion: null,
    batteryPercent: null,
    pendingRecords: null,
    tenantId: place.device.tenantId,
    flags: flagList(place.messageFlags | flagBits.PLAIN_TEXT),
    attributes: {},
  }
}

/** Reads an object as a presence report (attendance 9), or says why it is refused. */
export function readPresence(object: JsonObject, place: ReportPlace, rules: PresenceRules): PresenceEvent | Refusal {
  const { rows, flags: memberFlags, attributes } = rules.table.read(object.names, object.values)
  const onlineValue = rows[ROW.online]
  const online = truthOf(onlineValue, 'online', 'offline')
  if (online === null) return { code: 'ONLINE_INVALID', detail: 'online' }

  let flags = place.messageFlags | memberFlags | serialFlag(rows[ROW.serial], place.deviceSn)
  if (typeof onlineValue !== 'boolean') flags |= flagBits.ONLINE_COERCED
  /** Null for an absent or blank member; for one that breaks its rule too, which is flagged. */
  const optional = <T>(value: JsonValue | undefined, read: (value: JsonValue) => T | null): T | null => {
    if (value === undefined || isBlank(value)) return null
    const result = read(value)
    if (result === null) flags |= flagBits.FIELD_OUT_OF_RANGE
    return result
  }
  const isWill = online ? false : (optional(rows[ROW.lwt], (value) => truthOf(value)) ?? false)
  const time = optional(rows[ROW.time], (value) => {
    const reading = readDeviceTime(value, place.device.zone)
    return typeof reading === 'string' ? null : reading
  })
  if (time?.source === 'DEFAULT_ZONE') flags |= flagBits.TZ_DEFAULTED
  if (time?.ambiguous === true) flags |= flagBits.TZ_AMBIGUOUS
  if (time?.gap === true) flags |= flagBits.TZ_GAP
  const deviceTime = time?.instant ?? null
  const reason = reasonOf(online, isWill, place.retained)
  return {
    ...plainReport(online, place),
    reason,
    reasonRaw: optional(rows[ROW.reason], text64),
    deviceTime,
    // The time inside a will is that of connecting, so it tells nothing about the device's clock.
    clockSkewMillis: reason === 'DEVICE_REPORT' && deviceTime !== null ? deviceTime - place.ingestTime : null,
    firmwareVersion: optional(rows[ROW.firmware], text64),
    batteryPercent: optional(rows[ROW.battery], (value) => wholeNumber(value, 100)),
    pendingRecords: optional(rows[ROW.pending], (value) => wholeNumber(value, MAX_INT)),
    flags: flagList(flags),
    attributes,
  }
}

function reasonOf(online: boolean, isWill: boolean, retained: boolean): PresenceReason {
  if (retained) return 'RETAINED_SNAPSHOT'
  if (online) return 'DEVICE_REPORT'
  // A plain online:false does not tell whether the device or its will says so.
  return isWill ? 'LAST_WILL' : 'DEVICE_OR_WILL'
}

/** true, 1 and their texts, or the word for yes; null for what is neither. */
function truthOf(value: JsonValue | undefined, yes = 'true', no = 'false'): boolean | null {
  if (typeof value === 'boolean') return value
  if (value instanceof JsonNumber) return value.source === '1' ? true : value.source === '0' ? false : null
  if (typeof value !== 'string') return null
  const word = value.trim().toLowerCase()
  if (word === 'true' || word === '1' || word === yes) return true
  return word === 'false' || word === '0' || word === no ? false : null
}

/** A whole number without a sign, as a number also with zeros after the point; null otherwise or above the limit. */
function wholeNumber(value: JsonValue, limit: number): number | null {
  const text =
    value instanceof JsonNumber ? value.source.replace(/\.0+$/, '') : typeof value === 'string' ? value.trim() : ''
  if (!/^\d+$/.test(text)) return null
  const number = Number(text)
  return number <= limit ? number : null
}
