import type { JobExecution } from '../../records/generated/job-execution.ts'
import { isClientToken } from '../client-token.ts'
import { type Draft, secondsOf } from '../draft.ts'
import { emptyMap, isMap, type Json, type JsonMap, mapOf, optional } from '../json/json.ts'
import { readObjectBytes } from '../json/read.ts'
import { jsonBytes } from '../json/write.ts'
import { isTimeoutMinutes } from '../names.ts'
import type { ThingContext } from '../thing.ts'
import { stateView } from './execution-views.ts'

export type JobErrorCode =
  | 'InvalidJson'
  | 'InvalidRequest'
  | 'ResourceNotFound'
  | 'VersionMismatch'
  | 'InvalidStateTransition'
  | 'TerminalStateReached'

/** Thrown when a request is rejected; the message is for people. */
export class JobRejection extends Error {
  readonly code: JobErrorCode
  readonly executionState: JsonMap | undefined

  constructor(code: JobErrorCode, message: string, execution?: JobExecution) {
    super(message)
    this.code = code
    this.executionState =
      execution === undefined
        ? undefined
        : stateView(execution.status, execution.statusDetailsJson, execution.versionNumber)
  }
}

export interface JobRequestMessage {
  readonly topic: string
  readonly payload: Uint8Array
}

/** A request whose JSON, token and thing are in order, and the way to answer it. */
export interface JobRequest {
  readonly members: JsonMap
  /** Publishes the accepted reply. `at` is its time, by default that of processing. */
  accept(members: Readonly<Record<string, Json | undefined>>, at?: number): void
}

/**
 * Checks what all jobs requests have in common, in order (fleets 7.7), then lets `handle` go on; a JobRejection on the
 * way is answered.
 */
export function answerJobRequest(
  context: ThingContext,
  draft: Draft,
  { topic, payload }: JobRequestMessage,
  handle: (request: JobRequest) => void,
): void {
  let clientToken: string | undefined
  try {
    const members = payload.length === 0 ? emptyMap : readObjectBytes(payload)
    if (members === undefined) throw new JobRejection('InvalidJson', 'The payload is no JSON object in UTF-8.')
    const token = optional(members, 'clientToken')
    if (token !== undefined && !isClientToken(token, context.settings)) {
      throw new JobRejection('InvalidRequest', 'clientToken is no text or too long.')
    }
    clientToken = token
    const thingName = optional(members, 'thingName')
    if (thingName !== undefined && thingName !== context.thingName) {
      throw new JobRejection('InvalidRequest', 'thingName is not that of the topic.')
    }
    if (!context.registered) throw new JobRejection('ResourceNotFound', 'The thing is not registered.')
    handle({
      members,
      accept: (reply, at = context.now) =>
        draft.publish(
          context.thingName,
          `${topic}/accepted`,
          mapOf({ ...reply, timestamp: secondsOf(at), clientToken }),
        ),
    })
  } catch (error) {
    if (!(error instanceof JobRejection)) throw error
    const { code, message, executionState } = error
    const timestamp = secondsOf(context.now)
    const reply = mapOf({ code, message, timestamp, clientToken, executionState })
    draft.publish(context.thingName, `${topic}/rejected`, reply)
  }
}

/** The member as an object of status details; undefined when absent. Throws JobRejection. */
export function statusDetailsOf(members: JsonMap, context: ThingContext): JsonMap | undefined {
  const details = optional(members, 'statusDetails')
  if (details === undefined) return undefined
  if (!isMap(details)) throw new JobRejection('InvalidRequest', 'statusDetails is no object.')
  if (jsonBytes(details) > context.settings.jobs.maxStatusDetailsBytes) {
    throw new JobRejection('InvalidRequest', 'statusDetails is too large.')
  }
  return details
}

/** Minutes, or undefined when absent. Throws JobRejection. */
export function stepTimeoutOf(members: JsonMap): number | undefined {
  const minutes = optional(members, 'stepTimeoutInMinutes')
  if (minutes !== undefined && !isTimeoutMinutes(minutes)) {
    throw new JobRejection('InvalidRequest', 'stepTimeoutInMinutes is no whole number from 1 to 10080.')
  }
  return minutes
}

/** A yes or no, `fallback` when absent. Throws JobRejection. */
export function flagOf(members: JsonMap, name: string, fallback: boolean): boolean {
  const flag = optional(members, name) ?? fallback
  if (typeof flag !== 'boolean') throw new JobRejection('InvalidRequest', `${name} is neither true nor false.`)
  return flag
}

/** The number asked for, or undefined when absent. Throws JobRejection. */
export function executionNumberOf(members: JsonMap): number | undefined {
  const number = optional(members, 'executionNumber')
  if (number !== undefined && !(Number.isInteger(number) && (number as number) >= 1)) {
    throw new JobRejection('InvalidRequest', 'executionNumber is no whole number from 1 on.')
  }
  return number as number | undefined
}

/** The execution when there is one and its number is the one asked for. Throws JobRejection. */
export function currentExecution(execution: JobExecution | undefined, number: number | undefined): JobExecution {
  if (execution === undefined || (number !== undefined && number !== execution.executionNumber)) {
    throw new JobRejection('ResourceNotFound', 'The thing has no such job execution.')
  }
  return execution
}
