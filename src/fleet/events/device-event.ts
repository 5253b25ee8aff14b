import type { DeadLetterCode, Draft } from '../draft.ts'
import { emptyMap, isMap, optional } from '../json/json.ts'
import { readObjectBytes } from '../json/read.ts'
import { writeJson } from '../json/write.ts'
import { isEventType } from '../names.ts'
import type { ThingContext } from '../thing.ts'
import { eventTime } from './event-time.ts'

const SEVERITIES = ['info', 'warn', 'error'] as const

/** A device's message on `events/{eventType}`. */
export interface EventMessage {
  readonly topic: string
  readonly eventType: string
  readonly payload: Uint8Array
  /** Ingestion time, epoch milliseconds. */
  readonly receivedAt: number
}

/** Writes an event, or a dead letter when it is not one (fleets 5). The checks stand in their order. */
export function takeEvent(context: ThingContext, draft: Draft, message: EventMessage): void {
  const refuse = (code: DeadLetterCode, why: string): void =>
    draft.deadLetter(context.thingName, message.topic, code, why, message.payload)
  const event = readObjectBytes(message.payload)
  if (event === undefined) return refuse('InvalidJson', 'no JSON object in UTF-8')
  if (!context.registered) return refuse('ThingNotFound', 'the thing is not registered')
  if (event.get('eventType') !== message.eventType || !isEventType(message.eventType)) {
    return refuse('EventTypeMismatch', 'eventType is not valid or not that of the topic')
  }
  const severity = SEVERITIES.find((each) => each === event.get('severity'))
  if (severity === undefined) return refuse('InvalidSeverity', 'severity is not info, warn or error')
  const data = optional(event, 'data') ?? emptyMap
  if (!isMap(data)) return refuse('InvalidRequest', 'data is no object')
  const { settings, thingName } = context
  const { eventType, receivedAt } = message
  const time = eventTime(optional(event, 'timestamp'), receivedAt, settings.events.checkTime)
  draft.write('fleetEvents', thingName, {
    thingName,
    eventType,
    severity,
    dataJson: writeJson(data),
    timestamp: time.timestamp,
    timestampSource: time.source,
    ingestedAt: receivedAt,
  })
}
