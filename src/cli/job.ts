import { isJobId, isThingName } from '../fleet/names.ts'
import { actionOf, configOf, configOptions, configOptionsText, oneWord, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { readDuration, readTimeout } from './duration.ts'
import { readTextFile } from './text-argument.ts'
import { harmless } from './text-table.ts'
import { Account } from './things/account.ts'
import { ask } from './things/ask.ts'
import { settingsWithFleet } from './things/fleet-on.ts'
import { fleetRequest } from './things/fleet-request.ts'
import { type JobGoal, JobSequel } from './things/job-sequel.ts'
import { readJsonArgument } from './things/json-argument.ts'
import { listJobs } from './things/list-jobs.ts'
import { followJob, showJob } from './things/show-job.ts'
import { UsageError } from './usage-error.ts'

const commonOptions = { ...configOptions, json: { type: 'boolean' } } as const
const waitOptions = { ...commonOptions, wait: { type: 'boolean' }, timeout: { type: 'string' } } as const
const askOptions = { ...waitOptions, 'request-id': { type: 'string' } } as const
const options = {
  create: {
    ...askOptions,
    document: { type: 'string' },
    thing: { type: 'string', multiple: true },
    things: { type: 'string' },
    name: { type: 'string' },
    description: { type: 'string' },
    'execution-timeout': { type: 'string' },
  },
  show: { ...waitOptions, executions: { type: 'boolean' } },
  list: { ...commonOptions, status: { type: 'string' } },
  cancel: {
    ...askOptions,
    force: { type: 'boolean' },
    thing: { type: 'string' },
    'expected-version': { type: 'string' },
  },
  delete: { ...askOptions, force: { type: 'boolean' } },
} as const
const allOptions = { ...options.cancel, ...options.show, ...options.list, ...options.create }

/** `bridge job create|show|list|cancel|delete`: jobs of things (fleets 7 and 9.3). */
export const jobCommand: Command = {
  name: 'job',
  summary: 'rolls something out to things and shows how far it is',
  help: `Usage: bridge job create ID --document JSON --thing NAME [options]
       bridge job show ID [--executions] [--wait] [options]
       bridge job list [--status S] [options]
       bridge job cancel ID [--force] [--thing NAME] [options]
       bridge job delete ID [--force] [options]

  create  queues a job for things; each starts it when it can and reports on it
  show    a job and its executions by state
  list    all jobs
  cancel  stops a job: what waits is canceled, what runs may finish; or the execution of one thing
  delete  forgets a job; its id is free again

Options of create:
  --document JSON  what the things are told, one JSON object; @FILE reads it from a file
  --thing NAME     for this thing; may be repeated
  --things FILE    for the things of a file, one name a line
  --name TEXT, --description TEXT  for people
  --execution-timeout TIME  a thing that runs longer is TIMED_OUT: whole minutes, such as 30m, 2h, 1d

Options of cancel and delete:
  --force          cancel: running executions too; delete: a job that is in progress
  --thing NAME     cancel: only the execution of this thing
  --expected-version N  cancel --thing: only when its execution has this version

Options of show and list:
  --executions     show: thing by thing
  --status S       list: IN_PROGRESS, COMPLETED or CANCELED

Options of most:
  --wait           follow the job until nothing more will happen: a bar for each state on a terminal; what does not
                   succeed, thing by thing
  --timeout TIME   give up waiting after this (the answer 15s); the job goes on
  --request-id ID  create, cancel, delete: the same request again is answered again and not done again
  --json           NDJSON: a record a line, the member record says which: result, job, progress or execution
${configOptionsText}
Exit codes: 0 done; create and show with --wait: all executions succeeded; 1 refused, not found, or (--wait) some did not
succeed; 2 the command line is wrong and nothing was asked; 69 Kafka or the registry does not answer; 75 no answer of the
bridge, or no end, in time; 78 configuration.

Examples:
  bridge job create fw-2 --document '{"firmware":"2.0"}' --thing t1 --thing t2 --wait
  bridge job create fw-2 --document @fw-2.json --things names.txt --execution-timeout 30m
  bridge job show fw-2 --executions
  bridge job cancel fw-2 --force --wait
`,
  run: async (args, io) => {
    switch (actionOf(args, allOptions, ['create', 'show', 'list', 'cancel', 'delete'])) {
      case 'create':
        return create(args, io)
      case 'cancel':
        return cancel(args, io)
      case 'delete':
        return deleteJob(args, io)
      case 'show': {
        const { values, positionals } = readArguments(args, options.show)
        const jobId = readJobId(positionals)
        const account = new Account(values.json === true, io)
        const timeoutMs = timeoutOf(values)
        if (values.wait === true && values.executions === true) {
          throw new UsageError('--executions shows how it is now, without --wait')
        }
        const settings = settingsWithFleet(configOf(values, io))
        return values.wait === true
          ? followJob(settings, jobId, timeoutMs, account)
          : showJob(settings, jobId, values.executions === true, account)
      }
      case 'list': {
        const { values, positionals } = readArguments(args, options.list)
        if (positionals.length > 1) throw new UsageError('list takes no name; see: bridge job show')
        const settings = settingsWithFleet(configOf(values, io))
        return listJobs(settings, values.status ?? null, new Account(values.json === true, io))
      }
    }
  },
}

async function create(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, options.create)
  const jobId = readJobId(positionals)
  if (values.document === undefined) throw new UsageError('needs --document JSON')
  const { text } = readJsonArgument(values.document, '--document', io)
  const thingNames = [...(values.thing ?? []), ...readNames(values.things, io)]
  if (thingNames.length === 0) throw new UsageError('needs --thing NAME or --things FILE')
  const minutes = readMinutes(values['execution-timeout'])
  return request('CREATE_JOB', jobId, 'created', values, io, {
    documentJson: text,
    targets: { thingNames, thingGroupNames: [] },
    timeoutConfig: minutes === null ? null : { inProgressTimeoutInMinutes: minutes },
    name: values.name ?? null,
    description: values.description ?? null,
  })
}

async function cancel(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, options.cancel)
  const jobId = readJobId(positionals)
  const force = values.force === true
  const { thing: thingName } = values
  const version = values['expected-version']
  if (thingName === undefined) {
    if (version !== undefined) throw new UsageError('--expected-version goes with --thing')
    return request('CANCEL_JOB', jobId, 'canceled', values, io, { force })
  }
  if (values.wait === true) throw new UsageError('--wait does not go with --thing: its answer is the end')
  if (version !== undefined && !/^\d{1,9}$/.test(version)) {
    throw new UsageError('--expected-version takes a whole number')
  }
  const expectedVersion = version === undefined ? null : Number(version)
  return request('CANCEL_JOB_EXECUTION', jobId, 'canceled', values, io, { force, thingName, expectedVersion })
}

async function deleteJob(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, options.delete)
  return request('DELETE_JOB', readJobId(positionals), 'deleted', values, io, { force: values.force === true })
}

interface AskValues {
  readonly config?: string[]
  readonly set?: string[]
  readonly json?: boolean
  readonly wait?: boolean
  readonly timeout?: string
  readonly 'request-id'?: string
}

async function request(
  op: string,
  jobId: string,
  goal: JobGoal,
  values: AskValues,
  io: CommandIo,
  fields: Parameters<typeof fleetRequest>[2],
): Promise<number> {
  const account = new Account(values.json === true, io)
  const timeoutMs = timeoutOf(values)
  const asked = {
    channel: 'jobRequests',
    key: jobId,
    request: fleetRequest(op, values['request-id'], { ...fields, jobId }, io),
  } as const
  const sequel = values.wait === true ? new JobSequel(jobId, goal, account) : null
  return ask(settingsWithFleet(configOf(values, io)), asked, sequel, timeoutMs, account)
}

function readJobId(positionals: readonly string[]): string {
  const jobId = oneWord(positionals.slice(1), 'the id of a job')
  if (isJobId(jobId)) return jobId
  throw new UsageError(`${JSON.stringify(jobId)} is no job id: 1 to 64 of letters, digits, _ and -`)
}

/** Null: no limit. */
function timeoutOf({ timeout }: Pick<AskValues, 'timeout'>): number | null {
  return timeout === undefined ? null : readTimeout(timeout, '--timeout')
}

function readNames(path: string | undefined, io: CommandIo): readonly string[] {
  if (path === undefined) return []
  const names = readTextFile(path, '--things', io).split(/\r?\n/)
  const wrong = names.findIndex((name) => name !== '' && !isThingName(name))
  if (wrong >= 0)
    throw new UsageError(`--things: ${path}, line ${wrong + 1}: ${harmless(names[wrong] ?? '')} is no name`)
  return names.filter((name) => name !== '')
}

function readMinutes(text: string | undefined): number | null {
  if (text === undefined) return null
  const minutes = readDuration(text, '--execution-timeout') / 60_000
  if (Number.isInteger(minutes)) return minutes
  throw new UsageError('--execution-timeout takes whole minutes, such as 30m, 2h or 1d')
}
