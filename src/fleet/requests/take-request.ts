import type { FleetRequest } from '../../records/generated/fleet-request.ts'
import type { Draft } from '../draft.ts'
import { isUsableRequestId } from '../names.ts'
import type { ResultsMemory } from '../results-memory.ts'
import { type Answer, rejected, resultOf } from './answer.ts'

/** A record on a request topic. */
export interface RequestInput {
  readonly topic: string
  readonly key: string | null
  /** Null when the record cannot be decoded or is a tombstone. */
  readonly request: FleetRequest | null
  /** The record's bytes, for a dead letter; null for a tombstone. */
  readonly value: Uint8Array | null
}

/** Does a request; null when the answer comes later. */
export type Operation = (request: FleetRequest, requestId: string) => Answer | null

/** The operations of one request topic and whom its requests are about. */
export interface RequestTopic {
  readonly operations: ReadonlyMap<string, Operation>
  /** The thing or job that the request names, which must be the record's key. */
  readonly subjectOf: (request: FleetRequest, requestId: string) => string | null
  /** requestIds that were handed on and are not answered yet. */
  readonly openRequests: readonly string[]
}

/** What all requests have in common, in order: exactly one result for each with a usable requestId (fleets 9.3). */
export function takeRequest(draft: Draft, input: RequestInput, topic: RequestTopic, memory: ResultsMemory): void {
  const { key, request, value } = input
  if (request === null) {
    const why = value === null ? 'a tombstone is no request' : 'the record cannot be decoded'
    return draft.deadLetter(key, input.topic, 'InvalidRecord', why, value)
  }
  const { requestId } = request
  if (!isUsableRequestId(requestId)) {
    return draft.deadLetter(key, input.topic, 'InvalidRequest', 'requestId has not 1 to 64 bytes', value)
  }
  const earlier = memory.recall(key, requestId, draft.now)
  if (earlier !== null) return draft.write('results', key, { ...earlier, duplicate: true, occurredAt: draft.now })
  if (topic.openRequests.includes(requestId)) return draft.ignore('open_request')
  const answer = answerOf(request, requestId, key, topic)
  if (answer !== null) draft.write('results', key, resultOf(requestId, answer, draft.now))
}

function answerOf(request: FleetRequest, requestId: string, key: string | null, topic: RequestTopic): Answer | null {
  const operation = topic.operations.get(request.op)
  if (operation === undefined) return rejected('INVALID_REQUEST', 'op is none of this topic')
  const subject = topic.subjectOf(request, requestId)
  if (subject === null || subject !== key) return rejected('INVALID_REQUEST', "the record's key is not what it names")
  return operation(request, requestId)
}
