import { isClientToken } from './client-token.ts'
import { takeResponse } from './commands/response.ts'
import { type DeadLetterCode, Draft, secondsOf } from './draft.ts'
import { takeEvent } from './events/device-event.ts'
import { describeJob, listPending } from './jobs/list-and-describe.ts'
import { startNext } from './jobs/start-next.ts'
import { updateJob } from './jobs/update.ts'
import { mapOf, optional } from './json/json.ts'
import { readObjectBytes } from './json/read.ts'
import { getShadow } from './shadow/get-shadow.ts'
import { reportState } from './shadow/report.ts'
import type { ThingContext } from './thing.ts'
import type { DeviceTopic } from './topics.ts'

/** A message of a device, as it stands in the inbox of its thing. */
export interface DeviceMessage {
  readonly topic: string
  /** What the topic says. */
  readonly parsed: DeviceTopic
  readonly payload: Uint8Array
  /** Ingestion time, epoch milliseconds. */
  readonly receivedAt: number
}

/** Whether a message is too large to be read, whatever its topic (fleets 2.3). Then it is a dead letter, no more. */
export function refuseLarge(
  draft: Draft,
  message: Pick<DeviceMessage, 'topic' | 'parsed' | 'payload'>,
  maxMessageBytes: number,
): boolean {
  if (message.payload.length <= maxMessageBytes) return false
  const { parsed, payload, topic } = message
  draft.deadLetter(parsed.thingName, topic, 'PayloadTooLarge', `more than ${maxMessageBytes} bytes`, payload)
  return true
}

/** What becomes of a message of a device. Never throws: an unexpected exception is answered as an internal fault. */
export function decideDeviceMessage(context: ThingContext, message: DeviceMessage): Draft {
  const draft = new Draft(context.now)
  if (refuseLarge(draft, message, context.settings.maxMessageBytes)) return draft
  try {
    dispatch(context, draft, message)
    return draft
  } catch (fault) {
    const instead = giveUp(context, message, 'InvalidRecord', 'an error that nobody expected')
    instead.fault = fault
    return instead
  }
}

function dispatch(context: ThingContext, draft: Draft, message: DeviceMessage): void {
  const { parsed, payload, receivedAt, topic } = message
  switch (parsed.kind) {
    case 'report':
      return reportState(context, draft, topic, payload)
    case 'shadowGet':
      return getShadow(context, draft, topic, payload)
    case 'event':
      return takeEvent(context, draft, { topic, payload, receivedAt, eventType: parsed.eventType })
    case 'commandResponse':
      return takeResponse(context, draft, { topic, payload, executionId: parsed.executionId })
    case 'listJobs':
      return listPending(context, draft, message)
    case 'startNext':
      return startNext(context, draft, message)
    case 'describeJob':
      return describeJob(context, draft, message, parsed.jobId)
    case 'updateJob':
      return updateJob(context, draft, message, parsed.jobId)
  }
}

/**
 * The bridge cannot do what a message asks for, and the device is not to blame: a request is told so (fleets 3.2 and
 * 7.9), anything else is kept as a dead letter. Nothing else changes.
 */
export function giveUp(
  context: ThingContext,
  { parsed, payload, topic }: DeviceMessage,
  code: DeadLetterCode,
  why: string,
): Draft {
  const draft = new Draft(context.now)
  const timestamp = secondsOf(context.now)
  const clientToken = tokenIn(payload, context)
  switch (parsed.kind) {
    case 'event':
    case 'commandResponse':
      draft.deadLetter(context.thingName, topic, code, why, payload)
      break
    case 'report':
    case 'shadowGet': {
      const reply = mapOf({ code: 500, message: 'Internal service failure', timestamp, clientToken })
      if (parsed.kind === 'shadowGet' || context.settings.shadow.replies) {
        draft.publish(context.thingName, `${topic}/rejected`, reply)
      }
      break
    }
    case 'listJobs':
    case 'startNext':
    case 'describeJob':
    case 'updateJob': {
      const reply = mapOf({ code: 'InternalError', message: 'The bridge failed.', timestamp, clientToken })
      draft.publish(context.thingName, `${topic}/rejected`, reply)
    }
  }
  return draft
}

/** The token to echo; undefined when there is none that is valid. Reading may be what failed. */
function tokenIn(payload: Uint8Array, { settings }: ThingContext): string | undefined {
  try {
    const members = readObjectBytes(payload)
    const token = members === undefined ? undefined : optional(members, 'clientToken')
    return token !== undefined && isClientToken(token, settings) ? token : undefined
  } catch {
    return undefined
  }
}
