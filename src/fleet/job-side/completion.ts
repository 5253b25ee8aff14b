import type { JobProgress } from '../../records/generated/job-progress.ts'
import type { JobState } from '../../records/generated/job-state.ts'
import type { Draft } from '../draft.ts'
import { isPending } from '../jobs/execution.ts'

/** Completes a snapshot job whose executions have all ended, once it is known how many there are (fleets 7.2, 9.3). */
export function completeIfDone(draft: Draft, state: JobState, progress: JobProgress): void {
  if (state.status !== 'IN_PROGRESS' || state.targetSelection !== 'SNAPSHOT') return
  if (progress.executionsTotal === null) return
  const done = Object.entries(progress.counts)
    .filter(([status]) => !isPending(status))
    .reduce((sum, [, count]) => sum + count, 0)
  if (done < progress.executionsTotal) return
  draft.write('jobState', state.jobId, { ...state, status: 'COMPLETED', occurredAt: draft.now })
}
