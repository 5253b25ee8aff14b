import type { CommandExecution } from '../../records/generated/command-execution.ts'
import type { FleetRequest } from '../../records/generated/fleet-request.ts'
import { type Draft, secondsOf } from '../draft.ts'
import { emptyMap, type JsonMap, mapOf } from '../json/json.ts'
import { readObject } from '../json/read.ts'
import { jsonBytes } from '../json/write.ts'
import { codePoints, isExecutionId } from '../names.ts'
import { type Answer, accepted, rejected } from '../requests/answer.ts'
import type { ThingContext } from '../thing.ts'
import { commandRequestTopic } from '../topics.ts'
import { writeCommand } from './execution.ts'

const ACTION_CHARACTERS = 256

/** An operator sends a command to a thing (fleets 6.2 and 9.3, `SEND_COMMAND`). */
export function sendCommand(context: ThingContext, draft: Draft, request: FleetRequest, requestId: string): Answer {
  if (!context.registered) return rejected('THING_NOT_FOUND', 'the thing is not registered')
  const { now, settings, thing, thingName } = context
  const action = request.action ?? ''
  if (action === '' || codePoints(action) > ACTION_CHARACTERS) {
    return rejected('INVALID_REQUEST', `action has not 1 to ${ACTION_CHARACTERS} characters`)
  }
  const params = request.paramsJson === null ? emptyMap : readObject(request.paramsJson)
  if (params === undefined) return rejected('INVALID_REQUEST', 'paramsJson is no JSON object')
  const ttlSeconds = request.ttl ?? settings.commands.defaultTtlSeconds
  if (request.ttl !== null && (ttlSeconds < 1 || ttlSeconds > settings.commands.maxTtlSeconds)) {
    return rejected('INVALID_REQUEST', `ttl is not 1 to ${settings.commands.maxTtlSeconds}`)
  }
  const executionId = request.executionId ?? requestId
  if (!isExecutionId(executionId)) return rejected('INVALID_REQUEST', 'executionId has not the form of one')
  if (jsonBytes(params) > settings.commands.maxParamsBytes) {
    return rejected('PAYLOAD_TOO_LARGE', `paramsJson has more than ${settings.commands.maxParamsBytes} bytes`)
  }
  if (thing.commands.has(executionId)) return rejected('EXECUTION_EXISTS', 'the thing has an execution of this id')
  const execution: CommandExecution = {
    executionId,
    commandId: requestId,
    thingName,
    action,
    status: 'SENT',
    reason: null,
    reportedStatus: null,
    resultJson: null,
    ttlSeconds,
    sentAt: now,
    deadline: now + ttlSeconds * 1000,
    occurredAt: now,
  }
  publishRequest(draft, execution, params)
  writeCommand(draft, execution)
  return accepted({ executionId })
}

function publishRequest(draft: Draft, execution: CommandExecution, params: JsonMap): void {
  const { action, commandId, deadline, executionId, sentAt, thingName, ttlSeconds } = execution
  const payload = mapOf({ commandId, action, params, timestamp: secondsOf(sentAt), ttl: ttlSeconds })
  const request = { executionId, expiresAt: deadline }
  draft.publish(thingName, commandRequestTopic(thingName, executionId), payload, request)
}
