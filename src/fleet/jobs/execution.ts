import type { JobExecution } from '../../records/generated/job-execution.ts'
import type { Draft } from '../draft.ts'

const MINUTE_MS = 60_000

type ExecutionStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'REJECTED'
  | 'TIMED_OUT'
  | 'CANCELED'
  | 'REMOVED'

type ExecutionReason = 'DEVICE' | 'TIMER' | 'OPERATOR' | 'JOB_DELETED' | 'THING_REMOVED'

const PENDING: ReadonlySet<string> = new Set(['QUEUED', 'IN_PROGRESS'])

/** Whether this status is not final (fleets 7.2). */
export function isPending(status: string): boolean {
  return PENDING.has(status)
}

export function executionKey(execution: { readonly thingName: string; readonly jobId: string }): string {
  return `${execution.thingName}/${execution.jobId}`
}

/** When a step timeout given now runs out, epoch milliseconds. */
export function stepDeadlineOf(minutes: number, now: number): number {
  return now + minutes * MINUTE_MS
}

/** A change of an execution; what is undefined stays. */
export interface Move {
  readonly status: ExecutionStatus
  readonly reason: ExecutionReason
  readonly statusDetailsJson?: string | undefined
  readonly stepTimeoutInMinutes?: number | undefined
}

/** The execution one version later (fleets 7.1, 7.2, 7.8). Whether the move is allowed is for the caller to know. */
export function moved(execution: JobExecution, move: Move, now: number): JobExecution {
  const leavesQueue = execution.status === 'QUEUED'
  return {
    ...execution,
    ...deadlinesAfter(execution, move, now),
    status: move.status,
    reason: move.reason,
    versionNumber: execution.versionNumber + 1,
    statusDetailsJson: move.statusDetailsJson ?? execution.statusDetailsJson,
    startedAt: leavesQueue && move.reason === 'DEVICE' ? now : execution.startedAt,
    lastUpdatedAt: now,
    occurredAt: now,
  }
}

function deadlinesAfter(
  execution: JobExecution,
  { status, stepTimeoutInMinutes }: Move,
  now: number,
): Pick<JobExecution, 'stepDeadline' | 'inProgressDeadline'> {
  if (status !== 'IN_PROGRESS') return { stepDeadline: null, inProgressDeadline: null }
  const stepDeadline =
    stepTimeoutInMinutes === undefined ? execution.stepDeadline : stepDeadlineOf(stepTimeoutInMinutes, now)
  const limit = execution.inProgressTimeoutInMinutes
  if (execution.status === 'IN_PROGRESS') return { stepDeadline, inProgressDeadline: execution.inProgressDeadline }
  return { stepDeadline, inProgressDeadline: limit === null ? null : now + limit * MINUTE_MS }
}

/** Writes a change of status or version to the log, the state topic and, if the status changed, to the job's side. */
export function writeExecution(draft: Draft, before: JobExecution | null, after: JobExecution): void {
  draft.write('jobExecutionState', executionKey(after), after)
  writeExecutionLog(draft, after)
  if (before?.status !== after.status) tellJob(draft, before, after)
}

/** Only the log: for an execution whose state is forgotten at once. The document stands on the state topic only. */
export function writeExecutionLog(draft: Draft, execution: JobExecution): void {
  draft.write('jobExecutions', execution.thingName, { ...execution, documentJson: null })
}

/** Tells the job's side that the status changed. */
export function tellJob(draft: Draft, before: JobExecution | null, after: JobExecution): void {
  draft.write('jobInbox', after.jobId, {
    jobId: after.jobId,
    jobRequestId: after.jobRequestId,
    kind: 'EXECUTION_CHANGED',
    thingName: after.thingName,
    previousStatus: before?.status ?? null,
    status: after.status,
    versionNumber: after.versionNumber,
    requestId: null,
    code: null,
    occurredAt: draft.now,
  })
}
