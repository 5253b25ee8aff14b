import type { AttendanceState } from '../records/generated/attendance-event.ts'
import type { DeviceInfo } from '../records/generated/device-info.ts'
import type { LocalZone } from './device-time.ts'
import { isAttendanceState, type SymbolMap } from './punch-symbols.ts'
import { isKnownZone, ZoneClock } from './zone-clock.ts'

/** The settings that speak of single devices (attendance 12 and 15). */
export interface RegistrySettings {
  readonly devices: readonly {
    readonly deviceSn: string
    readonly timeZone?: string | null
    readonly tenantId?: string | null
    readonly model?: string | null
    readonly stateMap?: Readonly<Record<string, string | null>> | null
  }[]
  readonly attendance: { readonly defaultZone: string }
}

/** What is known of one device. */
export interface DeviceEntry {
  readonly zone: LocalZone
  readonly tenantId: string | null
  readonly model: string | null
  readonly stateMap: SymbolMap<AttendanceState> | null
}

/** Serial to what is known of it: entries of the settings, each replaced whole by a record on the device topic. */
export class DeviceRegistry {
  readonly #clocks = new Map<string, ZoneClock | null>()
  readonly #configured = new Map<string, DeviceEntry>()
  readonly #recorded = new Map<string, DeviceEntry>()
  readonly #unknown: DeviceEntry

  /** Throws RangeError when `attendance.defaultZone` is unknown; the settings are checked before. */
  constructor(settings: RegistrySettings) {
    const name = settings.attendance.defaultZone
    const clock = this.#clockOf(name)
    if (clock === null) throw new RangeError('attendance.defaultZone is no zone of the IANA database')
    const zone: LocalZone = { name, clock, source: 'DEFAULT_ZONE' }
    this.#unknown = { zone, tenantId: null, model: null, stateMap: null }
    for (const device of settings.devices) {
      const { timeZone = null, tenantId = null, model = null, stateMap = null } = device
      this.#configured.set(device.deviceSn, this.#entry({ timeZone, tenantId, model, stateMap }))
    }
  }

  /** The entry that counts for a message received now. */
  entryOf(deviceSn: string): DeviceEntry {
    return this.#recorded.get(deviceSn) ?? this.#configured.get(deviceSn) ?? this.#unknown
  }

  /** Takes a record of the device topic: it replaces the whole entry, null (a tombstone) removes the record again. */
  apply(deviceSn: string, info: DeviceInfo | null): void {
    if (info === null) this.#recorded.delete(deviceSn)
    else this.#recorded.set(deviceSn, this.#entry(info))
  }

  #entry(info: Omit<DeviceInfo, 'stateMap'> & { readonly stateMap: Readonly<Record<string, string | null>> | null }) {
    const clock = info.timeZone === null ? null : this.#clockOf(info.timeZone)
    const zone: LocalZone =
      info.timeZone === null || clock === null
        ? this.#unknown.zone
        : { name: info.timeZone, clock, source: 'DEVICE_ZONE' }
    return { zone, tenantId: info.tenantId, model: info.model, stateMap: knownStates(info.stateMap) }
  }

  /** One clock per zone, since it remembers what it looked up; null for an unknown name. */
  #clockOf(name: string): ZoneClock | null {
    const key = name.toLowerCase()
    let clock = this.#clocks.get(key)
    if (clock === undefined) {
      clock = isKnownZone(name) ? new ZoneClock(name) : null
      this.#clocks.set(key, clock)
    }
    return clock
  }
}

/** An unknown symbol counts as no entry. */
function knownStates(map: Readonly<Record<string, string | null>> | null): SymbolMap<AttendanceState> | null {
  if (map === null) return null
  const known = new Map<string, AttendanceState>()
  for (const [key, symbol] of Object.entries(map)) {
    if (symbol !== null && isAttendanceState(symbol)) known.set(key, symbol)
  }
  return known
}
