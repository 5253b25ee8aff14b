import { JsonNumber, type JsonValue } from '../json/json-value.ts'

/** U+0000 to U+001F and U+007F to U+009F (attendance 1). */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

const RAW_TEXT_CHARACTERS = 64

/** Each lone surrogate becomes U+FFFD. With the `u` flag only lone ones are of category Cs. */
export function replaceLoneSurrogates(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? text.replaceAll(/\p{Surrogate}/gu, '\ufffd') : text
}

export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text)
}

export function hasControlCharacter(text: string): boolean {
  return CONTROL.test(text)
}

/** Whether the text has more characters (code points, not code units) than `limit`. */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  if (text.length > 2 * limit) return true
  let characters = 0
  for (const _ of text) characters += 1
  return characters > limit
}

/** The first `limit` characters of the text. */
export function cutCharacters(text: string, limit: number): string {
  if (text.length <= limit) return text
  let end = 0
  let characters = 0
  for (const character of text) {
    if (characters === limit) break
    characters += 1
    end += character.length
  }
  return text.slice(0, end)
}

/** Raw text before the cut (attendance 1): of a text, number or boolean; null for null, objects and arrays. */
function wholeRawText(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return replaceLoneSurrogates(value)
  if (value instanceof JsonNumber) return value.source
  return typeof value === 'boolean' ? String(value) : null
}

/** Raw text (attendance 1), cut to `limit` characters, not trimmed. */
export function rawText(value: JsonValue | undefined, limit: number = RAW_TEXT_CHARACTERS): string | null {
  const whole = wholeRawText(value)
  return whole === null ? null : cutCharacters(whole, limit)
}

/** text64 (attendance 1): the trimmed text of a text or number, which may be empty; null when it is invalid. */
export function text64(value: JsonValue): string | null {
  if (typeof value !== 'string' && !(value instanceof JsonNumber)) return null
  const text = (typeof value === 'string' ? replaceLoneSurrogates(value) : value.source).trim()
  return isLongerThan(text, RAW_TEXT_CHARACTERS) || hasControlCharacter(text) ? null : text
}

/** Whether the value is a text with nothing but white space. Only texts can be blank. */
export function isBlank(value: JsonValue): boolean {
  return typeof value === 'string' && value.trim() === ''
}

/** The part before the point of a JSON number that has no exponent and at most zeros after the point; else null. */
export function integerPart(source: string): string | null {
  const point = source.indexOf('.')
  if (point < 0) return /[eE]/.test(source) ? null : source
  return /^0+$/.test(source.slice(point + 1)) ? source.slice(0, point) : null
}
