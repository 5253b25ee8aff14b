import type { CommandExecution } from '../../records/generated/command-execution.ts'
import type { DeadLetterCode, Draft } from '../draft.ts'
import { equalJson } from '../json/equal.ts'
import { isMap, type JsonMap } from '../json/json.ts'
import { readJson, readObjectBytes } from '../json/read.ts'
import { writeJson } from '../json/write.ts'
import type { ThingContext } from '../thing.ts'
import { ended, isCommandEnd, writeCommand } from './execution.ts'

/** A device's message on `…/executions/{executionId}/response`. */
export interface ResponseMessage {
  readonly topic: string
  readonly executionId: string
  readonly payload: Uint8Array
}

/** Takes what a device says about a command (fleets 6.1, 6.3). The checks stand in their order. */
export function takeResponse(context: ThingContext, draft: Draft, message: ResponseMessage): void {
  const refuse = (code: DeadLetterCode, why: string): void =>
    draft.deadLetter(context.thingName, message.topic, code, why, message.payload)
  const response = readObjectBytes(message.payload)
  if (response === undefined) return refuse('InvalidJson', 'no JSON object in UTF-8')
  if (!context.registered) return refuse('ThingNotFound', 'the thing is not registered')
  const execution = context.thing.commands.get(message.executionId)
  if (execution === undefined) return refuse('ExecutionNotFound', 'the thing has no execution of this id')
  const status = response.get('status')
  if (!isCommandEnd(status)) return refuse('InvalidStatus', 'status is none of the final ones')
  const sent = response.get('result')
  const result = isMap(sent) ? sent : null

  if (isOpen(execution, context)) {
    const resultJson = result === null ? null : writeJson(result)
    writeCommand(draft, ended(execution, status, 'DEVICE', context.now, resultJson))
  } else if (execution.reason === 'DEVICE' && execution.status === status && isRecorded(execution, result)) {
    draft.ignore('repeated_response')
  } else {
    recordLate(draft, execution, status, result)
  }
}

function isOpen(execution: CommandExecution, context: ThingContext): boolean {
  if (execution.status === 'SENT') return true
  const timedOut = execution.status === 'TIMED_OUT' && execution.reason === 'NO_RESPONSE'
  return timedOut && context.settings.commands.lateResponse === 'override'
}

function isRecorded(execution: CommandExecution, result: JsonMap | null): boolean {
  const recorded = execution.resultJson === null ? null : readJson(execution.resultJson)
  return recorded !== undefined && equalJson(recorded, result)
}

/** Only the log tells: the state record stays as it is. */
function recordLate(draft: Draft, execution: CommandExecution, status: string, result: JsonMap | null): void {
  draft.write('commandExecutions', execution.thingName, {
    ...execution,
    reason: 'LATE_RESPONSE',
    reportedStatus: status,
    resultJson: result === null ? null : writeJson(result),
    occurredAt: draft.now,
  })
}
