import { createHmac } from 'node:crypto'
import { type FlagSet, flagBits } from '../device/quality-flags.ts'
import { hasControlCharacter, hasLoneSurrogate, integerPart, isLongerThan } from '../device/text-rules.ts'
import { JsonNumber, type JsonValue } from '../json/json-value.ts'

export type UserIdFault = 'USER_ID_MISSING' | 'USER_ID_INVALID'

export interface UserId {
  readonly text: string
  readonly flags: FlagSet
}

const MAX_CHARACTERS = 64
/** The usual case, which needs no further look: visible ASCII is its own NFC. */
const PLAIN = /^[!-~]{1,64}$/

/** Reads the user id of a punch (attendance 4). Unknown users pass: the bridge has no employee list. */
export function readUserId(value: JsonValue | undefined): UserId | UserIdFault {
  if (value === undefined) return 'USER_ID_MISSING'
  if (typeof value === 'string') {
    if (PLAIN.test(value)) return { text: value, flags: 0 }
    const trimmed = value.trim()
    // Composing is slow on text made to be so, and makes at most four characters one.
    if (trimmed.length > 8 * MAX_CHARACTERS) return 'USER_ID_INVALID'
    const text = trimmed.normalize('NFC').trim()
    if (text === '') return 'USER_ID_MISSING'
    const bad = isLongerThan(text, MAX_CHARACTERS) || hasControlCharacter(text) || hasLoneSurrogate(text)
    return bad ? 'USER_ID_INVALID' : { text, flags: 0 }
  }
  if (!(value instanceof JsonNumber)) return 'USER_ID_INVALID'
  const text = integerPart(value.source)
  if (text === null || text.startsWith('-') || text.length > MAX_CHARACTERS) return 'USER_ID_INVALID'
  const coerced = text === value.source ? 0 : flagBits.USER_ID_COERCED
  return { text, flags: flagBits.USER_ID_NUMERIC | coerced }
}

/** The first 16 bytes of HMAC-SHA-256 over the user id, as hex digits (attendance 14). */
export function pseudonymOf(userId: string, key: Buffer): string {
  return createHmac('sha256', key).update(userId, 'utf8').digest('hex').slice(0, 32)
}
