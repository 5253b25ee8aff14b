// Made from schemas/FleetResult.avsc by scripts/records.ts. Do not edit.

export type ResultStatus = 'ACCEPTED' | 'REJECTED'

/** The one answer to a request. */
export interface FleetResult {
  /** Of the request */
  readonly requestId: string
  /** Outcome */
  readonly status: ResultStatus
  /** Why rejected, section 9.3 */
  readonly code: string | null
  /** For people */
  readonly message: string | null
  /** SET_DESIRED accepted: new version; VERSION_CONFLICT: current one */
  readonly shadowVersion: number | null
  /** CANCEL_JOB_EXECUTION accepted: new version; VERSION_CONFLICT: current one */
  readonly versionNumber: number | null
  /** Command operations, when accepted */
  readonly executionId: string | null
  /** Job operations, when accepted */
  readonly jobId: string | null
  /** true: repeats the answer to an earlier request with this requestId */
  readonly duplicate: boolean
  /** When answered */
  readonly occurredAt: number
}

/** The schema as registered. */
export const fleetResultSchema =
  `{"type":"record","name":"FleetResult","namespace":"fleet.bridge.v1","doc":"The one answer to a request.","fields":[{"name":"requestId","type":"string","doc":"Of the request"},{"name":"status","type":{"type":"enum","name":"ResultStatus","symbols":["ACCEPTED","REJECTED"]},"doc":"Outcome"},{"name":"code","type":["null","string"],"default":null,"doc":"Why rejected, section 9.3"},{"name":"message","type":["null","string"],"default":null,"doc":"For people"},{"name":"shadowVersion","type":["null","long"],"default":null,"doc":"SET_DESIRED accepted: new version; VERSION_CONFLICT: current one"},{"name":"versionNumber","type":["null","long"],"default":null,"doc":"CANCEL_JOB_EXECUTION accepted: new version; VERSION_CONFLICT: current one"},{"name":"executionId","type":["null","string"],"default":null,"doc":"Command operations, when accepted"},{"name":"jobId","type":["null","string"],"default":null,"doc":"Job operations, when accepted"},{"name":"duplicate","type":"boolean","default":false,"doc":"true: repeats the answer to an earlier request with this requestId"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When answered"}]}`
