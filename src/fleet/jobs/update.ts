import type { JobExecution } from '../../records/generated/job-execution.ts'
import type { RememberedRequest } from '../../records/generated/thing-state.ts'
import type { Draft } from '../draft.ts'
import { type Json, type JsonMap, optional } from '../json/json.ts'
import { writeJson } from '../json/write.ts'
import { recallRequest, rememberRequest } from '../locks.ts'
import type { ThingContext } from '../thing.ts'
import { isPending, moved, writeExecution } from './execution.ts'
import { documentOf, stateView } from './execution-views.ts'
import {
  answerJobRequest,
  currentExecution,
  executionNumberOf,
  flagOf,
  JobRejection,
  type JobRequest,
  type JobRequestMessage,
  statusDetailsOf,
  stepTimeoutOf,
} from './job-request.ts'
import { noticeChange } from './notices.ts'

const STATUSES = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'] as const

/** The fields of an update, checked. */
interface Update {
  readonly status: (typeof STATUSES)[number]
  readonly statusDetailsJson: string | undefined
  /** Undefined: no lock. 0 is one. */
  readonly expectedVersion: number | undefined
  readonly stepTimeoutInMinutes: number | undefined
  readonly executionNumber: number | undefined
  readonly includes: Includes
}

/** What the reply shall hold besides time and token. */
interface Includes {
  readonly executionState: boolean
  readonly jobDocument: boolean
}

/** `jobs/{jobId}/update`: a device reports how far it is (fleets 7.7). The checks stand in their order. */
export function updateJob(context: ThingContext, draft: Draft, message: JobRequestMessage, jobId: string): void {
  answerJobRequest(context, draft, message, (request) => {
    const known = context.thing.executions.get(jobId)
    const earlier = recallRequest(context, message.topic, message.payload)
    if (earlier !== null) return repeatReply(request, earlier, known)
    const update = updateOf(request.members, context)
    const execution = currentExecution(known, update.executionNumber)
    const again = isAgain(execution, update, context)
    if (!again) {
      if (update.expectedVersion !== undefined && update.expectedVersion !== execution.versionNumber) {
        throw new JobRejection('VersionMismatch', 'The execution has another version.', execution)
      }
      if (!isPending(execution.status)) {
        throw new JobRejection('InvalidStateTransition', `The execution is ${execution.status}.`, execution)
      }
    }
    const after = again ? execution : moved(execution, { ...update, reason: 'DEVICE' }, context.now)
    const state = stateView(after.status, after.statusDetailsJson, after.versionNumber)
    request.accept(included(update.includes, state, after))
    if (!again) {
      writeExecution(draft, execution, after)
      noticeChange(context, draft, jobId, after)
    }
    if (update.expectedVersion !== undefined) {
      const { versionNumber: version, statusDetailsJson } = after
      rememberRequest(context, draft, { ...message, version, statusDetailsJson })
    }
  })
}

function included(
  includes: Includes,
  state: JsonMap,
  execution: JobExecution | undefined,
): Readonly<Record<string, Json | undefined>> {
  return {
    executionState: includes.executionState ? state : undefined,
    jobDocument: includes.jobDocument && execution !== undefined ? documentOf(execution) : undefined,
  }
}

/** The same final report once more, which is harmless: with no lock, the current version or the one before it. */
function isAgain(execution: JobExecution, update: Update, context: ThingContext): boolean {
  if (isPending(execution.status) || update.status !== execution.status) return false
  if (context.settings.jobs.repeatedTerminal !== 'accept') return false
  const { expectedVersion } = update
  const { versionNumber } = execution
  return expectedVersion === undefined || expectedVersion === versionNumber || expectedVersion === versionNumber - 1
}

/** The first reply once more, member for member (fleets 2.8). */
function repeatReply(request: JobRequest, earlier: RememberedRequest, execution: JobExecution | undefined): void {
  const state = stateView(statusOf(request.members), earlier.statusDetailsJson ?? '{}', earlier.version)
  request.accept(included(includesOf(request.members), state, execution), earlier.acceptedAt)
}

function includesOf(members: JsonMap): Includes {
  return {
    executionState: flagOf(members, 'includeJobExecutionState', false),
    jobDocument: flagOf(members, 'includeJobDocument', false),
  }
}

function updateOf(members: JsonMap, context: ThingContext): Update {
  const status = statusOf(members)
  const details = statusDetailsOf(members, context)
  return {
    status,
    statusDetailsJson: details === undefined ? undefined : writeJson(details),
    expectedVersion: expectedVersionOf(members),
    stepTimeoutInMinutes: stepTimeoutOf(members),
    executionNumber: executionNumberOf(members),
    includes: includesOf(members),
  }
}

function statusOf(members: JsonMap): Update['status'] {
  const status = STATUSES.find((each) => each === members.get('status'))
  if (status === undefined) throw new JobRejection('InvalidRequest', `status is none of ${STATUSES.join(', ')}.`)
  return status
}

/** A whole number or text of digits. */
function expectedVersionOf(members: JsonMap): number | undefined {
  const sent = optional(members, 'expectedVersion')
  if (sent === undefined) return undefined
  const version = typeof sent === 'string' && /^[0-9]+$/.test(sent) ? Number(sent) : sent
  if (typeof version === 'number' && version >= 0 && (Number.isInteger(version) || typeof sent === 'string')) {
    return version
  }
  throw new JobRejection('InvalidRequest', 'expectedVersion is no whole number from 0 on.')
}
