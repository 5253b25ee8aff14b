import type { CommandExecution } from '../../records/generated/command-execution.ts'
import type { Draft } from '../draft.ts'

export type CommandReason =
  | 'DEVICE'
  | 'NO_SUBSCRIBER'
  | 'PUBLISH_REFUSED'
  | 'NO_RESPONSE'
  | 'OPERATOR'
  | 'THING_REMOVED'
  | 'LATE_RESPONSE'

const TERMINAL: ReadonlySet<unknown> = new Set(['SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT', 'CANCELED'])

/** Whether this is a status in which a command ends; a device may report all of them (fleets 6.1). */
export function isCommandEnd(status: unknown): status is string {
  return TERMINAL.has(status)
}

export function commandKey(execution: CommandExecution): string {
  return `${execution.thingName}/${execution.executionId}`
}

/** The execution after it ended. */
export function ended(
  execution: CommandExecution,
  status: string,
  reason: CommandReason,
  now: number,
  resultJson: string | null = null,
): CommandExecution {
  return { ...execution, status, reason, reportedStatus: null, resultJson, occurredAt: now }
}

/** Writes a change of an execution to the log and to the state topic. */
export function writeCommand(draft: Draft, execution: CommandExecution): void {
  draft.write('commandExecutions', execution.thingName, execution)
  draft.write('commandState', commandKey(execution), execution)
}
