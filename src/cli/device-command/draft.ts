import { checkIdentity, checkRequest, type IdentityFault, type RequestFault } from '../../commands/check-request.ts'
import type { CommandRules } from '../../commands/command-rules.ts'
import type { CommandRequest } from '../../records/generated/command-request.ts'

/** A command as a person wrote it: on the command line, or in a line of a file. Null: not said. */
export interface Draft {
  readonly deviceSn: string
  readonly op: string
  readonly commandId: string | null
  /** JSON text. */
  readonly data: string | null
  readonly ifOffline: 'FAIL' | 'WAIT' | null
  /** Epoch milliseconds. */
  readonly expiresAt: number | null
  readonly sensitive: boolean
  readonly correlationId: string | null
}

/** What is wrong with a draft. Never holds a value of `data`. */
export interface DraftFault {
  readonly field: 'deviceSn' | 'commandId' | 'op' | 'data' | 'expiresAt'
  readonly problem: string
}

/** What the record of every draft of one call shares. */
export interface DraftContext {
  readonly rules: CommandRules
  /** Epoch milliseconds. */
  readonly now: number
  readonly newId: () => string
  readonly requestedBy: string | null
}

const faults: Readonly<Record<IdentityFault | RequestFault | 'EXPIRED', DraftFault>> = {
  SN_INVALID: {
    field: 'deviceSn',
    problem: 'is no serial number: a letter or digit, then up to 63 of letters, digits and . _ : -',
  },
  ID_INVALID: { field: 'commandId', problem: 'must be 1 to 64 of letters, digits and . _ : -' },
  OP_MISSING: { field: 'op', problem: 'is missing' },
  OP_INVALID: {
    field: 'op',
    problem: 'must be a lower-case letter, then up to 47 of lower-case letters, digits and _',
  },
  OP_UNKNOWN: { field: 'op', problem: 'is not in the catalogue, and commands.strictOps is on' },
  DATA_INVALID: { field: 'data', problem: 'must be one JSON object, not nested too deep, no member twice' },
  TOO_LARGE: { field: 'data', problem: 'makes the message larger than commands.limits.payloadBytes' },
  CONFIRM_REQUIRED: {
    field: 'data',
    problem: 'must have a member confirm that repeats the serial number, as this operation destroys something',
  },
  EXPIRY_REQUIRED: { field: 'expiresAt', problem: 'is needed for a command that waits' },
  EXPIRY_TOO_FAR: { field: 'expiresAt', problem: 'is further away than commands.limits.waitSeconds' },
  EXPIRED: { field: 'expiresAt', problem: 'has passed already' },
}

/** The record of a draft, or what is wrong with it, by the same checks that the worker makes. */
export function requestOf(draft: Draft, context: DraftContext): CommandRequest | DraftFault {
  const { rules, now, newId, requestedBy } = context
  const request: CommandRequest = {
    commandId: draft.commandId ?? newId(),
    deviceSn: draft.deviceSn,
    op: draft.op,
    data: draft.data,
    sensitive: draft.sensitive,
    ifOffline: draft.ifOffline ?? 'FAIL',
    requestedAt: now,
    requestedBy,
    expiresAt: draft.expiresAt,
    correlationId: draft.correlationId,
  }
  const identity = checkIdentity(request)
  if (identity !== null) return faults[identity]
  const envelope = checkRequest(request, rules, now, now, now)
  if (typeof envelope === 'string') return faults[envelope]
  return envelope.expiresAt !== null && now >= envelope.expiresAt ? faults.EXPIRED : request
}

export function isFault(result: CommandRequest | DraftFault): result is DraftFault {
  return 'problem' in result
}
