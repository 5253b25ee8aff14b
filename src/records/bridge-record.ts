import type { ChannelName } from './catalogue.ts'

/**
 * One record the bridge wants on Kafka. The core names a channel of the catalogue; which topic that is, is a setting.
 *
 * `value` is the Avro datum of the channel's schema as avsc takes it (long as number, bytes as Buffer, enums as
 * text, nullable fields plain), raw bytes on a channel without a schema, or null for a tombstone.
 */
export interface BridgeRecord {
  readonly channel: ChannelName
  readonly key: string | null
  readonly value: object | Uint8Array | null
  readonly headers: Readonly<Record<string, string>> | null
  /** Kafka record timestamp, epoch milliseconds. */
  readonly timestamp: number
}

/** What becomes of an input or of a part of it: exactly one of three. */
export type Outcome =
  | { readonly kind: 'produced'; readonly record: BridgeRecord }
  | { readonly kind: 'deadLettered'; readonly code: string; readonly record: BridgeRecord }
  | { readonly kind: 'ignored'; readonly reason: string }

/** The reason code when the record is a dead letter of either kind, else null. */
export function deadLetterCode(record: BridgeRecord): string | null {
  if (record.channel !== 'deadLetter' && record.channel !== 'fleetDeadLetter') return null
  const value: unknown = record.value
  if (typeof value !== 'object' || value === null) return null
  if ('reasonCode' in value) return String(value.reasonCode)
  return 'code' in value ? String(value.code) : null
}
