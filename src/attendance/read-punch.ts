import type { DeadLetterCode, Refusal } from '../device/device-dead-letter.ts'
import type { DeviceEntry } from '../device/device-registry.ts'
import { readDeviceTime } from '../device/device-time.ts'
import { serialFlag } from '../device/payload-serial.ts'
import { type FlagSet, flagBits, flagList } from '../device/quality-flags.ts'
import { isBlank, rawText } from '../device/text-rules.ts'
import type { JsonObject } from '../json/json-value.ts'
import type { AttendanceEvent, AttendanceState } from '../records/generated/attendance-event.ts'
import { attendanceEventId } from '../records/ids.ts'
import { type AttendanceRules, ROW } from './attendance-rules.ts'
import {
  isNotMeasured,
  type Optional,
  OUT_OF_RANGE,
  readLocation,
  readMask,
  readTemperature,
  readText64,
} from './punch-extras.ts'
import { methodOf, rawOf, stateOf } from './punch-state.ts'
import { pseudonymOf, readUserId } from './user-id.ts'

/** Where and when a punch came in. */
export interface PunchPlace {
  readonly deviceSn: string
  readonly device: DeviceEntry
  /** Epoch milliseconds. */
  readonly ingestTime: number
  /** Flags of the whole message. */
  readonly messageFlags: FlagSet
  /** Position in a batch; null for a single punch. */
  readonly batchIndex: number | null
  readonly batchSize: number | null
}

export interface Punch {
  readonly event: AttendanceEvent
  readonly flags: FlagSet
}

/** Reads one object as a punch, or says why it is refused: not a punch, then user id, then time (attendance 4). */
export function readPunch(object: JsonObject, place: PunchPlace, rules: AttendanceRules): Punch | Refusal {
  const { rows, flags: memberFlags, attributes } = rules.table.read(object.names, object.values)
  if (rows[ROW.userId] === undefined && rows[ROW.time] === undefined) return refusal('NOT_A_PUNCH', null)

  const user = readUserId(rows[ROW.userId])
  if (typeof user === 'string') return refusal(user, 'user_id')

  const time = readDeviceTime(rows[ROW.time], place.device.zone)
  if (typeof time === 'string') return refusal(time, 'att_time')
  const ahead = time.instant - place.ingestTime
  if (time.instant < rules.earliest || ahead > rules.maxAhead) return refusal('TIME_OUT_OF_RANGE', 'att_time')

  let flags = place.messageFlags | memberFlags | user.flags | serialFlag(rows[ROW.serial], place.deviceSn)
  if (time.source === 'DEFAULT_ZONE') flags |= flagBits.TZ_DEFAULTED
  if (time.ambiguous) flags |= flagBits.TZ_AMBIGUOUS
  if (time.gap) flags |= flagBits.TZ_GAP
  if (ahead > rules.ahead) flags |= flagBits.CLOCK_AHEAD
  else if (-ahead > rules.late) flags |= flagBits.LATE

  const stateValue = rows[ROW.state]
  let state: AttendanceState = 'UNKNOWN'
  if (stateValue === undefined || isBlank(stateValue)) flags |= flagBits.STATE_MISSING
  else {
    state = stateOf(stateValue, place.device, rules)
    if (state === 'UNKNOWN') flags |= flagBits.STATE_UNKNOWN
  }

  const kept = <T>(value: Optional<T>): T | null => {
    if (value !== OUT_OF_RANGE) return value
    flags |= flagBits.FIELD_OUT_OF_RANGE
    return null
  }
  const optedIn = <T>(enabled: boolean, read: () => Optional<T>): T | null => {
    if (enabled) return kept(read())
    flags |= flagBits.OPT_IN_DROPPED
    return null
  }
  const workCode = kept(readText64(rows[ROW.workCode]))
  const deviceRecordId = kept(readText64(rows[ROW.recordId]))
  const maskWorn = kept(readMask(rows[ROW.mask]))
  const temperature = rows[ROW.temperature]
  const temperatureCelsius =
    temperature === undefined || isNotMeasured(temperature)
      ? null
      : optedIn(rules.optInTemperature, () => readTemperature(temperature))
  const position = rows[ROW.location]
  const location =
    position === undefined || isBlank(position) ? null : optedIn(rules.optInLocation, () => readLocation(position))

  const userId = rules.pseudonym === null ? user.text : pseudonymOf(user.text, rules.pseudonym.key)
  const stateRaw = rawOf(stateValue)
  const fixed = time.source === 'PAYLOAD_EPOCH' || time.source === 'PAYLOAD_OFFSET'
  // The local time, not the instant, so that the id survives a correction of the device's zone.
  const timeKey = fixed || time.local === null ? `U:${time.instant}` : `L:${time.local}`
  const event: AttendanceEvent = {
    eventId: attendanceEventId(place.deviceSn, userId, timeKey, stateRaw),
    deviceSn: place.deviceSn,
    userId,
    userIdKeyVersion: rules.pseudonym === null ? null : rules.pseudonym.version,
    eventTime: time.instant,
    ingestTime: place.ingestTime,
    timeSource: time.source,
    deviceLocalTime: time.local,
    utcOffsetMinutes: time.offsetMinutes,
    timeZone: time.zone,
    timeRaw: rawText(rows[ROW.time]) ?? '',
    state,
    stateRaw,
    verifyMethod: methodOf(rows[ROW.method], rules),
    verifyRaw: rawOf(rows[ROW.method]),
    workCode,
    deviceRecordId,
    maskWorn,
    temperatureCelsius,
    location,
    batchIndex: place.batchIndex,
    batchSize: place.batchSize,
    transport: 'MQTT',
    tenantId: place.device.tenantId,
    flags: flagList(flags),
    attributes,
  }
  return { event, flags }
}

function refusal(code: DeadLetterCode, detail: string | null): Refusal {
  return { code, detail }
}
