import type { JobProgress } from '../records/generated/job-progress.ts'
import type { JobState } from '../records/generated/job-state.ts'

/** All that is known about one job: the latest records of its state topics. */
export interface Job {
  readonly state: JobState | null
  readonly progress: JobProgress | null
}

export const unknownJob: Job = { state: null, progress: null }

/** What a decision about one job may look at besides its input. */
export interface JobContext {
  readonly jobId: string
  readonly job: Job
  /** Whether a thing of this name is served. */
  readonly isRegistered: (thingName: string) => boolean
  readonly settings: { readonly jobs: { readonly maxDocumentBytes: number } }
  /** Processing time, epoch milliseconds; never goes back. */
  readonly now: number
}
