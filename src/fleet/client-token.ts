import type { Json } from './json/json.ts'

/** Whether this is a clientToken: text of at most so many bytes, may be empty (fleets 2.4). */
export function isClientToken(value: Json, settings: { readonly clientTokenMaxBytes: number }): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= settings.clientTokenMaxBytes
}
