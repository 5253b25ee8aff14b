import type { Draft } from '../draft.ts'
import type { ThingContext } from '../thing.ts'
import { isPending } from './execution.ts'
import { listed, replyView } from './execution-views.ts'
import {
  answerJobRequest,
  currentExecution,
  executionNumberOf,
  flagOf,
  JobRejection,
  type JobRequestMessage,
} from './job-request.ts'
import { pendingOf } from './pending.ts'

/** `jobs/get`: the pending executions of the thing (fleets 7.4). */
export function listPending(context: ThingContext, draft: Draft, message: JobRequestMessage): void {
  answerJobRequest(context, draft, message, (request) => {
    const { running, queued } = listed(pendingOf(context.thing.executions.values()))
    request.accept({ inProgressJobs: running, queuedJobs: queued })
  })
}

/** `jobs/{jobId}/get`: one execution; `$next` is the head, without starting it (fleets 7.6). */
export function describeJob(context: ThingContext, draft: Draft, message: JobRequestMessage, jobId: string): void {
  answerJobRequest(context, draft, message, (request) => {
    const withDocument = flagOf(request.members, 'includeJobDocument', true)
    const number = executionNumberOf(request.members)
    const { executions } = context.thing
    const wanted = jobId === '$next' ? pendingOf(executions.values())[0] : executions.get(jobId)
    if (wanted === undefined && jobId === '$next') return request.accept({})
    const execution = currentExecution(wanted, number)
    if (!isPending(execution.status)) {
      throw new JobRejection('TerminalStateReached', `The execution is ${execution.status}.`)
    }
    request.accept({ execution: replyView(execution, withDocument, context.now) })
  })
}
