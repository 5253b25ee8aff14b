import type { JobExecution } from '../../records/generated/job-execution.ts'
import { secondsOf } from '../draft.ts'
import { emptyMap, type Json, type JsonMap, mapOf } from '../json/json.ts'
import { readObject } from '../json/read.ts'
import { executionDeadline } from '../timers.ts'

/** How many executions a list or a notice holds at most. */
const LISTED = 10

function summaryMembers(execution: JobExecution): Readonly<Record<string, Json | undefined>> {
  return {
    jobId: execution.jobId,
    queuedAt: secondsOf(execution.queuedAt),
    startedAt: execution.startedAt === null ? undefined : secondsOf(execution.startedAt),
    lastUpdatedAt: secondsOf(execution.lastUpdatedAt),
    versionNumber: execution.versionNumber,
    executionNumber: execution.executionNumber,
  }
}

/** The first pending executions as summaries, by status (fleets 7.3, 7.4). */
export function listed(pending: readonly JobExecution[]): { readonly running: Json[]; readonly queued: Json[] } {
  const running: Json[] = []
  const queued: Json[] = []
  for (const execution of pending.slice(0, LISTED)) {
    const list = execution.status === 'IN_PROGRESS' ? running : queued
    list.push(mapOf(summaryMembers(execution)))
  }
  return { running, queued }
}

/** A job's document as it goes to the device; undefined when it is not known. */
export function documentOf(execution: JobExecution): JsonMap | undefined {
  return execution.documentJson === null ? undefined : readObject(execution.documentJson)
}

/** An execution in `notify-next` (fleets 7.1). */
export function noticeView(execution: JobExecution): JsonMap {
  return mapOf({
    ...summaryMembers(execution),
    status: execution.status,
    jobDocument: documentOf(execution),
  })
}

/** An execution in a reply (fleets 7.1). */
export function replyView(execution: JobExecution, withDocument: boolean, now: number): JsonMap {
  const details = readObject(execution.statusDetailsJson) ?? emptyMap
  const deadline = executionDeadline(execution)
  return mapOf({
    ...summaryMembers(execution),
    status: execution.status,
    jobDocument: withDocument ? documentOf(execution) : undefined,
    thingName: execution.thingName,
    statusDetails: details.size === 0 ? undefined : details,
    approximateSecondsBeforeTimedOut: deadline === null ? undefined : Math.max(0, secondsOf(deadline - now)),
  })
}

/** An execution state (fleets 7.1). */
export function stateView(status: string, statusDetailsJson: string, versionNumber: number): JsonMap {
  return mapOf({ status, statusDetails: readObject(statusDetailsJson) ?? emptyMap, versionNumber })
}
