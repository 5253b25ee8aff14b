import type { JobInboxRecord } from '../../records/generated/job-inbox-record.ts'
import type { JobProgress } from '../../records/generated/job-progress.ts'
import type { Draft } from '../draft.ts'
import type { JobContext } from '../job.ts'
import { resultOf } from '../requests/answer.ts'
import { completeIfDone } from './completion.ts'
import { emptyProgress } from './create-job.ts'

/** Takes what a thing tells its job (fleets 9.3, The job's side). */
export function takeJobInbox(context: JobContext, draft: Draft, record: JobInboxRecord): void {
  const { job, jobId, now } = context
  // No request stays without its answer, even when the job is gone.
  if (record.kind === 'EXECUTION_ANSWER') writeAnswer(draft, record)
  const { state } = job
  if (state === null || state.requestId !== record.jobRequestId) {
    if (record.kind !== 'EXECUTION_ANSWER') draft.ignore('unknown_job')
    return
  }
  const before = job.progress ?? emptyProgress(jobId, now)
  const after: JobProgress =
    record.kind === 'EXECUTION_ANSWER'
      ? { ...before, openRequests: before.openRequests.filter((id) => id !== record.requestId), occurredAt: now }
      : { ...before, counts: counted(before.counts, record), occurredAt: now }
  draft.write('jobProgress', jobId, after)
  if (record.kind === 'EXECUTION_CHANGED') completeIfDone(draft, state, after)
}

function writeAnswer(draft: Draft, record: JobInboxRecord): void {
  if (record.requestId === null) return
  const { code, jobId, versionNumber } = record
  const answer =
    code === null
      ? { status: 'ACCEPTED' as const, code, message: null, jobId, versionNumber }
      : {
          status: 'REJECTED' as const,
          code,
          message: 'the thing refused it',
          versionNumber: code === 'VERSION_CONFLICT' ? versionNumber : null,
        }
  draft.write('results', jobId, resultOf(record.requestId, answer, draft.now))
}

/** Executions by status after one changed; statuses without any are left out. */
function counted(
  counts: Readonly<Record<string, number>>,
  { previousStatus, status }: JobInboxRecord,
): Readonly<Record<string, number>> {
  const after = new Map(Object.entries(counts))
  if (previousStatus !== null) after.set(previousStatus, (after.get(previousStatus) ?? 0) - 1)
  if (status !== null) after.set(status, (after.get(status) ?? 0) + 1)
  return Object.fromEntries([...after].filter(([, count]) => count > 0))
}
