import type { InboxRecord } from '../../records/generated/inbox-record.ts'
import type { JobExecution } from '../../records/generated/job-execution.ts'
import type { Draft } from '../draft.ts'
import { forgetRequests } from '../locks.ts'
import type { ResultCode } from '../requests/answer.ts'
import type { ThingContext } from '../thing.ts'
import { jobUpdateTopic } from '../topics.ts'
import { executionKey, isPending, moved, tellJob, writeExecution, writeExecutionLog } from './execution.ts'
import { noticeChange } from './notices.ts'

/** Work from the job's side for one thing (fleets 9.3). */
export interface JobTaskInput {
  readonly task: NonNullable<InboxRecord['task']>
  readonly jobId: string
  readonly jobRequestId: string
  readonly documentJson: string | null
  readonly inProgressTimeoutInMinutes: number | null
  readonly requestId: string | null
  readonly force: boolean
  readonly expectedVersion: number | null
}

export function takeJobTask(context: ThingContext, draft: Draft, task: JobTaskInput): void {
  switch (task.task) {
    case 'QUEUE_EXECUTION':
      return queueExecution(context, draft, task)
    case 'CANCEL_EXECUTION':
      return cancelExecution(context, draft, task)
    case 'REMOVE_EXECUTION':
      return removeExecution(context, draft, task)
  }
}

/**
 * Kafka refuses for good what the task leads to: nothing changes, but the job and who asked do not wait for it. A thing
 * that cannot have its execution counts as one that went away before (fleets 9.3).
 */
export function refuseJobTask(context: ThingContext, draft: Draft, task: JobTaskInput): void {
  const execution = executionOf(context, task)
  if (task.task === 'QUEUE_EXECUTION' && execution === undefined) {
    tellJob(draft, null, { ...newExecution(context, task), status: 'REMOVED' })
  }
  if (task.requestId !== null) answer(context, draft, task, 'PAYLOAD_TOO_LARGE', execution)
}

function newExecution({ now, settings, thing, thingName }: ThingContext, task: JobTaskInput): JobExecution {
  const highest = Math.max(0, ...[...thing.executions.values()].map((each) => each.sequence))
  return {
    jobId: task.jobId,
    thingName,
    jobRequestId: task.jobRequestId,
    status: 'QUEUED',
    versionNumber: settings.jobs.firstVersion,
    executionNumber: 1,
    statusDetailsJson: '{}',
    reason: null,
    documentJson: task.documentJson,
    sequence: highest + 1,
    queuedAt: now,
    startedAt: null,
    lastUpdatedAt: now,
    stepDeadline: null,
    inProgressTimeoutInMinutes: task.inProgressTimeoutInMinutes,
    inProgressDeadline: null,
    occurredAt: now,
  }
}

function queueExecution(context: ThingContext, draft: Draft, task: JobTaskInput): void {
  const earlier = context.thing.executions.get(task.jobId)
  if (earlier?.jobRequestId === task.jobRequestId) return draft.ignore('execution_exists')
  const execution = newExecution(context, task)
  // The thing went away before the task came: its execution counts as removed at once.
  if (!context.registered) return tellJob(draft, null, { ...execution, status: 'REMOVED' })
  if (earlier !== undefined) forgetExecution(context, draft, earlier)
  writeExecution(draft, null, execution)
  noticeChange(context, draft, task.jobId, execution)
}

/** The execution when it is one of this very job, not of an earlier one of the same id. */
function executionOf(context: ThingContext, task: JobTaskInput): JobExecution | undefined {
  const execution = context.thing.executions.get(task.jobId)
  return execution?.jobRequestId === task.jobRequestId ? execution : undefined
}

/** Cancels one execution, for someone who waits (`requestId`) or because the whole job is cancelled. */
function cancelExecution(context: ThingContext, draft: Draft, task: JobTaskInput): void {
  const execution = executionOf(context, task)
  const refusal = cancelRefusal(execution, task)
  if (execution === undefined || refusal !== null) {
    if (task.requestId === null) return draft.ignore('execution_not_open')
    return answer(context, draft, task, refusal, execution)
  }
  const after = moved(execution, { status: 'CANCELED', reason: 'OPERATOR' }, context.now)
  writeExecution(draft, execution, after)
  if (task.requestId !== null) answer(context, draft, task, null, after)
  noticeChange(context, draft, task.jobId, after)
}

function cancelRefusal(execution: JobExecution | undefined, task: JobTaskInput): ResultCode | null {
  if (execution === undefined) return 'EXECUTION_NOT_FOUND'
  if (task.expectedVersion !== null && task.expectedVersion !== execution.versionNumber) return 'VERSION_CONFLICT'
  const open = execution.status === 'QUEUED' || (execution.status === 'IN_PROGRESS' && task.force)
  return open ? null : 'INVALID_STATE_TRANSITION'
}

function answer(
  { now, thingName }: ThingContext,
  draft: Draft,
  task: JobTaskInput,
  code: ResultCode | null,
  execution: JobExecution | undefined,
): void {
  draft.write('jobInbox', task.jobId, {
    jobId: task.jobId,
    jobRequestId: task.jobRequestId,
    kind: 'EXECUTION_ANSWER',
    thingName,
    previousStatus: null,
    status: null,
    versionNumber: execution?.versionNumber ?? null,
    requestId: task.requestId,
    code,
    occurredAt: now,
  })
}

/** The job is deleted: the execution ends if it has not, and is forgotten. */
function removeExecution(context: ThingContext, draft: Draft, task: JobTaskInput): void {
  const execution = executionOf(context, task)
  if (execution === undefined) return draft.ignore('execution_not_found')
  if (isPending(execution.status)) {
    const removed = moved(execution, { status: 'REMOVED', reason: 'JOB_DELETED' }, context.now)
    writeExecutionLog(draft, removed)
    tellJob(draft, execution, removed)
  }
  forgetExecution(context, draft, execution)
  noticeChange(context, draft, task.jobId, null)
}

/** Takes an execution and what is remembered of requests about it off the state topics. */
function forgetExecution(context: ThingContext, draft: Draft, execution: JobExecution): void {
  draft.write('jobExecutionState', executionKey(execution), null)
  forgetRequests(context, draft, jobUpdateTopic(context.thingName, execution.jobId))
}
