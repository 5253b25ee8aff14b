import { createHash, timingSafeEqual } from 'node:crypto'
import type { ApiKeyRecord } from '../../records/generated/api-key-record.ts'

/** Who asks and with what secret. */
export interface Credentials {
  readonly apiKey: string
  readonly secret: Uint8Array
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i
const COLON = 58
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads an authorization header; null when it is missing or malformed (fleets 4.1). Padding may be left out. */
export function readBasic(header: string | undefined): Credentials | null {
  const found = header === undefined ? null : BASIC.exec(header.trim())
  if (found === null) return null
  const text = found[1] ?? ''
  const digits = text.replace(/=+$/, '')
  const padded = text.length !== digits.length
  if (digits.length % 4 === 1 || (padded && text.length % 4 !== 0)) return null
  const bytes = Buffer.from(digits, 'base64')
  const colon = bytes.indexOf(COLON)
  if (colon < 0) return null
  try {
    return { apiKey: utf8.decode(bytes.subarray(0, colon)), secret: bytes.subarray(colon + 1) }
  } catch {
    return null
  }
}

/** Whether the secret is that of the key, in a time that does not tell how near it is. */
export function isSecretOf(record: ApiKeyRecord, secret: Uint8Array): boolean {
  const hash = secretHash(record.salt, secret)
  return record.secretHash.length === hash.length && timingSafeEqual(record.secretHash, hash)
}

/** What is stored of a secret (fleets 13, ApiKeyRecord). */
export function secretHash(salt: Uint8Array, secret: Uint8Array | string): Buffer {
  return createHash('sha256').update(salt).update(secret).digest()
}

/** Whether a permission of the key has this method and a prefix of this path, as received (fleets 4.1). */
export function mayAccess(record: ApiKeyRecord, method: string, path: string): boolean {
  return record.permissions.some(
    (permission) =>
      (permission.method === '*' || permission.method === method) && path.startsWith(permission.pathPrefix),
  )
}
