import type { InboxRecord } from '../../records/generated/inbox-record.ts'
import type { JobProgress } from '../../records/generated/job-progress.ts'
import type { JobState } from '../../records/generated/job-state.ts'
import type { Draft } from '../draft.ts'
import { inboxRecord } from '../inbox.ts'
import { completeIfDone } from './completion.ts'

/** How many things one transaction reaches. */
const BATCH = 500

export type FanOut = 'QUEUE' | 'CANCEL' | 'CANCEL_FORCED' | 'REMOVE'

/** Starts to reach every thing of a job: the first batch. The rest is up to {@link continueFanOut}. */
export function startFanOut(draft: Draft, state: JobState, progress: JobProgress, fanOut: FanOut): void {
  nextBatch(draft, state, { ...progress, fanOut, fannedOut: 0 }, fanOut)
}

/** The next batch of a fan-out under way. False when there is none. */
export function continueFanOut(draft: Draft, state: JobState | null, progress: JobProgress | null): boolean {
  const fanOut = FAN_OUTS.find((each) => each === progress?.fanOut)
  if (state === null || progress === null || fanOut === undefined) return false
  nextBatch(draft, state, progress, fanOut)
  return true
}

const FAN_OUTS: readonly FanOut[] = ['QUEUE', 'CANCEL', 'CANCEL_FORCED', 'REMOVE']

/** Tasks for up to 500 things and the progress they make (fleets 9.3). */
function nextBatch(draft: Draft, state: JobState, progress: JobProgress, fanOut: FanOut): void {
  // A thing named twice gets one execution.
  const targets = [...new Set(state.targets.thingNames)]
  const fannedOut = Math.min(targets.length, progress.fannedOut + BATCH)
  for (const thingName of targets.slice(progress.fannedOut, fannedOut)) {
    draft.write('thingInbox', thingName, taskFor(draft, state, thingName, fanOut))
  }
  const last = fannedOut === targets.length
  if (last && fanOut === 'REMOVE') {
    draft.write('jobState', state.jobId, null)
    draft.write('jobProgress', state.jobId, null)
    return
  }
  const after: JobProgress = {
    ...progress,
    fanOut: last ? null : fanOut,
    fannedOut,
    executionsTotal: last && fanOut === 'QUEUE' ? targets.length : progress.executionsTotal,
    occurredAt: draft.now,
  }
  draft.write('jobProgress', state.jobId, after)
  if (last) completeIfDone(draft, state, after)
}

function taskFor(draft: Draft, state: JobState, thingName: string, fanOut: FanOut): InboxRecord {
  const base = {
    thingName,
    kind: 'JOB_TASK',
    receivedAt: draft.now,
    jobId: state.jobId,
    jobRequestId: state.requestId,
  } as const
  switch (fanOut) {
    case 'QUEUE':
      return inboxRecord({
        ...base,
        task: 'QUEUE_EXECUTION',
        documentJson: state.documentJson,
        inProgressTimeoutInMinutes: state.timeoutConfig?.inProgressTimeoutInMinutes ?? null,
      })
    case 'CANCEL':
    case 'CANCEL_FORCED':
      return inboxRecord({ ...base, task: 'CANCEL_EXECUTION', force: fanOut === 'CANCEL_FORCED' })
    case 'REMOVE':
      return inboxRecord({ ...base, task: 'REMOVE_EXECUTION' })
  }
}
