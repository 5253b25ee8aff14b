import type { JobExecution } from '../../records/generated/job-execution.ts'
import type { Draft } from '../draft.ts'
import type { JsonMap } from '../json/json.ts'
import { writeJson } from '../json/write.ts'
import type { ThingContext } from '../thing.ts'
import { executionKey, moved, stepDeadlineOf, writeExecution } from './execution.ts'
import { replyView } from './execution-views.ts'
import { answerJobRequest, type JobRequestMessage, statusDetailsOf, stepTimeoutOf } from './job-request.ts'
import { pendingOf } from './pending.ts'

/** `jobs/start-next`: starts the head, or returns it when it runs already (fleets 7.5). */
export function startNext(context: ThingContext, draft: Draft, message: JobRequestMessage): void {
  answerJobRequest(context, draft, message, (request) => {
    const details = statusDetailsOf(request.members, context)
    const minutes = stepTimeoutOf(request.members)
    const head = pendingOf(context.thing.executions.values())[0]
    if (head === undefined) return request.accept({})
    const execution = head.status === 'QUEUED' ? start(context, head, details, minutes) : rearm(context, head, minutes)
    request.accept({ execution: replyView(execution, true, context.now) })
    // Set and head of the pending ones stay, so there is no notice.
    if (head.status === 'QUEUED') writeExecution(draft, head, execution)
    // A timer that moved is no change of version: the state topic alone has it.
    else if (minutes !== undefined) draft.write('jobExecutionState', executionKey(execution), execution)
  })
}

function start(
  { now }: ThingContext,
  head: JobExecution,
  details: JsonMap | undefined,
  stepTimeoutInMinutes: number | undefined,
): JobExecution {
  const statusDetailsJson = details === undefined ? undefined : writeJson(details)
  return moved(head, { status: 'IN_PROGRESS', reason: 'DEVICE', statusDetailsJson, stepTimeoutInMinutes }, now)
}

function rearm({ now }: ThingContext, head: JobExecution, minutes: number | undefined): JobExecution {
  return minutes === undefined ? head : { ...head, stepDeadline: stepDeadlineOf(minutes, now), occurredAt: now }
}
