import type { ChannelName } from '../records/catalogue.ts'
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

function noObject(value: object, ...names: string[]): string | null {
  const members = value as Readonly<Record<string, unknown>>
  const bad = names.find((name) => {
    const text = members[name]
    return typeof text === 'string' && readObject(text) === undefined
  })
  return bad === undefined ? null : `${bad} is no JSON object`
}

/** Under which key a record of the state must stand; null: under any. */
function keyOf(channel: ChannelName, value: object): string | null {
  switch (channel) {
    case 'shadowState':
    case 'thingState':
    case 'fleetPresence':
      return (value as ShadowState | ThingState | PresenceRecord).thingName
    case 'commandState':
      return commandKey(value as CommandExecution)
    case 'jobExecutionState':
      return executionKey(value as JobExecution)
    case 'jobState':
    case 'jobProgress':
      return (value as JobState | JobProgress).jobId
    default:
      return null
  }
}

/**
 * Why a record of the bridge's own state cannot be taken, or null. Such a record is not skipped, which would lose
 * state: its partition is not taken up (fleets 10).
 */
export function stateRecordFault(channel: ChannelName, key: string | null, value: object | null): string | null {
  const keyed = channel === 'commandState' || channel === 'jobExecutionState'
  if (channel !== 'results' && (key === null || (keyed && !key.includes('/'))))
    return 'the key is not one of this topic'
  if (value === null) return null
  const expected = keyOf(channel, value)
  if (expected !== null && expected !== key) return 'the value is not that of the key'
  switch (channel) {
    case 'shadowState':
      return noObject(value, 'reportedJson', 'desiredJson', 'deltaJson', 'metadataJson', 'lastPublishedDeltaJson')
    case 'commandState':
      return noObject(value, 'resultJson')
    case 'jobExecutionState':
      return noObject(value, 'statusDetailsJson', 'documentJson')
    case 'jobState':
      return noObject(value, 'documentJson')
    default:
      return null
  }
}
