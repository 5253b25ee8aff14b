import { codecOf } from '../../records/codec.ts'
import type { FleetResult } from '../../records/generated/fleet-result.ts'
import type { JobExecution } from '../../records/generated/job-execution.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Onlooker } from '../onlooker.ts'
import { harmless } from '../text-table.ts'
import type { Account } from './account.ts'
import type { Sequel } from './ask.ts'
import { JobView } from './job-view.ts'

/** Why it is followed. */
export type JobGoal = 'created' | 'canceled' | 'deleted' | 'shown'

const quietStates: ReadonlySet<string> = new Set(['QUEUED', 'IN_PROGRESS', 'SUCCEEDED'])

/** A job on its way until nothing more will happen (fleets 9.4). */
export class JobSequel implements Sequel {
  readonly view = new JobView()
  readonly #jobId: string
  readonly #goal: JobGoal
  readonly #account: Account
  #isSeen = false
  /** What stood there before is told once, as it is, and not how it came to be. */
  #caughtUp = false

  constructor(jobId: string, goal: JobGoal, account: Account) {
    this.#jobId = jobId
    this.#goal = goal
    this.#account = account
  }

  watch(look: Onlooker): void {
    const sight = { keys: [this.#jobId], from: 'first' } as const
    look.on('jobState', codecOf('JobState'), sight, (state, key) => {
      if (key !== this.#jobId) return
      this.view.take(state)
      if (this.#caughtUp) this.#tellState()
    })
    look.on('jobProgress', codecOf('JobProgress'), sight, (progress, key) => {
      if (key !== this.#jobId) return
      this.view.takeProgress(progress)
      if (this.#caughtUp) this.#tellProgress()
    })
    look.on('jobExecutions', codecOf('JobExecution'), { keys: null, from: 'end' }, (execution) => {
      if (execution?.jobId !== this.#jobId) return
      const text = quietStates.has(execution.status) ? null : executionText(execution)
      this.#account.record('execution', 'JobExecution', execution, text)
    })
  }

  isOver(answer: FleetResult, caughtUp: boolean): boolean {
    const looksOver = this.looksOver(caughtUp)
    // The answer may be seen before the job of which it speaks.
    if (this.#goal === 'created') {
      this.#isSeen ||= this.view.state?.requestId === answer.requestId
      return looksOver && this.#isSeen
    }
    if (this.#goal === 'deleted') return this.view.isDeleted
    return looksOver && this.view.state?.status !== 'COMPLETED'
  }

  /** Whether nothing more will happen; with no answer to wait for. */
  looksOver(caughtUp: boolean): boolean {
    if (!caughtUp) return false
    if (!this.#caughtUp) {
      this.#caughtUp = true
      this.#tellState()
      this.#tellProgress()
    }
    return this.view.isOver
  }

  screen(): string {
    return this.view.bars()
  }

  end(): number {
    const { isDeleted, failed, state } = this.view
    const how = isDeleted ? 'deleted' : `${state?.status}: ${this.view.summary()}`
    if (!this.#account.json) this.#account.io.stdout.write(`job ${harmless(this.#jobId)}  ${how}\n`)
    const isStopped = this.#goal === 'canceled' || this.#goal === 'deleted'
    return isStopped || (!isDeleted && failed === 0) ? exitCodes.ok : exitCodes.failed
  }

  unfinished(): string {
    const job = harmless(this.#jobId)
    return `job ${job} goes on: ${this.view.summary()}; see: bridge job show ${job} --wait`
  }

  #tellState(): void {
    if (this.view.state !== null) this.#account.record('job', 'JobState', this.view.state, null)
  }

  #tellProgress(): void {
    if (this.view.progress !== null) this.#account.record('progress', 'JobProgress', this.view.progress, null)
  }
}

/** An execution as one line. */
function executionText({ occurredAt, thingName, status, reason, statusDetailsJson }: JobExecution): string {
  const details = statusDetailsJson === '{}' ? '' : statusDetailsJson
  return [new Date(occurredAt).toISOString(), thingName, status, reason ?? '', details]
    .filter((part) => part !== '')
    .map(harmless)
    .join('  ')
}
