import { JsonFault } from '../json/json-value.ts'
import { readJson } from '../json/read-json.ts'
import { cutMembers, writeJson } from '../json/write-json.ts'
import { compileRedaction } from './member-lists.ts'
import { asBuffer, decodePayload, PayloadText } from './payload-text.ts'

/** The settings that decide what a dead letter keeps. */
export interface KeepSettings {
  readonly deadLetter: {
    readonly keepPayload: boolean
    readonly truncateBytes: number
    readonly redact: readonly string[]
  }
  readonly attendance: {
    readonly limits: { readonly payloadBytes: number; readonly depth: number }
    readonly pseudonym: { readonly key: string | null }
  }
}

export interface KeepRules {
  readonly keepPayload: boolean
  readonly truncateBytes: number
  readonly payloadBytes: number
  readonly depth: number
  readonly pseudonyms: boolean
  /** Whether a member of this name is cut out. */
  readonly isCut: (name: string) => boolean
}

export interface KeptPayload {
  readonly payload: Buffer | null
  readonly truncated: boolean
  readonly redacted: boolean
}

export const withheldPayload: KeptPayload = { payload: null, truncated: false, redacted: true }

export function compileKeepRules(settings: KeepSettings): KeepRules {
  const pseudonyms = settings.attendance.pseudonym.key !== null
  return {
    keepPayload: settings.deadLetter.keepPayload,
    truncateBytes: settings.deadLetter.truncateBytes,
    payloadBytes: settings.attendance.limits.payloadBytes,
    depth: settings.attendance.limits.depth,
    pseudonyms,
    isCut: compileRedaction(settings.deadLetter.redact, pseudonyms),
  }
}

/** What a dead letter holds of these bytes (attendance 10.3, first match decides). */
export function keepPayload(original: Uint8Array, rules: KeepRules): KeptPayload {
  if (!rules.keepPayload) return withheldPayload
  const bytes = asBuffer(original)
  if (bytes.length > rules.payloadBytes) {
    if (rules.pseudonyms) return withheldPayload
    const payload = bytes.subarray(0, rules.truncateBytes)
    return { payload, truncated: payload.length < bytes.length, redacted: false }
  }
  const decoded = decodePayload(bytes, rules.payloadBytes)
  const value = decoded instanceof PayloadText ? readJson(decoded.text, rules.depth) : decoded
  if (!(decoded instanceof PayloadText) || value instanceof JsonFault) {
    return rules.pseudonyms ? withheldPayload : { payload: bytes, truncated: false, redacted: false }
  }
  const rest = cutMembers(value, rules.isCut)
  if (rest === value) return { payload: bytes, truncated: false, redacted: false }
  return { payload: Buffer.from(writeJson(rest), 'utf8'), truncated: false, redacted: true }
}
