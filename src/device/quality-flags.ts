/** The flags of attendance and presence records in the order in which a record lists them (attendance 8). */
const FLAG_NAMES = [
  'MQTT_RETAINED',
  'MQTT_DUP',
  'BOM_STRIPPED',
  'NUL_TRIMMED',
  'PLAIN_TEXT',
  'SN_MISMATCH',
  'ALIAS_USED',
  'USER_ID_NUMERIC',
  'USER_ID_COERCED',
  'TZ_DEFAULTED',
  'TZ_AMBIGUOUS',
  'TZ_GAP',
  'CLOCK_AHEAD',
  'LATE',
  'STATE_MISSING',
  'STATE_UNKNOWN',
  'ONLINE_COERCED',
  'FIELD_OUT_OF_RANGE',
  'BIOMETRIC_DROPPED',
  'PERSONAL_DROPPED',
  'OPT_IN_DROPPED',
  'FIELDS_IGNORED',
] as const

export type FlagName = (typeof FLAG_NAMES)[number]

/** A set of flags while a record is made: one bit each, so that setting one costs nothing and none repeats. */
export type FlagSet = number

export const flagBits = Object.fromEntries(FLAG_NAMES.map((name, bit) => [name, 1 << bit])) as Readonly<
  Record<FlagName, FlagSet>
>

const NONE: readonly FlagName[] = Object.freeze([])

/** The flags of a set, each once, in the order of the table. The list of the empty set is shared: do not change it. */
export function flagList(flags: FlagSet): readonly FlagName[] {
  if (flags === 0) return NONE
  const names: FlagName[] = []
  for (let rest = flags; rest !== 0; rest &= rest - 1) {
    const name = FLAG_NAMES[31 - Math.clz32(rest & -rest)]
    if (name !== undefined) names.push(name)
  }
  return names
}
