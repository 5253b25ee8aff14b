import type { Draft } from '../draft.ts'
import type { ThingContext } from '../thing.ts'
import { commandDeadline } from '../timers.ts'
import { commandKey, ended, writeCommand } from './execution.ts'

/**
 * A command's timer was due at `deadline`: it times out while open, and is forgotten some time after it closed. A
 * timer that was overtaken does nothing (fleets 1, Timers).
 */
export function takeCommandTimer(context: ThingContext, draft: Draft, executionId: string, deadline: number): void {
  const execution = context.thing.commands.get(executionId)
  if (execution === undefined) return draft.ignore('timer_overtaken')
  if (commandDeadline(execution, context.settings.commands.rememberHours) > deadline) {
    return draft.ignore('timer_overtaken')
  }
  if (execution.status === 'SENT') writeCommand(draft, ended(execution, 'TIMED_OUT', 'NO_RESPONSE', context.now))
  else draft.write('commandState', commandKey(execution), null)
}
