import { randomBytes } from 'node:crypto'
import { isUsableRequestId } from '../../fleet/names.ts'
import type { FleetRequest } from '../../records/generated/fleet-request.ts'
import type { CommandIo } from '../command.ts'
import { UsageError } from '../usage-error.ts'

/** A request and where it is written (fleets 9.3). The key is the thing's name or the job's id. */
export interface Asked {
  readonly channel: 'shadowRequests' | 'commandRequests' | 'jobRequests'
  readonly key: string
  readonly request: FleetRequest & { readonly requestId: string }
}

type Fields = Partial<Omit<FleetRequest, 'op' | 'requestId' | 'requestedBy'>>

const nothing: Required<Fields> = {
  thingName: null,
  jobId: null,
  executionId: null,
  desiredJson: null,
  version: null,
  action: null,
  paramsJson: null,
  ttl: null,
  documentJson: null,
  targets: null,
  targetSelection: null,
  timeoutConfig: null,
  name: null,
  description: null,
  force: false,
  expectedVersion: null,
}

/** `requestId`: made when absent. Throws UsageError when no answer could be given under it. */
export function fleetRequest(
  op: string,
  requestId: string | undefined,
  fields: Fields,
  { env }: CommandIo,
): Asked['request'] {
  const id = requestId ?? randomBytes(8).toString('hex')
  if (!isUsableRequestId(id)) throw new UsageError('--request-id takes 1 to 64 bytes')
  return { ...nothing, ...fields, op, requestId: id, requestedBy: env['USER'] ?? null }
}
