import { MemberTable, type NameRow } from '../device/extra-members.ts'
import { SERIAL_NAMES } from '../device/payload-serial.ts'
import { type SymbolMap, symbolMap } from '../device/punch-symbols.ts'
import type { AttendanceState, VerifyMethod } from '../records/generated/attendance-event.ts'
import type { HeaderMode } from '../records/headers.ts'

/** The settings that say how punches are read (attendance 15). */
export interface AttendanceSettings {
  readonly attendance: {
    readonly stateMap: Readonly<Record<string, AttendanceState | null>>
    readonly modelStateMaps: Readonly<Record<string, Readonly<Record<string, AttendanceState | null>> | null>>
    readonly verifyMap: Readonly<Record<string, VerifyMethod | null>>
    readonly attributes: readonly string[]
    readonly optIn: { readonly temperature: boolean; readonly location: boolean }
    readonly clock: {
      /** ISO 8601 instant. */
      readonly earliest: string
      readonly maxAheadSeconds: number
      readonly aheadSeconds: number
      readonly lateSeconds: number
    }
    readonly limits: { readonly batchItems: number }
    readonly pseudonym: { readonly key: string | null; readonly keyVersion: number }
  }
  readonly kafka: { readonly headers: HeaderMode }
}

export interface AttendanceRules {
  readonly table: MemberTable
  readonly stateMap: SymbolMap<AttendanceState>
  readonly modelStateMaps: ReadonlyMap<string, SymbolMap<AttendanceState>>
  readonly verifyMap: SymbolMap<VerifyMethod>
  readonly optInTemperature: boolean
  readonly optInLocation: boolean
  /** Milliseconds. */
  readonly earliest: number
  readonly maxAhead: number
  readonly ahead: number
  readonly late: number
  readonly batchItems: number
  readonly pseudonym: { readonly key: Buffer; readonly version: number } | null
  readonly headers: HeaderMode
}

export const USER_ID_NAMES: NameRow = ['user_id', 'userId', 'UserId', 'UserID']

/** The rows of the table of attendance 4, by their index in `MemberReading.rows`. */
export const ROW = {
  userId: 0,
  time: 1,
  state: 2,
  method: 3,
  workCode: 4,
  recordId: 5,
  mask: 6,
  temperature: 7,
  location: 8,
  serial: 9,
} as const

const ROWS: readonly NameRow[] = [
  USER_ID_NAMES,
  ['att_time', 'attTime', 'LogTime'],
  ['att_state', 'attState', 'Type'],
  ['input_type', 'inputType', 'InputType'],
  ['work_code', 'workCode', 'WorkCode'],
  ['record_id', 'recordId', 'RecordID'],
  ['face_mask', 'faceMask', 'FaceMask'],
  ['temperature', 'Temperature'],
  ['location', 'Location'],
  SERIAL_NAMES,
]

export function compileAttendance(settings: AttendanceSettings): AttendanceRules {
  const { attendance } = settings
  const { key, keyVersion } = attendance.pseudonym
  const models = Object.entries(attendance.modelStateMaps).flatMap(([model, map]) =>
    map === null ? [] : [[model, symbolMap(map)] as const],
  )
  return {
    table: new MemberTable(ROWS, {
      attributes: attendance.attributes,
      pseudonyms: key !== null,
      serialRow: ROW.serial,
    }),
    stateMap: symbolMap(attendance.stateMap),
    modelStateMaps: new Map(models),
    verifyMap: symbolMap(attendance.verifyMap),
    optInTemperature: attendance.optIn.temperature,
    optInLocation: attendance.optIn.location,
    earliest: new Date(attendance.clock.earliest).getTime(),
    maxAhead: attendance.clock.maxAheadSeconds * 1000,
    ahead: attendance.clock.aheadSeconds * 1000,
    late: attendance.clock.lateSeconds * 1000,
    batchItems: attendance.limits.batchItems,
    pseudonym: key === null ? null : { key: Buffer.from(key, 'base64'), version: keyVersion },
    headers: settings.kafka.headers,
  }
}
