import { isAscii, isUtf8 } from 'node:buffer'

export class PayloadText {
  /** The text without byte order mark and trailing NULs. */
  readonly text: string
  readonly bomStripped: boolean
  readonly nulTrimmed: boolean

  constructor(text: string, bomStripped: boolean, nulTrimmed: boolean) {
    this.text = text
    this.bomStripped = bomStripped
    this.nulTrimmed = nulTrimmed
  }
}

export type PayloadFault = 'PAYLOAD_TOO_LARGE' | 'ENCODING_INVALID' | 'PAYLOAD_EMPTY'

const BOM_BYTES = 3

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The steps Size to Empty of attendance 2; the code of the first that fails. */
export function decodePayload(payload: Uint8Array, maxBytes: number): PayloadText | PayloadFault {
  if (payload.length > maxBytes) return 'PAYLOAD_TOO_LARGE'
  const bytes = asBuffer(payload)
  const ascii = isAscii(bytes)
  if (!ascii && !isUtf8(bytes)) return 'ENCODING_INVALID'
  const start = !ascii && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? BOM_BYTES : 0
  let end = bytes.length
  while (end > start && bytes[end - 1] === 0) end -= 1
  // UTF-16 without a mark is valid UTF-8 as long as its characters are ASCII: every other byte is NUL.
  if (end - start >= 2 && (bytes[start] === 0 || bytes[start + 1] === 0)) return 'ENCODING_INVALID'
  const text = bytes.toString(ascii ? 'latin1' : 'utf8', start, end)
  if (isJsonBlank(text)) return 'PAYLOAD_EMPTY'
  return new PayloadText(text, start > 0, end < bytes.length)
}

function isJsonBlank(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (!isJsonSpace(text.charCodeAt(at))) return false
  return true
}

function isJsonSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13
}

/** The text without the white space that JSON allows around it. A loop, because a pattern for the end is quadratic. */
export function trimJsonSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isJsonSpace(text.charCodeAt(start))) start += 1
  while (end > start && isJsonSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}
