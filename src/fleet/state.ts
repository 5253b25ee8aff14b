import type { BridgeRecord } from '../records/bridge-record.ts'
import type { ChannelName } from '../records/catalogue.ts'
import type { CommandExecution } from '../records/generated/command-execution.ts'
import type { FleetResult } from '../records/generated/fleet-result.ts'
import type { JobExecution } from '../records/generated/job-execution.ts'
import type { JobProgress } from '../records/generated/job-progress.ts'
import type { JobState } from '../records/generated/job-state.ts'
import type { PresenceRecord } from '../records/generated/presence-record.ts'
import type { ShadowState } from '../records/generated/shadow-state.ts'
import type { ThingState } from '../records/generated/thing-state.ts'
import { type Job, unknownJob } from './job.ts'
import type { KeptThing, KeptThings } from './kept-things.ts'
import { ResultsMemory } from './results-memory.ts'
import { StateCounts } from './state-counts.ts'
import { type Thing, unknownThing } from './thing.ts'
import { TimerQueue } from './timer-queue.ts'
import { commandDeadline, executionDeadline } from './timers.ts'

type StateRecord = Pick<BridgeRecord, 'channel' | 'key' | 'value'>

/** The topics of fleets 10 that the bridge writes itself. */
export const stateChannels = [
  'shadowState',
  'thingState',
  'commandState',
  'jobExecutionState',
  'jobState',
  'jobProgress',
  'results',
  'fleetPresence',
] as const satisfies readonly ChannelName[]

export type StateChannel = (typeof stateChannels)[number]

export function isStateChannel(channel: ChannelName): channel is StateChannel {
  const known: readonly ChannelName[] = stateChannels
  return known.includes(channel)
}

/**
 * The state of the things and jobs of a partition: the latest record of each key. A decision changes it by its own
 * records, and a restart restores it by reading them: one way for both.
 */
export class FleetState {
  readonly results = new ResultsMemory()
  readonly timers = new TimerQueue()
  readonly counts = new StateCounts()
  readonly #rememberHours: number
  readonly #things: KeptThings
  readonly #jobs = new Map<string, Job>()
  /** What most of a million things have: never written to. */
  readonly #none = { commands: new Map<string, CommandExecution>(), executions: new Map<string, JobExecution>() }

  /** `things`: where they are kept; in memory when it is left out. It must be empty, and nobody else's. */
  constructor(
    settings: { readonly commands: { readonly rememberHours: number } },
    things: KeptThings = new Map<string, KeptThing>(),
  ) {
    this.#rememberHours = settings.commands.rememberHours
    this.#things = things
  }

  /** What is known about a thing. Changed by {@link apply}: do not hold it from one input to the next. */
  thing(thingName: string): Thing {
    return this.#things.get(thingName) ?? unknownThing
  }

  job(jobId: string): Job {
    return this.#jobs.get(jobId) ?? unknownJob
  }

  /** Jobs with a fan-out under way, in the order they were first met. */
  fanningOut(): readonly string[] {
    return [...this.#jobs]
      .filter(([, job]) => job.state !== null && (job.progress?.fanOut ?? null) !== null)
      .map(([id]) => id)
  }

  /** Takes the latest record of a key; a record of another channel is none of the state. */
  apply({ channel, key, value }: StateRecord): void {
    if (!isStateChannel(channel)) return
    switch (channel) {
      case 'shadowState':
        return this.#change(key, (thing) => {
          thing.shadow = value as ShadowState | null
        })
      case 'thingState':
        return this.#change(key, (thing) => {
          thing.remembered = value as ThingState | null
        })
      case 'fleetPresence':
        return this.#change(key, (thing) => {
          thing.presence = value as PresenceRecord | null
        })
      case 'commandState':
        return this.#applyCommand(key ?? '', value as CommandExecution | null)
      case 'jobExecutionState':
        return this.#applyExecution(key ?? '', value as JobExecution | null)
      case 'jobState':
        return this.#changeJob(key ?? '', { state: value as JobState | null })
      case 'jobProgress':
        return this.#changeJob(key ?? '', { progress: value as JobProgress | null })
      case 'results':
        if (value !== null) this.results.remember(key, value as FleetResult)
        return
    }
  }

  #applyCommand(key: string, execution: CommandExecution | null): void {
    const [thingName, id] = splitKey(key)
    this.#change(thingName, (thing) => {
      this.counts.move('command', thing.commands.get(id)?.status ?? null, execution?.status ?? null)
      thing.commands = changed(thing.commands, id, execution)
    })
    const deadline = execution === null ? null : commandDeadline(execution, this.#rememberHours)
    this.timers.set(thingName, 'command', id, deadline)
  }

  #applyExecution(key: string, execution: JobExecution | null): void {
    const [thingName, id] = splitKey(key)
    this.#change(thingName, (thing) => {
      this.counts.move('execution', thing.executions.get(id)?.status ?? null, execution?.status ?? null)
      thing.executions = changed(thing.executions, id, execution)
    })
    this.timers.set(thingName, 'job', id, execution === null ? null : executionDeadline(execution))
  }

  #change(key: string | null, change: (thing: KeptThing) => void): void {
    const name = key ?? ''
    const thing = this.#things.get(name) ?? { shadow: null, remembered: null, presence: null, ...this.#none }
    change(thing)
    const { commands, executions, presence, remembered, shadow } = thing
    const empty =
      shadow === null && remembered === null && presence === null && commands.size === 0 && executions.size === 0
    if (empty) this.#things.delete(name)
    else this.#things.set(name, thing)
  }

  #changeJob(jobId: string, change: Partial<Job>): void {
    const before = this.job(jobId)
    const job = { ...before, ...change }
    this.counts.move('job', before.state?.status ?? null, job.state?.status ?? null)
    if (job.state === null && job.progress === null) this.#jobs.delete(jobId)
    else this.#jobs.set(jobId, job)
  }
}

/** The members after a change; those that are empty are shared. */
function changed<V>(members: Map<string, V>, id: string, value: V | null): Map<string, V> {
  if (value !== null) return (members.size === 0 ? new Map<string, V>() : members).set(id, value)
  members.delete(id)
  return members
}

/** A thing name has no slash, so the first one parts it from the id. */
function splitKey(key: string): readonly [string, string] {
  const cut = key.indexOf('/')
  return [key.slice(0, cut), key.slice(cut + 1)]
}
