import type { JobExecution } from '../../records/generated/job-execution.ts'
import { type Draft, secondsOf } from '../draft.ts'
import { mapOf } from '../json/json.ts'
import type { ThingContext } from '../thing.ts'
import { notifyNextTopic, notifyTopic } from '../topics.ts'
import { listed, noticeView } from './execution-views.ts'
import { pendingOf } from './pending.ts'

/**
 * Publishes what changed for the device between two states of its executions: `notify` when the set of pending job ids
 * did, `notify-next` when the head is another job (fleets 7.3). Nothing goes to a thing that is not registered.
 */
function publishNotices(
  context: ThingContext,
  draft: Draft,
  before: Iterable<JobExecution>,
  after: Iterable<JobExecution>,
): void {
  if (!context.registered) return
  const earlier = pendingOf(before)
  const pending = pendingOf(after)
  const timestamp = secondsOf(context.now)
  if (!sameIds(earlier, pending)) {
    const { running, queued } = listed(pending)
    const jobs = mapOf({
      IN_PROGRESS: running.length === 0 ? undefined : running,
      QUEUED: queued.length === 0 ? undefined : queued,
    })
    draft.publish(context.thingName, notifyTopic(context.thingName), mapOf({ timestamp, jobs }))
  }
  const head = pending[0]
  if (!sameJob(earlier[0], head)) {
    const execution = head === undefined ? undefined : noticeView(head)
    draft.publish(context.thingName, notifyNextTopic(context.thingName), mapOf({ timestamp, execution }))
  }
}

function sameIds(one: readonly JobExecution[], other: readonly JobExecution[]): boolean {
  if (one.length !== other.length) return false
  const ids = new Set(one.map((execution) => execution.jobId))
  return other.every((execution) => ids.has(execution.jobId))
}

/** A job that was deleted and created again under its id is another job. */
function sameJob(one: JobExecution | undefined, other: JobExecution | undefined): boolean {
  return one?.jobId === other?.jobId && one?.jobRequestId === other?.jobRequestId
}

/** The executions of a thing with one replaced, added or (null) taken out. */
function withExecution(
  executions: ReadonlyMap<string, JobExecution>,
  jobId: string,
  execution: JobExecution | null,
): ReadonlyMap<string, JobExecution> {
  const changed = new Map(executions)
  if (execution === null) changed.delete(jobId)
  else changed.set(jobId, execution)
  return changed
}

/** Notices about one execution that was replaced, added or taken out. */
export function noticeChange(context: ThingContext, draft: Draft, jobId: string, execution: JobExecution | null): void {
  const { executions } = context.thing
  publishNotices(context, draft, executions.values(), withExecution(executions, jobId, execution).values())
}
