import type { Settings } from '../../config/settings.ts'
import { codecOf } from '../../records/codec.ts'
import type { CommandExecution } from '../../records/generated/command-execution.ts'
import type { JobExecution } from '../../records/generated/job-execution.ts'
import type { ShadowState } from '../../records/generated/shadow-state.ts'
import type { ThingRecord } from '../../records/generated/thing-record.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import { harmless, textTable } from '../text-table.ts'
import type { Account } from './account.ts'
import { shadowText } from './show-shadow.ts'
import { noThing, presenceText, watchThings } from './thing-view.ts'

/** `bridge thing show NAME`: all that is known about it. Exit code 1 when it is not registered. */
export async function showThing(settings: Settings, name: string, account: Account): Promise<number> {
  let shadow: ShadowState | null = null
  const commands = new Map<string, CommandExecution>()
  const jobs = new Map<string, JobExecution>()
  const look = new Onlooker(settings)
  const { things, presence } = watchThings(look, name)
  const sight = { keys: [name], from: 'first' } as const
  look.on('shadowState', codecOf('ShadowState'), sight, (state, key) => {
    if (key === name) shadow = state
  })
  look.on('commandState', codecOf('CommandExecution'), sight, (execution, key) => {
    if (key.startsWith(`${name}/`)) keep(commands, key, execution)
  })
  look.on('jobExecutionState', codecOf('JobExecution'), sight, (execution, key) => {
    if (key.startsWith(`${name}/`)) keep(jobs, key, execution)
  })
  await look.begin()
  await look.readToEnd((share) => account.show(`reading ${Math.floor(share * 100)} %`))
  account.clear()
  const thing = things.get(name)
  if (thing === undefined) return noThing(name, account)
  const seen = presence.get(name)
  if (account.json) {
    account.record('thing', 'ThingRecord', thing, null)
    if (seen !== undefined) account.record('presence', 'PresenceRecord', seen, null)
    if (shadow !== null) account.record('shadow', 'ShadowState', shadow, null)
    for (const command of commands.values()) account.record('command', 'CommandExecution', command, null)
    for (const job of jobs.values()) account.record('execution', 'JobExecution', job, null)
    return exitCodes.ok
  }
  account.io.stdout.write(
    `${thingText(thing)}presence   ${presenceText(seen)}\n\n${shadowText(name, shadow)}` +
      `${section('commands', commandTable([...commands.values()]))}${section('jobs', jobTable([...jobs.values()]))}`,
  )
  return exitCodes.ok
}

function keep<T>(into: Map<string, T>, key: string, value: T | null): void {
  if (value === null) into.delete(key)
  else into.set(key, value)
}

function thingText({ thingName, mqttClientId, thingId, thingType, groups, tags, description }: ThingRecord): string {
  const lines: readonly (readonly [string, string | null])[] = [
    ['thing', thingName],
    ['client id', mqttClientId],
    ['id', thingId],
    ['type', thingType],
    ['groups', groups.length === 0 ? null : groups.join(', ')],
    ['tags', tagsText(tags)],
    ['', description],
  ]
  return lines
    .map(([what, text]) => (text === null || text === '' ? '' : `${what.padEnd(9)}  ${harmless(text)}\n`))
    .join('')
}

export function tagsText(tags: ThingRecord['tags']): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function section(name: string, table: string): string {
  return table === '' ? '' : `\n${name}\n${table}`
}

function commandTable(commands: readonly CommandExecution[]): string {
  return textTable(
    ['SENT', 'EXECUTION', 'ACTION', 'STATUS', 'REASON', 'RESULT'],
    [...commands]
      .sort((one, other) => one.sentAt - other.sentAt)
      .map(({ sentAt, executionId, action, status, reason, resultJson }) =>
        [new Date(sentAt).toISOString(), executionId, action, status, reason ?? '', resultJson ?? ''].map(harmless),
      ),
  )
}

function jobTable(jobs: readonly JobExecution[]): string {
  return textTable(
    ['QUEUED', 'JOB', 'STATUS', 'VERSION', 'UPDATED', 'DETAILS'],
    [...jobs]
      .sort((one, other) => one.sequence - other.sequence)
      .map(({ queuedAt, jobId, status, versionNumber, lastUpdatedAt, statusDetailsJson }) =>
        [
          new Date(queuedAt).toISOString(),
          jobId,
          status,
          String(versionNumber),
          new Date(lastUpdatedAt).toISOString(),
          statusDetailsJson === '{}' ? '' : statusDetailsJson,
        ].map(harmless),
      ),
  )
}
