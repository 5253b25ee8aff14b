// Made from schemas/JobExecution.avsc by scripts/records.ts. Do not edit.

/** A job execution after a change. */
export interface JobExecution {
  /** Job */
  readonly jobId: string
  /** Thing */
  readonly thingName: string
  /** requestId of the CREATE_JOB */
  readonly jobRequestId: string
  /** Section 7.2 */
  readonly status: string
  /** Version */
  readonly versionNumber: number
  /** 1 until retries exist */
  readonly executionNumber: number
  /** Details as JSON text */
  readonly statusDetailsJson: string
  /** DEVICE, TIMER, OPERATOR, JOB_DELETED, THING_REMOVED; null on queueing */
  readonly reason: string | null
  /** Job document; on the state topic only */
  readonly documentJson: string | null
  /** Order of queueing within the thing */
  readonly sequence: number
  /** When queued */
  readonly queuedAt: number
  /** When it left QUEUED through the device */
  readonly startedAt: number | null
  /** Last change of the version */
  readonly lastUpdatedAt: number
  /** Running step timer */
  readonly stepDeadline: number | null
  /** Of the job */
  readonly inProgressTimeoutInMinutes: number | null
  /** Running job timer */
  readonly inProgressDeadline: number | null
  /** Time of this change */
  readonly occurredAt: number
}

/** The schema as registered. */
export const jobExecutionSchema =
  `{"type":"record","name":"JobExecution","namespace":"fleet.bridge.v1","doc":"A job execution after a change.","fields":[{"name":"jobId","type":"string","doc":"Job"},{"name":"thingName","type":"string","doc":"Thing"},{"name":"jobRequestId","type":"string","doc":"requestId of the CREATE_JOB"},{"name":"status","type":"string","doc":"Section 7.2"},{"name":"versionNumber","type":"long","doc":"Version"},{"name":"executionNumber","type":"int","default":1,"doc":"1 until retries exist"},{"name":"statusDetailsJson","type":"string","default":"{}","doc":"Details as JSON text"},{"name":"reason","type":["null","string"],"default":null,"doc":"DEVICE, TIMER, OPERATOR, JOB_DELETED, THING_REMOVED; null on queueing"},{"name":"documentJson","type":["null","string"],"default":null,"doc":"Job document; on the state topic only"},{"name":"sequence","type":"long","doc":"Order of queueing within the thing"},{"name":"queuedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When queued"},{"name":"startedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"When it left QUEUED through the device"},{"name":"lastUpdatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Last change of the version"},{"name":"stepDeadline","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Running step timer"},{"name":"inProgressTimeoutInMinutes","type":["null","int"],"default":null,"doc":"Of the job"},{"name":"inProgressDeadline","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Running job timer"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Time of this change"}]}`
