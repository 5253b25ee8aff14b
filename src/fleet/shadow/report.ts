import { replaceLoneSurrogates } from '../../device/text-rules.ts'
import type { RememberedRequest } from '../../records/generated/thing-state.ts'
import { isClientToken } from '../client-token.ts'
import { type Draft, secondsOf } from '../draft.ts'
import { equalJson } from '../json/equal.ts'
import { emptyMap, isMap, type Json, type JsonMap, mapOf, optional } from '../json/json.ts'
import { readObject, textOf } from '../json/read.ts'
import { jsonBytes, writeJson } from '../json/write.ts'
import { recallRequest, rememberRequest } from '../locks.ts'
import type { ThingContext } from '../thing.ts'
import { shadowUpdateTopic } from '../topics.ts'
import { metadataOf } from './metadata.ts'
import { publishDelta } from './publish-delta.ts'
import { sectionFault } from './section-check.ts'
import { mergeSection, shadowOf, shadowState, writeSection } from './shadow.ts'

/** Why a request about a shadow is rejected: code and text are part of the protocol (fleets 3.2). */
export interface Rejection {
  readonly code: number
  readonly message: string
}

export const notUtf8: Rejection = {
  code: 415,
  message: 'Unsupported documented encoding; supported encoding is UTF-8',
}

export function bad(message: string): Rejection {
  return { code: 400, message }
}

export const thingNotFound: Rejection = { code: 404, message: 'Thing not found' }

/** A device reports its state on `shadow/update` (fleets 3.2). The checks stand in their order. */
export function reportState(context: ThingContext, draft: Draft, topic: string, payload: Uint8Array): void {
  const reply = new Replies(context, draft, topic)
  const text = textOf(payload)
  if (text === undefined) return reply.rejected(notUtf8)
  const request = readObject(text)
  if (request === undefined) return reply.rejected(bad('Invalid JSON'))
  if (isOwnEcho(request)) return draft.ignore('own_echo')
  const clientToken = optional(request, 'clientToken')
  if (clientToken !== undefined && !isClientToken(clientToken, context.settings)) {
    return reply.rejected(bad('Invalid clientToken'))
  }
  reply.clientToken = clientToken
  if (!context.registered) return reply.rejected(thingNotFound)
  const earlier = recallRequest(context, topic, payload)
  if (earlier !== null) return repeatReply(reply, request, earlier)
  const report = reportOf(request)
  if ('code' in report) return reply.rejected(report)
  applyReport(context, draft, reply, report, payload)
}

/** The bridge publishes on this topic too and receives itself (fleets 2.7). */
function isOwnEcho(request: JsonMap): boolean {
  const state = request.get('state')
  return isMap(state) && state.has('desired') && !state.has('reported')
}

interface Report {
  readonly reported: JsonMap | null
  /** 0: no check. */
  readonly version: number
}

/** Checks 7 to 12. */
function reportOf(request: JsonMap): Report | Rejection {
  const state = request.get('state')
  if (state === undefined) return bad('Missing required node: state')
  if (!isMap(state)) return bad('State node must be an object')
  for (const name of state.keys()) if (name !== 'reported') return bad('State contains an invalid node')
  const reported = state.get('reported')
  if (reported === undefined) return bad('Missing required node: reported')
  if (reported !== null && !isMap(reported)) return bad('Reported node must be an object')
  const version = optional(request, 'version') ?? 0
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0) return bad('Invalid version')
  return { reported, version }
}

/** Checks 13 to 16, then the write. */
function applyReport(
  context: ThingContext,
  draft: Draft,
  reply: Replies,
  { reported, version }: Report,
  payload: Uint8Array,
): void {
  const { now, settings, thingName } = context
  const fault = sectionFault(reported ?? emptyMap, settings.shadow.maxDepth)
  if (fault === 'invalid node') return reply.rejected(bad('State contains an invalid node'))
  if (fault === 'too deep') {
    return reply.rejected(bad(`JSON contains too many levels of nesting; maximum is ${settings.shadow.maxDepth}`))
  }
  const shadow = shadowOf(context.thing.shadow)
  if (version !== 0 && version !== shadow.version) return reply.rejected({ code: 409, message: 'Version conflict' })
  const merged = mergeSection(shadow, 'reported', reported)
  if (jsonBytes(merged) + jsonBytes(shadow.desired) > settings.shadow.maxBytes) {
    return reply.rejected({ code: 413, message: 'The payload exceeds the maximum size allowed' })
  }
  const written = writeSection(shadow, 'reported', reported, merged, secondsOf(now))
  reply.accepted(reported, written.version, now)
  const tell =
    written.delta.size > 0 &&
    (settings.shadow.delta === 'always' || !equalJson(written.delta, shadow.lastPublishedDelta))
  if (tell) publishDelta(context, draft, written)
  const last = written.delta.size === 0 || tell ? written.delta : shadow.lastPublishedDelta
  draft.write('shadowState', thingName, shadowState(thingName, { ...written, lastPublishedDelta: last }, now))
  draft.write('shadowChanges', thingName, {
    thingName,
    version: written.version,
    section: 'REPORTED',
    patchJson: writeJson(reported),
    deltaJson: writeJson(written.delta),
    // Only JSON can escape a lone surrogate; in Avro it would be no UTF-8, which strict readers refuse.
    clientToken: reply.clientToken === undefined ? null : replaceLoneSurrogates(reply.clientToken),
    occurredAt: now,
  })
  if (version === 0) return
  const topic = shadowUpdateTopic(thingName)
  rememberRequest(context, draft, { topic, payload, version: written.version, statusDetailsJson: null })
}

/** The first reply once more, member for member (fleets 2.8). */
function repeatReply(reply: Replies, request: JsonMap, earlier: RememberedRequest): void {
  const state = request.get('state')
  const reported = isMap(state) ? (state.get('reported') ?? null) : null
  reply.accepted(reported, earlier.version, earlier.acceptedAt)
}

/** The replies to one report. */
class Replies {
  /** Set once it is known to be valid. */
  clientToken: string | undefined
  readonly #context: ThingContext
  readonly #draft: Draft
  readonly #topic: string

  constructor(context: ThingContext, draft: Draft, topic: string) {
    this.#context = context
    this.#draft = draft
    this.#topic = topic
  }

  accepted(reported: Json, version: number, acceptedAt: number): void {
    const timestamp = secondsOf(acceptedAt)
    const metadata = mapOf({ reported: metadataOf(reported, timestamp) })
    this.#publish('accepted', { state: mapOf({ reported }), metadata, version, timestamp })
  }

  rejected({ code, message }: Rejection): void {
    this.#publish('rejected', { code, message, timestamp: secondsOf(this.#context.now) })
  }

  #publish(leaf: string, members: Readonly<Record<string, Json>>): void {
    if (!this.#context.settings.shadow.replies) return
    const payload = mapOf({ ...members, clientToken: this.clientToken })
    this.#draft.publish(this.#context.thingName, `${this.#topic}/${leaf}`, payload)
  }
}
