import type { BridgeRecord } from '../records/bridge-record.ts'

/** A message to a device, QoS 1, not retained. Its PUBACK comes back through {@link CommandPartition.puback}. */
export interface Publication {
  readonly ticket: number
  readonly deviceSn: string
  /** As in the envelope. */
  readonly commandId: string
  /** Of the request record; null without. */
  readonly traceparent: string | null
  readonly topic: string
  readonly payload: Buffer
  /** From this instant on it must not be sent, not even again after a reconnect; epoch milliseconds, null: never. */
  readonly expiresAt: number | null
  /** Message expiry as of the decision; to be counted anew from `expiresAt` when it is sent later. */
  readonly expirySeconds: number | null
}

/**
 * What an input causes, in this order. Records of the channels commandStatus and deadLetter. `ends`: offset of the
 * request that waited until now; before this is stored, whoever comes after must read it again. Else null.
 */
export type CommandEffect =
  | { readonly kind: 'record'; readonly record: BridgeRecord; readonly ends: string | null }
  | { readonly kind: 'publish'; readonly publication: Publication }
  | { readonly kind: 'ignored'; readonly reason: 'command_tombstone' | 'reply_unknown' }
  | { readonly kind: 'counted'; readonly what: 'op_unknown' }

export function recordEffect(record: BridgeRecord, ends: string | null = null): CommandEffect {
  return { kind: 'record', record, ends }
}
