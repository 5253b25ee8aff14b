import { MemberTable } from '../device/extra-members.ts'
import { SERIAL_NAMES } from '../device/payload-serial.ts'
import type { HeaderMode } from '../records/headers.ts'

/** The settings that say how presence is read (attendance 15). */
export interface PresenceSettings {
  readonly presence: { readonly attributes: readonly string[] }
  readonly attendance: { readonly pseudonym: { readonly key: string | null } }
  readonly kafka: { readonly headers: HeaderMode }
}

export interface PresenceRules {
  readonly table: MemberTable
  readonly headers: HeaderMode
}

/** The rows of the table of attendance 9, by their index in `MemberReading.rows`. */
export const ROW = { online: 0, lwt: 1, reason: 2, time: 3, firmware: 4, battery: 5, pending: 6, serial: 7 } as const

const ROWS = [['online'], ['lwt'], ['reason'], ['ts'], ['fw'], ['battery'], ['pending'], SERIAL_NAMES]

export function compilePresence(settings: PresenceSettings): PresenceRules {
  return {
    table: new MemberTable(ROWS, {
      attributes: settings.presence.attributes,
      pseudonyms: settings.attendance.pseudonym.key !== null,
      serialRow: ROW.serial,
    }),
    headers: settings.kafka.headers,
  }
}
