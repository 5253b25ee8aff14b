import type { JsonValue } from '../json/json-value.ts'
import type { NameRow } from './extra-members.ts'
import { type FlagSet, flagBits } from './quality-flags.ts'
import { text64 } from './text-rules.ts'

/** Names under which a payload may repeat the serial of its topic (attendance 4). */
export const SERIAL_NAMES: NameRow = ['sn', 'SerialNumber', 'DeviceSN']

/** SN_MISMATCH when the payload names another serial than the topic; what is no text64, or blank, is not compared. */
export function serialFlag(value: JsonValue | undefined, deviceSn: string): FlagSet {
  if (value === undefined || value === deviceSn) return 0
  const text = text64(value)
  return text === null || text === '' || text === deviceSn ? 0 : flagBits.SN_MISMATCH
}
