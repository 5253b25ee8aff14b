import type { JsonValue } from '../json/json-value.ts'
import { listOf } from './member-lists.ts'
import { type FlagSet, flagBits } from './quality-flags.ts'
import { isBlank, rawText } from './text-rules.ts'

const ATTRIBUTE_CHARACTERS = 256
const REMEMBERED_NAMES = 1000
const LONGEST_REMEMBERED = 64

/** What is done with a member whose name is in no row of a table. */
type ExtraKind = 'biometric' | 'personal' | 'attribute' | 'unknown'

/** One row of a table of member names: the first that is present wins (attendance 4 and 9). */
export type NameRow = readonly string[]

export interface MemberSettings {
  /** Exact names of members that become attributes. */
  readonly attributes: readonly string[]
  /** Whether a pseudonym key is set; then names that fold to `userid` count as personal. */
  readonly pseudonyms: boolean
  /** The row of the payload's own serial, whose names never set ALIAS_USED; -1 when there is none. */
  readonly serialRow: number
}

type Attributes = Readonly<Record<string, string>>

const NO_ATTRIBUTES: Attributes = Object.freeze({})

/** What the members of one object say. */
export interface MemberReading {
  /** Value per row, undefined when no name of the row is present. Never null. */
  readonly rows: readonly (JsonValue | undefined)[]
  /** ALIAS_USED, BIOMETRIC_DROPPED, PERSONAL_DROPPED and FIELDS_IGNORED. */
  readonly flags: FlagSet
  readonly attributes: Attributes
}

/** Sorts the members of an object into the rows of a table and the rest (attendance 4, "Other members"). */
export class MemberTable {
  readonly #noRows: readonly (JsonValue | undefined)[]
  /** Name to row * 16 + place in the row. */
  readonly #slots = new Map<string, number>()
  readonly #attributes: ReadonlySet<string>
  readonly #pseudonyms: boolean
  readonly #serialRow: number
  /** Folding a name costs more than all else; senders use few names. */
  readonly #kinds = new Map<string, ExtraKind>()

  constructor(rows: readonly NameRow[], settings: MemberSettings) {
    this.#noRows = rows.map(() => undefined)
    rows.forEach((names, row) => {
      names.forEach((name, place) => this.#slots.set(name, row * 16 + place))
    })
    this.#attributes = new Set(settings.attributes)
    this.#pseudonyms = settings.pseudonyms
    this.#serialRow = settings.serialRow
  }

  /** Reads parallel lists of names and values, where equal repeats are allowed and the first counts. */
  read(names: readonly string[], values: readonly JsonValue[]): MemberReading {
    const rows = this.#noRows.slice()
    /** Place of the name that was read in each row that an alias was read in; null while there is none. */
    let places: Map<number, number> | null = null
    let flags: FlagSet = 0
    let attributes: Record<string, string> | null = null
    for (let at = 0; at < names.length; at += 1) {
      const name = names[at] ?? ''
      const value = values[at] ?? null
      if (value === null) continue
      const slot = this.#slots.get(name)
      if (slot === undefined) {
        if (isBlank(value)) continue
        const kind = this.#kindOf(name)
        if (kind === 'biometric') flags |= flagBits.BIOMETRIC_DROPPED
        else if (kind === 'personal') flags |= flagBits.PERSONAL_DROPPED
        else {
          const text = kind === 'attribute' ? rawText(value, ATTRIBUTE_CHARACTERS) : null
          if (text === null) flags |= flagBits.FIELDS_IGNORED
          else {
            attributes ??= Object.create(null) as Record<string, string>
            attributes[name] = text
          }
        }
        continue
      }
      const row = slot >> 4
      const place = slot & 15
      const read = rows[row]
      if (read !== undefined) {
        const readPlace = places?.get(row) ?? 0
        if (place >= readPlace) {
          if (place > readPlace && !isBlank(value)) flags |= flagBits.FIELDS_IGNORED
          continue
        }
        if (!isBlank(read)) flags |= flagBits.FIELDS_IGNORED
      }
      rows[row] = value
      if (place > 0 || places !== null) {
        places ??= new Map()
        places.set(row, place)
      }
    }
    places?.forEach((place, row) => {
      if (place > 0 && row !== this.#serialRow) flags |= flagBits.ALIAS_USED
    })
    return { rows, flags, attributes: attributes ?? NO_ATTRIBUTES }
  }

  #kindOf(name: string): ExtraKind {
    const known = this.#kinds.get(name)
    if (known !== undefined) return known
    const kind = listOf(name, this.#pseudonyms) ?? (this.#attributes.has(name) ? 'attribute' : 'unknown')
    if (name.length <= LONGEST_REMEMBERED) {
      if (this.#kinds.size >= REMEMBERED_NAMES) this.#kinds.clear()
      // A copy: the name may be a slice that keeps its whole payload in memory.
      this.#kinds.set(Buffer.from(name, 'utf16le').toString('utf16le'), kind)
    }
    return kind
  }
}
