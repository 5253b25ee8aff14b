import type { CommandExecution } from '../records/generated/command-execution.ts'
import type { InboxRecord } from '../records/generated/inbox-record.ts'
import type { JobExecution } from '../records/generated/job-execution.ts'
import { inboxRecord } from './inbox.ts'
import type { Timer } from './timer-queue.ts'

const HOUR_MS = 3_600_000

/** When something is to happen to a command by itself: its ttl is over, or it is to be forgotten (fleets 6.1). */
export function commandDeadline(execution: CommandExecution, rememberHours: number): number {
  return execution.status === 'SENT' ? execution.deadline : execution.occurredAt + rememberHours * HOUR_MS
}

/** When a job execution times out: the earlier of its two timers; null while none runs (fleets 7.8). */
export function executionDeadline(execution: JobExecution): number | null {
  if (execution.status !== 'IN_PROGRESS') return null
  const { stepDeadline, inProgressDeadline } = execution
  if (stepDeadline === null || inProgressDeadline === null) return stepDeadline ?? inProgressDeadline
  return Math.min(stepDeadline, inProgressDeadline)
}

/** What is appended to the thing's inbox when a timer is due. */
export function timerRecord({ deadline, id, kind, thingName }: Timer, now: number): InboxRecord {
  const subject = kind === 'command' ? { executionId: id } : { jobId: id }
  return inboxRecord({ thingName, kind: 'TIMER', receivedAt: now, deadline, ...subject })
}
