import { replaceLoneSurrogates } from '../device/text-rules.ts'
import type { PresenceRecord } from '../records/generated/presence-record.ts'
import type { Draft } from './draft.ts'
import { type JsonMap, optional } from './json/json.ts'
import { readObjectBytes } from './json/read.ts'
import type { ThingContext } from './thing.ts'

/** A connect or disconnect event of the broker, by its topic (fleets 8). */
export interface PresenceTopic {
  readonly clientId: string
  readonly event: 'connected' | 'disconnected'
}

/** The last two levels are client id and event; null when the last is neither event. */
export function parsePresenceTopic(topic: string): PresenceTopic | null {
  const levels = topic.split('/')
  const event = levels.at(-1)
  const clientId = levels.at(-2)
  if (clientId === undefined || (event !== 'connected' && event !== 'disconnected')) return null
  return { clientId, event }
}

const TAKEN_OVER: ReadonlySet<unknown> = new Set(['takenover', 'discarded'])

/** A presence event as the inbox has it. */
export interface PresenceMessage extends PresenceTopic {
  readonly topic: string
  readonly payload: Uint8Array
  /** Ingestion time, epoch milliseconds. */
  readonly receivedAt: number
}

/** What a broker event says; null where it says nothing usable. */
interface Facts {
  readonly connectedAt: number | null
  readonly disconnectedAt: number | null
  readonly reason: string | null
}

function timeMember(event: JsonMap, name: string): number | null {
  const value = optional(event, name)
  // A time beyond 2^53 is none that Avro could hold as a number.
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value + 0 : null
}

/** Refuses an event that is not readable, before anyone asks whose it is. True when it was refused. */
export function refusePresence(
  draft: Draft,
  { topic, clientId, payload }: PresenceMessage,
  maxMessageBytes: number,
): boolean {
  if (payload.length > maxMessageBytes) {
    draft.deadLetter(clientId, topic, 'PayloadTooLarge', `more than ${maxMessageBytes} bytes`, payload)
    return true
  }
  if (readObjectBytes(payload) !== undefined) return false
  draft.deadLetter(clientId, topic, 'InvalidJson', 'no JSON object in UTF-8', payload)
  return true
}

/** Takes an event about the connection of one thing. `mine`: the thing has this client id. */
export function takePresence(context: ThingContext, draft: Draft, message: PresenceMessage, mine: boolean): void {
  if (refusePresence(draft, message, context.settings.maxMessageBytes)) return
  if (!mine) return draft.ignore('unknown_client')
  const event = readObjectBytes(message.payload) as JsonMap
  const reason = optional(event, 'reason')
  const facts: Facts = {
    connectedAt: timeMember(event, 'connected_at'),
    disconnectedAt: timeMember(event, 'disconnected_at'),
    // In Avro a lone surrogate would be no UTF-8, which strict readers refuse.
    reason: typeof reason === 'string' ? replaceLoneSurrogates(reason) : null,
  }
  if (message.event === 'connected') takeConnected(context, draft, message, facts)
  else takeDisconnected(context, draft, message, facts)
}

function isStale(context: ThingContext, time: number | null): boolean {
  const stored = context.thing.presence?.connectedAt ?? null
  return time !== null && stored !== null && time < stored
}

function takeConnected(context: ThingContext, draft: Draft, message: PresenceMessage, facts: Facts): void {
  if (isStale(context, facts.connectedAt)) return draft.ignore('stale_presence')
  write(context, draft, message, {
    online: true,
    connectedAt: facts.connectedAt ?? message.receivedAt,
    disconnectedAt: null,
    reason: null,
  })
}

function takeDisconnected(context: ThingContext, draft: Draft, message: PresenceMessage, facts: Facts): void {
  // Another connection of the same client lives.
  if (TAKEN_OVER.has(facts.reason)) return draft.ignore('session_taken_over')
  if (isStale(context, facts.connectedAt ?? facts.disconnectedAt)) return draft.ignore('stale_presence')
  write(context, draft, message, {
    online: false,
    connectedAt: facts.connectedAt ?? context.thing.presence?.connectedAt ?? null,
    disconnectedAt: facts.disconnectedAt ?? message.receivedAt,
    reason: facts.reason,
  })
}

function write(
  { thingName, now }: ThingContext,
  draft: Draft,
  { clientId }: PresenceMessage,
  facts: Pick<PresenceRecord, 'online' | 'connectedAt' | 'disconnectedAt' | 'reason'>,
): void {
  draft.write('fleetPresence', thingName, { thingName, mqttClientId: clientId, ...facts, occurredAt: now })
}
