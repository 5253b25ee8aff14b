import type { Settings } from '../../config/settings.ts'
import { codecOf } from '../../records/codec.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import { harmless, textTable } from '../text-table.ts'
import type { Account } from './account.ts'
import { JobView, tellJob } from './job-view.ts'

/** `bridge job list`. */
export async function listJobs(settings: Settings, status: string | null, account: Account): Promise<number> {
  const views = new Map<string, JobView>()
  const viewOf = (key: string): JobView => {
    const view = views.get(key) ?? new JobView()
    views.set(key, view)
    return view
  }
  const look = new Onlooker(settings)
  look.on('jobState', codecOf('JobState'), { keys: null, from: 'first' }, (state, key) => viewOf(key).take(state))
  look.on('jobProgress', codecOf('JobProgress'), { keys: null, from: 'first' }, (progress, key) => {
    viewOf(key).takeProgress(progress)
  })
  await look.begin()
  await look.readToEnd((share) => account.show(`reading ${Math.floor(share * 100)} %`))
  account.clear()
  const jobs = [...views.values()].filter(({ state }) => state !== null && (status === null || state.status === status))
  jobs.sort((one, other) => (one.state?.createdAt ?? 0) - (other.state?.createdAt ?? 0))
  const rows: string[][] = []
  for (const view of jobs) {
    if (view.state === null) continue
    const { jobId, name, status: now, createdAt } = view.state
    if (account.json) tellJob(view, account)
    else {
      rows.push([harmless(jobId), now, new Date(createdAt).toISOString(), view.summary(), harmless(name ?? '')])
    }
  }
  account.io.stdout.write(textTable(['JOB', 'STATUS', 'CREATED', 'EXECUTIONS', 'NAME'], rows))
  if (jobs.length === 0) account.note('no job found')
  return jobs.length === 0 ? exitCodes.failed : exitCodes.ok
}
