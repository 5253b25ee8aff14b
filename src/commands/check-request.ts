import { isSerial } from '../device/serial-topic.ts'
import { conflictOf, JsonFault, JsonObject } from '../json/json-value.ts'
import { readJson } from '../json/read-json.ts'
import { writeJson } from '../json/write-json.ts'
import type { CommandRequest } from '../records/generated/command-request.ts'
import { jsonText } from '../records/ids.ts'
import type { CommandRules } from './command-rules.ts'
import { classOf } from './operations.ts'

export type IdentityFault = 'SN_INVALID' | 'ID_INVALID'
export type RequestFault =
  | 'OP_MISSING'
  | 'OP_INVALID'
  | 'OP_UNKNOWN'
  | 'DATA_INVALID'
  | 'TOO_LARGE'
  | 'CONFIRM_REQUIRED'
  | 'EXPIRY_REQUIRED'
  | 'EXPIRY_TOO_FAR'

const COMMAND_ID = /^[A-Za-z0-9._:-]{1,64}$/
const OP = /^[a-z][a-z0-9_]{0,47}$/

/** What may be published for a request. */
export interface Envelope {
  /** Compact JSON `{"id","op","data"}` in UTF-8. */
  readonly payload: Buffer
  /** From this instant on it must not be published, epoch milliseconds; null: no such instant. */
  readonly expiresAt: number | null
}

/** The checks of attendance 11.2 before that of known commands; null when both hold. */
export function checkIdentity(request: CommandRequest): IdentityFault | null {
  if (!isSerial(request.deviceSn)) return 'SN_INVALID'
  return COMMAND_ID.test(request.commandId) ? null : 'ID_INVALID'
}

/** True for a request that says so and for every biometric operation (attendance 11.4). */
export function isSensitive(request: CommandRequest): boolean {
  return request.sensitive || classOf(request.op) === 'B'
}

/**
 * The other checks of attendance 11.2, in its order, except the last: whether the expiry has passed is for the caller.
 * @param now epoch milliseconds
 * @param acceptedAt when the command was accepted: now, or for one taken up again the time of its ACCEPTED
 * @param askedAt Kafka's timestamp of the request, epoch milliseconds; negative when it has none
 * @param read what `request.data` says, where it was read already and the text is compact
 */
export function checkRequest(
  request: CommandRequest,
  rules: CommandRules,
  now: number,
  acceptedAt: number,
  askedAt: number,
  read?: JsonObject,
): Envelope | RequestFault {
  const { op, deviceSn } = request
  if (op.trim() === '') return 'OP_MISSING'
  if (!OP.test(op)) return 'OP_INVALID'
  const operation = classOf(op)
  if (rules.strictOps && operation === null) return 'OP_UNKNOWN'
  const data = read ?? (request.data === null ? null : readData(request.data, rules.depth))
  if (data === 'DATA_INVALID') return data
  const member = data === null ? '' : `,"data":${read === undefined ? writeJson(data) : request.data}`
  const payload = Buffer.from(`{"id":${jsonText(request.commandId)},"op":${jsonText(op)}${member}}`, 'utf8')
  if (payload.length > rules.envelopeBytes) return 'TOO_LARGE'
  if (operation === 'D' && data?.get('confirm') !== deviceSn) return 'CONFIRM_REQUIRED'
  if (request.ifOffline === 'WAIT') {
    if (request.expiresAt === null) return 'EXPIRY_REQUIRED'
    if (request.expiresAt > now + rules.waitMs) return 'EXPIRY_TOO_FAR'
  }
  const doorLimit = operation === 'door' ? doorExpiry(rules, acceptedAt, askedAt) : null
  return { payload, expiresAt: earlier(request.expiresAt, doorLimit) }
}

function readData(text: string, depth: number): JsonObject | 'DATA_INVALID' {
  const value = readJson(text, depth)
  if (value instanceof JsonFault || !(value instanceof JsonObject) || conflictOf(value) >= 0) return 'DATA_INVALID'
  return value
}

/** No door opens late because the bridge was down (attendance 11.3). */
function doorExpiry(rules: CommandRules, acceptedAt: number, askedAt: number): number {
  return (askedAt >= 0 ? Math.min(acceptedAt, askedAt) : acceptedAt) + rules.doorExpiryMs
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}

/** MQTT message expiry: the rest in whole seconds, rounded down, 1 to 4294967295; null without an expiry. */
export function expirySeconds(expiresAt: number | null, now: number): number | null {
  if (expiresAt === null) return null
  return Math.min(4_294_967_295, Math.max(1, Math.floor((expiresAt - now) / 1000)))
}
