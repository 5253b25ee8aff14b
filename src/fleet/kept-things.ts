import type { CommandExecution } from '../records/generated/command-execution.ts'
import type { JobExecution } from '../records/generated/job-execution.ts'
import type { PresenceRecord } from '../records/generated/presence-record.ts'
import type { ShadowState } from '../records/generated/shadow-state.ts'
import type { ThingState } from '../records/generated/thing-state.ts'

/** A thing as it is kept: plain data, changed in place by whoever sets it afterwards. */
export interface KeptThing {
  shadow: ShadowState | null
  remembered: ThingState | null
  commands: Map<string, CommandExecution>
  executions: Map<string, JobExecution>
  presence: PresenceRecord | null
}

/** Where the things of a partition are kept; a Map is such a place. What is changed must be set again. */
export interface KeptThings {
  get(thingName: string): KeptThing | undefined
  set(thingName: string, thing: KeptThing): unknown
  delete(thingName: string): unknown
}
