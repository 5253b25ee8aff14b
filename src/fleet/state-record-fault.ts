import type { CommandExecution } from '../records/generated/command-execution.ts'
import type { JobExecution } from '../records/generated/job-execution.ts'
import type { JobProgress } from '../records/generated/job-progress.ts'
import type { JobState } from '../records/generated/job-state.ts'
import type { PresenceRecord } from '../records/generated/presence-record.ts'
import type { ShadowState } from '../records/generated/shadow-state.ts'
import type { ThingState } from '../records/generated/thing-state.ts'
import { commandKey } from './commands/execution.ts'
import { executionKey } from './jobs/execution.ts'
import { readObject } from './json/read.ts'
import type { StateChannel } from './state.ts'

/** Under which key a record of the state must stand. */
const keyOf: Readonly<Record<Exclude<StateChannel, 'results'>, (value: object) => string>> = {
  shadowState: (value) => (value as ShadowState).thingName,
  thingState: (value) => (value as ThingState).thingName,
  fleetPresence: (value) => (value as PresenceRecord).thingName,
  commandState: (value) => commandKey(value as CommandExecution),
  jobExecutionState: (value) => executionKey(value as JobExecution),
  jobState: (value) => (value as JobState).jobId,
  jobProgress: (value) => (value as JobProgress).jobId,
}

/** Members that must hold a JSON object, unless they are null. */
const objectMembers: Readonly<Partial<Record<StateChannel, readonly string[]>>> = {
  shadowState: ['reportedJson', 'desiredJson', 'deltaJson', 'metadataJson', 'lastPublishedDeltaJson'],
  commandState: ['resultJson'],
  jobExecutionState: ['statusDetailsJson', 'documentJson'],
  jobState: ['documentJson'],
}

/**
 * Why a record of the bridge's own state cannot be taken, or null. Such a record is not skipped, which would lose
 * state: its partition is not taken up (fleets 10).
 */
export function stateRecordFault(channel: StateChannel, key: string | null, value: object | null): string | null {
  if (channel === 'results') return null
  const keyed = channel === 'commandState' || channel === 'jobExecutionState'
  if (key === null || (keyed && !key.includes('/'))) return 'the key is not one of this topic'
  if (value === null) return null
  if (keyOf[channel](value) !== key) return 'the value is not that of the key'
  const members = value as Readonly<Record<string, unknown>>
  const bad = objectMembers[channel]?.find((name) => {
    const text = members[name]
    return typeof text === 'string' && readObject(text) === undefined
  })
  return bad === undefined ? null : `${bad} is no JSON object`
}
