import type { CommandExecution } from '../records/generated/command-execution.ts'
import type { JobExecution } from '../records/generated/job-execution.ts'
import type { PresenceRecord } from '../records/generated/presence-record.ts'
import type { ShadowState } from '../records/generated/shadow-state.ts'
import type { ThingState } from '../records/generated/thing-state.ts'
import type { FleetSettings } from './settings.ts'

/** All that is known about one thing: the latest records of its state topics, as they stand there (fleets 10). */
export interface Thing {
  readonly shadow: ShadowState | null
  readonly remembered: ThingState | null
  /** By executionId, in the order they were first written or read. */
  readonly commands: ReadonlyMap<string, CommandExecution>
  /** By jobId. */
  readonly executions: ReadonlyMap<string, JobExecution>
  readonly presence: PresenceRecord | null
}

export const unknownThing: Thing = {
  shadow: null,
  remembered: null,
  commands: new Map(),
  executions: new Map(),
  presence: null,
}

/** What a decision about one thing may look at besides its input. */
export interface ThingContext {
  readonly settings: FleetSettings
  readonly thingName: string
  /** Whether the thing is served: its name is valid and, in strict mode, it is registered (fleets 2.5). */
  readonly registered: boolean
  readonly thing: Thing
  /** Processing time, epoch milliseconds; never goes back. */
  readonly now: number
}
