import type { AttendanceState } from '../records/generated/attendance-event.ts'

const STATES: Readonly<Record<AttendanceState, true>> = {
  UNKNOWN: true,
  CHECK_IN: true,
  CHECK_OUT: true,
  BREAK_OUT: true,
  BREAK_IN: true,
  OVERTIME_IN: true,
  OVERTIME_OUT: true,
  MEAL_OUT: true,
  MEAL_IN: true,
}

/** Raw state or method to symbol. Keys compare exactly; a map, since keys such as `constructor` are keys like any other. */
export type SymbolMap<S extends string> = ReadonlyMap<string, S>

export function isAttendanceState(symbol: string): symbol is AttendanceState {
  return Object.hasOwn(STATES, symbol)
}

/** A map of the settings as a look-up; an entry that is null is no entry. */
export function symbolMap<S extends string>(entries: Readonly<Record<string, S | null>>): SymbolMap<S> {
  const map = new Map<string, S>()
  for (const [key, symbol] of Object.entries(entries)) if (symbol !== null) map.set(key, symbol)
  return map
}
