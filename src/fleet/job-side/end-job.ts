import type { FleetRequest } from '../../records/generated/fleet-request.ts'
import type { Draft } from '../draft.ts'
import { inboxRecord } from '../inbox.ts'
import type { JobContext } from '../job.ts'
import { isJobId, isThingName } from '../names.ts'
import { type Answer, accepted, rejected } from '../requests/answer.ts'
import { emptyProgress } from './create-job.ts'
import { startFanOut } from './fan-out.ts'

/** An operator stops a roll-out (fleets 9.3, `CANCEL_JOB`). */
export function cancelJob(context: JobContext, draft: Draft, request: FleetRequest): Answer {
  const { job, jobId, now } = context
  if (!isJobId(jobId)) return rejected('INVALID_REQUEST', 'jobId has not the form of one')
  if (job.state === null) return rejected('JOB_NOT_FOUND', 'there is no job of this id')
  if (job.state.status !== 'IN_PROGRESS') return rejected('INVALID_STATE_TRANSITION', `the job is ${job.state.status}`)
  const state = { ...job.state, status: 'CANCELED', occurredAt: now }
  draft.write('jobState', jobId, state)
  startFanOut(draft, state, job.progress ?? emptyProgress(jobId, now), request.force ? 'CANCEL_FORCED' : 'CANCEL')
  return accepted({ jobId })
}

/** An operator deletes a job; its id is free again (fleets 9.3, `DELETE_JOB`). */
export function deleteJob(context: JobContext, draft: Draft, request: FleetRequest): Answer {
  const { job, jobId, now } = context
  if (!isJobId(jobId)) return rejected('INVALID_REQUEST', 'jobId has not the form of one')
  if (job.state === null) return rejected('JOB_NOT_FOUND', 'there is no job of this id')
  if (job.state.status === 'IN_PROGRESS' && !request.force) {
    return rejected('INVALID_STATE_TRANSITION', 'the job is IN_PROGRESS')
  }
  startFanOut(draft, job.state, job.progress ?? emptyProgress(jobId, now), 'REMOVE')
  return accepted({ jobId })
}

/**
 * An operator cancels the execution of one thing (fleets 9.3, `CANCEL_JOB_EXECUTION`). The thing decides; null: it
 * answers later.
 */
export function cancelJobExecution(
  context: JobContext,
  draft: Draft,
  request: FleetRequest,
  requestId: string,
): Answer | null {
  const { job, jobId, now } = context
  const { expectedVersion, force, thingName } = request
  if (!isJobId(jobId)) return rejected('INVALID_REQUEST', 'jobId has not the form of one')
  if (thingName === null || !isThingName(thingName)) return rejected('INVALID_REQUEST', 'thingName is no thing name')
  if (expectedVersion !== null && expectedVersion < 0) return rejected('INVALID_REQUEST', 'expectedVersion is negative')
  if (job.state === null) return rejected('EXECUTION_NOT_FOUND', 'there is no job of this id')
  const task = inboxRecord({
    thingName,
    kind: 'JOB_TASK',
    receivedAt: now,
    task: 'CANCEL_EXECUTION',
    jobId,
    jobRequestId: job.state.requestId,
    requestId,
    force,
    expectedVersion,
  })
  draft.write('thingInbox', thingName, task)
  const progress = job.progress ?? emptyProgress(jobId, now)
  const openRequests = [...progress.openRequests, requestId]
  draft.write('jobProgress', jobId, { ...progress, openRequests, occurredAt: now })
  return null
}
