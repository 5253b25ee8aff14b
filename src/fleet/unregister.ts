import { commandKey, ended } from './commands/execution.ts'
import type { Draft } from './draft.ts'
import { executionKey, isPending, moved, tellJob, writeExecutionLog } from './jobs/execution.ts'
import type { ThingContext } from './thing.ts'

/**
 * A thing is no longer registered: what is open ends, each with its log record, then everything known about the thing
 * is forgotten (fleets 8). Nothing is published to it. The memory of results stays.
 */
export function unregister(context: ThingContext, draft: Draft): void {
  const { now, thing, thingName } = context
  const bySending = [...thing.commands.values()].sort((one, other) => one.sentAt - other.sentAt)
  for (const command of bySending) {
    if (command.status !== 'SENT') continue
    draft.write('commandExecutions', thingName, ended(command, 'FAILED', 'THING_REMOVED', now))
  }
  const bySequence = [...thing.executions.values()].sort((one, other) => one.sequence - other.sequence)
  for (const execution of bySequence) {
    if (!isPending(execution.status)) continue
    const removed = moved(execution, { status: 'REMOVED', reason: 'THING_REMOVED' }, now)
    writeExecutionLog(draft, removed)
    tellJob(draft, execution, removed)
  }
  for (const command of bySending) draft.write('commandState', commandKey(command), null)
  for (const execution of bySequence) draft.write('jobExecutionState', executionKey(execution), null)
  if (thing.shadow !== null) draft.write('shadowState', thingName, null)
  if (thing.remembered !== null) draft.write('thingState', thingName, null)
  if (thing.presence !== null) draft.write('fleetPresence', thingName, null)
}
