import type { Settings } from '../../config/settings.ts'
import { codecOf } from '../../records/codec.ts'
import type { JobExecution } from '../../records/generated/job-execution.ts'
import type { JobState } from '../../records/generated/job-state.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import { harmless, textTable } from '../text-table.ts'
import type { Account } from './account.ts'
import { JobSequel } from './job-sequel.ts'
import { JobView, tellJob } from './job-view.ts'

/** `bridge job show ID`: as it stands, with `executions` thing by thing. Exit code 1 when there is no such job. */
export async function showJob(
  settings: Settings,
  jobId: string,
  executions: boolean,
  account: Account,
): Promise<number> {
  const view = new JobView()
  const found = new Map<string, JobExecution>()
  const look = new Onlooker(settings)
  watchJob(look, jobId, view)
  if (executions) {
    look.on('jobExecutionState', codecOf('JobExecution'), { keys: null, from: 'first' }, (execution, key) => {
      if (!key.endsWith(`/${jobId}`)) return
      if (execution === null) found.delete(key)
      else found.set(key, execution)
    })
  }
  await look.begin()
  await look.readToEnd((share) => account.show(`reading ${Math.floor(share * 100)} %`))
  account.clear()
  if (view.state === null) return noJob(jobId, account)
  if (account.json) {
    tellJob(view, account)
    for (const execution of found.values()) account.record('execution', 'JobExecution', execution, null)
    return exitCodes.ok
  }
  account.io.stdout.write(`${jobText(view.state)}${view.bars()}\n${executionTable([...found.values()])}`)
  return exitCodes.ok
}

/** `bridge job show ID --wait`: until nothing more will happen. */
export async function followJob(
  settings: Settings,
  jobId: string,
  timeoutMs: number | null,
  account: Account,
): Promise<number> {
  const sequel = new JobSequel(jobId, 'shown', account)
  const look = new Onlooker(settings)
  sequel.watch(look)
  await look.begin()
  const time = new AbortController()
  const timer = timeoutMs === null ? undefined : setTimeout(() => time.abort(), timeoutMs)
  const redraw = setInterval(() => account.show(sequel.screen()), 100)
  let isOver = false
  try {
    const enough = (caughtUp: boolean): boolean =>
      sequel.looksOver(caughtUp) || (caughtUp && sequel.view.state === null)
    isOver = await look.follow(enough, time.signal)
  } finally {
    clearTimeout(timer)
    clearInterval(redraw)
    account.clear()
  }
  if (sequel.view.state === null && !sequel.view.isDeleted) return noJob(jobId, account)
  if (isOver) return sequel.end()
  account.note(sequel.unfinished())
  return exitCodes.undecided
}

function watchJob(look: Onlooker, jobId: string, view: JobView): void {
  const sight = { keys: [jobId], from: 'first' } as const
  look.on('jobState', codecOf('JobState'), sight, (state, key) => {
    if (key === jobId) view.take(state)
  })
  look.on('jobProgress', codecOf('JobProgress'), sight, (progress, key) => {
    if (key === jobId) view.takeProgress(progress)
  })
}

function noJob(jobId: string, account: Account): number {
  account.note(`there is no job ${harmless(jobId)}; see: bridge job list`)
  return exitCodes.failed
}

function jobText({ name, description, documentJson, createdAt, requestedBy, timeoutConfig }: JobState): string {
  const minutes = timeoutConfig?.inProgressTimeoutInMinutes ?? null
  const lines: readonly (readonly [string, string | null])[] = [
    ['name', name],
    ['description', description],
    ['created', new Date(createdAt).toISOString()],
    ['by', requestedBy],
    ['document', documentJson],
    ['minutes for each', minutes === null ? null : String(minutes)],
  ]
  return lines.map(([what, text]) => (text === null ? '' : `${what.padEnd(16)}  ${harmless(text)}\n`)).join('')
}

function executionTable(executions: readonly JobExecution[]): string {
  return textTable(
    ['THING', 'STATUS', 'VERSION', 'UPDATED', 'REASON', 'DETAILS'],
    [...executions]
      .sort((one, other) => (one.thingName < other.thingName ? -1 : 1))
      .map(({ thingName, status, versionNumber, lastUpdatedAt, reason, statusDetailsJson }) => [
        harmless(thingName),
        status,
        String(versionNumber),
        new Date(lastUpdatedAt).toISOString(),
        reason ?? '',
        statusDetailsJson === '{}' ? '' : harmless(statusDetailsJson),
      ]),
  )
}
