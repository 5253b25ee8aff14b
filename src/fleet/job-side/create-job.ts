import type { FleetRequest } from '../../records/generated/fleet-request.ts'
import type { JobProgress } from '../../records/generated/job-progress.ts'
import type { JobState } from '../../records/generated/job-state.ts'
import type { Draft } from '../draft.ts'
import type { JobContext } from '../job.ts'
import { readObject } from '../json/read.ts'
import { writeJson } from '../json/write.ts'
import { isJobId, isTimeoutMinutes } from '../names.ts'
import { type Answer, accepted, rejected } from '../requests/answer.ts'
import { startFanOut } from './fan-out.ts'

/** Names and groups as sent. */
const MOST_TARGETS = 10_000
const SELECTIONS: ReadonlySet<string> = new Set(['SNAPSHOT', 'CONTINUOUS'])

/** An operator rolls something out to things (fleets 9.3, `CREATE_JOB`). */
export function createJob(context: JobContext, draft: Draft, request: FleetRequest, requestId: string): Answer {
  const { job, jobId, now, settings } = context
  if (!isJobId(jobId)) return rejected('INVALID_REQUEST', 'jobId has not the form of one or is reserved')
  const document = request.documentJson === null ? undefined : readObject(request.documentJson)
  if (document === undefined) return rejected('INVALID_REQUEST', 'documentJson is no JSON object')
  const targets = request.targets ?? { thingNames: [], thingGroupNames: [] }
  const count = targets.thingNames.length + targets.thingGroupNames.length
  if (count === 0 || count > MOST_TARGETS) {
    return rejected('INVALID_REQUEST', `there are not 1 to ${MOST_TARGETS} targets`)
  }
  const timeout = request.timeoutConfig?.inProgressTimeoutInMinutes ?? null
  if (timeout !== null && !isTimeoutMinutes(timeout)) {
    return rejected('INVALID_REQUEST', 'inProgressTimeoutInMinutes is not 1 to 10080')
  }
  const targetSelection = request.targetSelection ?? 'SNAPSHOT'
  if (!SELECTIONS.has(targetSelection)) {
    return rejected('INVALID_REQUEST', 'targetSelection is neither SNAPSHOT nor CONTINUOUS')
  }
  if (job.state !== null) return rejected('JOB_EXISTS', 'there is a job of this id')
  // Groups are not built yet, so nobody knows one.
  if (targets.thingGroupNames.length > 0) return rejected('INVALID_TARGET', 'a target is no known group')
  if (!targets.thingNames.every(context.isRegistered)) {
    return rejected('INVALID_TARGET', 'a target is no registered thing')
  }
  const documentJson = writeJson(document)
  if (Buffer.byteLength(documentJson) > settings.jobs.maxDocumentBytes) {
    return rejected('PAYLOAD_TOO_LARGE', `documentJson has more than ${settings.jobs.maxDocumentBytes} bytes`)
  }
  const state: JobState = {
    jobId,
    requestId,
    name: request.name,
    description: request.description,
    status: 'IN_PROGRESS',
    targetSelection,
    documentJson,
    targets,
    timeoutConfig: request.timeoutConfig,
    requestedBy: request.requestedBy,
    createdAt: now,
    occurredAt: now,
  }
  draft.write('jobState', jobId, state)
  startFanOut(draft, state, emptyProgress(jobId, now), 'QUEUE')
  return accepted({ jobId })
}

/** Progress of a job of which nothing is known. */
export function emptyProgress(jobId: string, now: number): JobProgress {
  return { jobId, fanOut: null, fannedOut: 0, executionsTotal: null, counts: {}, openRequests: [], occurredAt: now }
}
