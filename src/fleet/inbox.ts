import type { InboxRecord } from '../records/generated/inbox-record.ts'

type Always = 'thingName' | 'kind' | 'receivedAt'

/** An inbox record with the members that its kind needs; the others are empty. */
export function inboxRecord(members: Pick<InboxRecord, Always> & Partial<Omit<InboxRecord, Always>>): InboxRecord {
  return {
    topic: null,
    payload: null,
    retain: false,
    dup: false,
    userProperties: {},
    task: null,
    jobId: null,
    jobRequestId: null,
    documentJson: null,
    inProgressTimeoutInMinutes: null,
    requestId: null,
    force: false,
    expectedVersion: null,
    executionId: null,
    deadline: null,
    reasonCode: null,
    ...members,
  }
}
