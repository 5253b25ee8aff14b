import { trimJsonSpace } from '../device/payload-text.ts'

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['online', true],
  ['true', true],
  ['1', true],
  ['offline', false],
  ['false', false],
  ['0', false],
])

/** Whether a payload that is one bare word says online (attendance 9); null when it is no such word. */
export function readPlainStatus(text: string): boolean | null {
  // No word is longer; white space around it may be.
  const first = text.charCodeAt(0)
  if (first === 0x7b || first === 0x5b) return null
  const word = trimJsonSpace(text)
  return /^[A-Za-z01]{1,7}$/.test(word) ? (WORDS.get(word.toLowerCase()) ?? null) : null
}

/** The same of a payload that is one JSON string. */
export function readQuotedStatus(text: string): boolean | null {
  const word = text.trim().toLowerCase()
  return word === 'online' || word === 'offline' ? word === 'online' : null
}
