import type { ResultCode } from '../../fleet/requests/answer.ts'
import type { FleetResult } from '../../records/generated/fleet-result.ts'
import type { Asked } from './fleet-request.ts'

/** What to do about a refusal; empty when its message says it all. */
export function nextStep({ code, shadowVersion, versionNumber }: FleetResult, { request }: Asked): string {
  const thing = request.thingName ?? 'NAME'
  const job = request.jobId ?? 'ID'
  switch (code as ResultCode | null) {
    case 'THING_NOT_FOUND':
      return `register it with: bridge thing register ${thing}`
    case 'VERSION_CONFLICT':
      return shadowVersion === null
        ? `it is ${versionNumber} now; see: bridge job show ${job} --executions`
        : `it is ${shadowVersion} now; see: bridge shadow get ${thing}`
    case 'EXECUTION_EXISTS':
      return 'leave --id out, or take another one'
    case 'EXECUTION_NOT_FOUND':
      return request.jobId === null ? `see: bridge thing show ${thing}` : `see: bridge job show ${job} --executions`
    case 'JOB_EXISTS':
      return `take another id, or delete that one with: bridge job delete ${job}`
    case 'JOB_NOT_FOUND':
      return 'see: bridge job list'
    case 'INVALID_TARGET':
      return 'see: bridge thing list'
    case 'INVALID_STATE_TRANSITION':
      if (request.jobId === null) return `see: bridge thing show ${thing}`
      return request.force || request.op === 'CANCEL_JOB'
        ? `see: bridge job show ${job}`
        : `--force does it all the same; see: bridge job show ${job}`
    default:
      return ''
  }
}
