import { readFileSync } from 'node:fs'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The text of a file. Throws what Node.js throws, and for bytes that are not UTF-8 an error with the code
 * `ERR_ENCODING_INVALID_ENCODED_DATA`: replaced silently, they would become part of a password or a command.
 */
export function readTextSync(path: string): string {
  return utf8.decode(readFileSync(path))
}
