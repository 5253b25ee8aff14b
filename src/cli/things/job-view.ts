import type { JobProgress } from '../../records/generated/job-progress.ts'
import type { JobState } from '../../records/generated/job-state.ts'
import { progressBar } from '../live-line.ts'
import { harmless } from '../text-table.ts'
import type { Account } from './account.ts'

const pendingStates = ['QUEUED', 'IN_PROGRESS'] as const
/** In the order of a life. The first three are always shown. */
const states = [...pendingStates, 'SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT', 'CANCELED', 'REMOVED'] as const

const fanOuts: Readonly<Record<string, string>> = {
  QUEUE: 'queueing',
  CANCEL: 'canceling',
  CANCEL_FORCED: 'canceling',
  REMOVE: 'deleting',
}

/** A job as its two compacted topics tell it. */
export class JobView {
  state: JobState | null = null
  #progress: JobProgress | null = null
  #wasThere = false

  take(state: JobState | null): void {
    this.#wasThere ||= state !== null || this.state !== null
    this.state = state
  }

  takeProgress(progress: JobProgress | null): void {
    this.#progress = progress
  }

  /** Null, too, while only counts of an earlier job of this id are known. */
  get progress(): JobProgress | null {
    const [progress, state] = [this.#progress, this.state]
    return progress !== null && state !== null && progress.occurredAt >= state.createdAt ? progress : null
  }

  /** It was there and is not any more. */
  get isDeleted(): boolean {
    return this.#wasThere && this.state === null
  }

  /** Nothing more will happen, but that somebody deletes it. */
  get isOver(): boolean {
    if (this.state === null) return this.#wasThere
    const progress = this.progress
    if (this.state.status === 'IN_PROGRESS' || progress === null || progress.fanOut !== null) return false
    return pendingStates.every((state) => this.#count(state) === 0)
  }

  /** Executions that have ended in any other way than well. */
  get failed(): number {
    return states.reduce((sum, state, at) => sum + (at > 2 ? this.#count(state) : 0), 0)
  }

  /** How many executions there are or will be: a thing that is named twice gets one. */
  get all(): number {
    return this.progress?.executionsTotal ?? new Set(this.state?.targets.thingNames).size
  }

  /** Such as `3 SUCCEEDED, 1 FAILED`. */
  summary(): string {
    const counts = states.flatMap((state) => (this.#count(state) > 0 ? [`${this.#count(state)} ${state}`] : []))
    return counts.length === 0 ? 'nothing is queued yet' : counts.join(', ')
  }

  /** A line for the job and a bar for each state. */
  bars(): string {
    if (this.state === null) return 'waiting for the job'
    const { jobId, status } = this.state
    const { fanOut = null, fannedOut = 0 } = this.progress ?? {}
    const doing = fanOut === null ? '' : `  ${fanOuts[fanOut] ?? fanOut} ${fannedOut}/${this.all}`
    const shown = states.filter((state, at) => at < 3 || this.#count(state) > 0)
    const bars = shown.map((state) => `${state.padEnd(11)}  ${progressBar(this.#count(state), this.all)}`)
    return [`job ${harmless(jobId)}  ${status}${doing}`, ...bars].join('\n')
  }

  #count(state: string): number {
    return this.progress?.counts[state] ?? 0
  }
}

/** A job and its counts as records. */
export function tellJob({ state, progress }: JobView, account: Account): void {
  if (state !== null) account.record('job', 'JobState', state, null)
  if (progress !== null) account.record('progress', 'JobProgress', progress, null)
}
