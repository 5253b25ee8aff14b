import type { Draft } from '../draft.ts'
import type { ThingContext } from '../thing.ts'
import { executionDeadline } from '../timers.ts'
import { moved, writeExecution } from './execution.ts'
import { noticeChange } from './notices.ts'

/** A job execution's timer was due at `deadline` (fleets 7.8). A timer that was overtaken does nothing. */
export function takeJobTimer(
  context: ThingContext,
  draft: Draft,
  timer: { readonly jobId: string; readonly jobRequestId: string | null; readonly deadline: number },
): void {
  const execution = context.thing.executions.get(timer.jobId)
  const due = execution === undefined ? null : executionDeadline(execution)
  const other = timer.jobRequestId !== null && timer.jobRequestId !== execution?.jobRequestId
  if (execution === undefined || due === null || due > timer.deadline || other) return draft.ignore('timer_overtaken')
  const after = moved(execution, { status: 'TIMED_OUT', reason: 'TIMER' }, context.now)
  writeExecution(draft, execution, after)
  noticeChange(context, draft, timer.jobId, after)
}
