import type { FleetRequest } from '../../records/generated/fleet-request.ts'
import type { Draft } from '../draft.ts'
import { type Answer, accepted, rejected } from '../requests/answer.ts'
import type { ThingContext } from '../thing.ts'
import { ended, writeCommand } from './execution.ts'

/** An operator gives a command up; the device is not told (fleets 9.3, `CANCEL_COMMAND`). */
export function cancelCommand(context: ThingContext, draft: Draft, request: FleetRequest): Answer {
  if (!context.registered) return rejected('THING_NOT_FOUND', 'the thing is not registered')
  const execution = request.executionId === null ? undefined : context.thing.commands.get(request.executionId)
  if (execution === undefined) return rejected('EXECUTION_NOT_FOUND', 'the thing has no execution of this id')
  if (execution.status !== 'SENT') return rejected('INVALID_STATE_TRANSITION', `the execution is ${execution.status}`)
  writeCommand(draft, ended(execution, 'CANCELED', 'OPERATOR', context.now))
  return accepted({ executionId: execution.executionId })
}
