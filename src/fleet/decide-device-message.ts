import { takeResponse } from './commands/response.ts'
import { Draft, secondsOf } from './draft.ts'
import { takeEvent } from './events/device-event.ts'
import { describeJob, listPending } from './jobs/list-and-describe.ts'
import { startNext } from './jobs/start-next.ts'
import { updateJob } from './jobs/update.ts'
import { mapOf } from './json/json.ts'
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
    return answerFault(context, message, fault)
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

/** Nothing of the failed attempt is kept; a request is told so (fleets 3.2 and 7.9). */
function answerFault(context: ThingContext, { parsed, topic }: DeviceMessage, fault: unknown): Draft {
  const draft = new Draft(context.now)
  draft.fault = fault
  const timestamp = secondsOf(context.now)
  switch (parsed.kind) {
    case 'event':
    case 'commandResponse':
      draft.ignore('internal_fault')
      break
    case 'report':
    case 'shadowGet': {
      const reply = mapOf({ code: 500, message: 'Internal service failure', timestamp })
      if (parsed.kind === 'shadowGet' || context.settings.shadow.replies) {
        draft.publish(context.thingName, `${topic}/rejected`, reply)
      }
      break
    }
    case 'listJobs':
    case 'startNext':
    case 'describeJob':
    case 'updateJob': {
      const reply = mapOf({ code: 'InternalError', message: 'The bridge failed.', timestamp })
      draft.publish(context.thingName, `${topic}/rejected`, reply)
    }
  }
  return draft
}
