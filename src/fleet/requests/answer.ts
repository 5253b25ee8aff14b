import type { FleetResult } from '../../records/generated/fleet-result.ts'

/** Why a request of an operator is rejected (fleets 9.3). */
export type ResultCode =
  | 'INVALID_REQUEST'
  | 'THING_NOT_FOUND'
  | 'VERSION_CONFLICT'
  | 'PAYLOAD_TOO_LARGE'
  | 'EXECUTION_EXISTS'
  | 'EXECUTION_NOT_FOUND'
  | 'INVALID_STATE_TRANSITION'
  | 'JOB_EXISTS'
  | 'JOB_NOT_FOUND'
  | 'INVALID_TARGET'

/** What a request is answered, without what every answer has. */
export interface Answer {
  readonly status: FleetResult['status']
  readonly code: string | null
  /** For people. */
  readonly message: string | null
  readonly shadowVersion?: number | null
  readonly versionNumber?: number | null
  readonly executionId?: string | null
  readonly jobId?: string | null
}

type Members = Pick<Answer, 'shadowVersion' | 'versionNumber' | 'executionId' | 'jobId'>

export function accepted(members: Members): Answer {
  return { status: 'ACCEPTED', code: null, message: null, ...members }
}

export function rejected(code: ResultCode, message: string, members: Members = {}): Answer {
  return { status: 'REJECTED', code, message, ...members }
}

/** The record of an answer. */
export function resultOf(requestId: string, answer: Answer, now: number): FleetResult {
  return {
    requestId,
    status: answer.status,
    code: answer.code,
    message: answer.message,
    shadowVersion: answer.shadowVersion ?? null,
    versionNumber: answer.versionNumber ?? null,
    executionId: answer.executionId ?? null,
    jobId: answer.jobId ?? null,
    duplicate: false,
    occurredAt: now,
  }
}
