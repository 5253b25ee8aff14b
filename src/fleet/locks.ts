import { createHash } from 'node:crypto'
import type { RememberedRequest, ThingState } from '../records/generated/thing-state.ts'
import type { Draft } from './draft.ts'
import type { ThingContext } from './thing.ts'

const REMEMBER_MS = 10 * 60_000
const AT_MOST = 16

function digestOf(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex')
}

function alive(remembered: ThingState | null, now: number): readonly RememberedRequest[] {
  return remembered?.remembered.filter((request) => now - request.acceptedAt < REMEMBER_MS) ?? []
}

/** The accepted locked request that these bytes repeat, or null (fleets 2.8). */
export function recallRequest(context: ThingContext, topic: string, payload: Uint8Array): RememberedRequest | null {
  const ofTopic = alive(context.thing.remembered, context.now).filter((request) => request.topic === topic)
  if (ofTopic.length === 0) return null
  const digest = digestOf(payload)
  return ofTopic.find((request) => request.digest === digest) ?? null
}

/**
 * Remembers a locked request that was just accepted. `version` and `statusDetailsJson` are those after it, from which
 * the same reply can be built again.
 */
export function rememberRequest(
  context: ThingContext,
  draft: Draft,
  request: {
    readonly topic: string
    readonly payload: Uint8Array
    readonly version: number
    readonly statusDetailsJson: string | null
  },
): void {
  const { topic, payload, version, statusDetailsJson } = request
  const joined = { topic, digest: digestOf(payload), version, statusDetailsJson, acceptedAt: context.now }
  writeRemembered(context, draft, [...alive(context.thing.remembered, context.now), joined].slice(-AT_MOST))
}

/** Forgets the locked requests on a topic, since what they changed is gone. */
export function forgetRequests(context: ThingContext, draft: Draft, topic: string): void {
  if (context.thing.remembered?.remembered.some((request) => request.topic === topic) !== true) return
  const left = alive(context.thing.remembered, context.now).filter((request) => request.topic !== topic)
  writeRemembered(context, draft, left)
}

function writeRemembered(context: ThingContext, draft: Draft, remembered: readonly RememberedRequest[]): void {
  draft.write('thingState', context.thingName, { thingName: context.thingName, remembered, updatedAt: context.now })
}
