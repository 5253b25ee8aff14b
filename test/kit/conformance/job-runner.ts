import type { Members, Publish } from './fleets-device.ts'

interface JobExecution {
  readonly jobId: string
  readonly versionNumber: number
  readonly jobDocument: Members
}

/** The job that is being done, and the version that its next update expects. */
interface Running {
  readonly jobId: string
  readonly steps: AsyncGenerator<Members, void>
  version: number
  /** The update that waits for its reply. */
  status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED'
  token: string
}

/**
 * The jobs of a device, by the integration page: a notification leads to a request for the pending list, that one to
 * `start-next`, and each step to an update that waits for its reply. One job at a time.
 */
export class JobRunner {
  readonly #thingName: string
  readonly #publish: Publish
  readonly #work: (document: Members) => AsyncGenerator<Members, void>
  #running: Running | null = null
  #tokens = 0

  constructor(thingName: string, publish: Publish, work: (document: Members) => AsyncGenerator<Members, void>) {
    this.#thingName = thingName
    this.#publish = publish
    this.#work = work
  }

  /** Requests the pending jobs list. */
  async ask(): Promise<void> {
    await this.#say('get', {})
  }

  /** Takes what comes on a topic under `jobs/`; `leaf` is the rest of it. */
  async take(leaf: string, json: Members): Promise<void> {
    if (leaf === 'notify') return this.ask()
    if (leaf === 'get/accepted') return this.#startNext(json)
    if (leaf === 'start-next/accepted') return this.#begin(json['execution'] as JobExecution | undefined)
    const [, jobId, verdict] = /^([^/]+)\/update\/(accepted|rejected)$/.exec(leaf) ?? []
    if (jobId === undefined || jobId !== this.#running?.jobId || json['clientToken'] !== this.#running.token) return
    // Somebody cancelled or deleted it, or its time is over: there may be another one.
    if (verdict === 'rejected') await this.#running.steps.return()
    else if (this.#running.status === 'IN_PROGRESS') return this.#next(this.#running)
    this.#running = null
    return this.ask()
  }

  async #startNext(list: Members): Promise<void> {
    const pending = [...(list['inProgressJobs'] as unknown[]), ...(list['queuedJobs'] as unknown[])]
    if (this.#running !== null || pending.length === 0) return
    await this.#say('start-next', { statusDetails: { progress: 'starting' }, stepTimeoutInMinutes: 60 })
  }

  async #begin(execution: JobExecution | undefined): Promise<void> {
    if (execution === undefined || this.#running !== null) return
    const { jobId, jobDocument, versionNumber } = execution
    const running: Running = {
      jobId,
      steps: this.#work(jobDocument),
      version: versionNumber,
      status: 'IN_PROGRESS',
      token: '',
    }
    this.#running = running
    await this.#next(running)
  }

  async #next(running: Running): Promise<void> {
    try {
      const step = await running.steps.next()
      if (step.done === true) await this.#update(running, 'SUCCEEDED', { progress: 'done' })
      else await this.#update(running, 'IN_PROGRESS', step.value)
    } catch (error) {
      await this.#update(running, 'FAILED', { error: error instanceof Error ? error.message : String(error) })
    }
  }

  async #update(running: Running, status: Running['status'], statusDetails: Members): Promise<void> {
    const expectedVersion = running.version
    running.status = status
    running.version += 1
    running.token = `req-${this.#tokens + 1}`
    await this.#say(`${running.jobId}/update`, { status, statusDetails, expectedVersion })
  }

  async #say(leaf: string, more: Members): Promise<void> {
    this.#tokens += 1
    const json = { thingName: this.#thingName, ...more, clientToken: `req-${this.#tokens}` }
    await this.#publish(`$emqx/things/${this.#thingName}/jobs/${leaf}`, json)
  }
}
