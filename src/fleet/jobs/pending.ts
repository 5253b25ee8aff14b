import type { JobExecution } from '../../records/generated/job-execution.ts'
import { isPending } from './execution.ts'

/** The pending executions of a thing in their order: running ones first, then by queueing (fleets 7.2). */
export function pendingOf(executions: Iterable<JobExecution>): readonly JobExecution[] {
  return [...executions]
    .filter((execution) => isPending(execution.status))
    .sort(
      (one, other) =>
        Number(one.status === 'QUEUED') - Number(other.status === 'QUEUED') ||
        one.queuedAt - other.queuedAt ||
        one.sequence - other.sequence,
    )
}
