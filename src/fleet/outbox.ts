import type { InboxRecord } from '../records/generated/inbox-record.ts'
import type { OutboxRecord } from '../records/generated/outbox-record.ts'
import { inboxRecord } from './inbox.ts'

/** How a publication is sent now: message expiry in seconds, or null without one. `late`: it must not be sent. */
export function sendingOf(record: OutboxRecord, now: number): { readonly expirySeconds: number | null } | 'late' {
  if (record.expiresAt === null) return { expirySeconds: null }
  if (now >= record.expiresAt) return 'late'
  return { expirySeconds: Math.ceil((record.expiresAt - now) / 1000) }
}

/** What the inbox is told about a publication after its PUBACK, or null when nobody needs to know (fleets 1). */
export function publishResult(record: OutboxRecord, reasonCode: number, now: number): InboxRecord | null {
  const { executionId, thingName } = record
  if (executionId === null || reasonCode === 0) return null
  return inboxRecord({ thingName, kind: 'PUBLISH_RESULT', receivedAt: now, executionId, reasonCode })
}
