// Made from schemas/JobInboxRecord.avsc by scripts/records.ts. Do not edit.

export type JobInboxKind = 'EXECUTION_CHANGED' | 'EXECUTION_ANSWER'

/** What the thing side tells the job side. */
export interface JobInboxRecord {
  /** Equals the key */
  readonly jobId: string
  /** requestId of the CREATE_JOB; a record of another incarnation is dropped */
  readonly jobRequestId: string
  /** Status changed, or answer to a CANCEL_EXECUTION */
  readonly kind: JobInboxKind
  /** Whose execution */
  readonly thingName: string
  /** Status before; null on queueing */
  readonly previousStatus: string | null
  /** Status after */
  readonly status: string | null
  /** Version after, or current version of a refusal */
  readonly versionNumber: number | null
  /** EXECUTION_ANSWER */
  readonly requestId: string | null
  /** EXECUTION_ANSWER: result code when refused */
  readonly code: string | null
  /** When decided */
  readonly occurredAt: number
}

/** The schema as registered. */
export const jobInboxRecordSchema =
  `{"type":"record","name":"JobInboxRecord","namespace":"fleet.bridge.v1","doc":"What the thing side tells the job side.","fields":[{"name":"jobId","type":"string","doc":"Equals the key"},{"name":"jobRequestId","type":"string","doc":"requestId of the CREATE_JOB; a record of another incarnation is dropped"},{"name":"kind","type":{"type":"enum","name":"JobInboxKind","symbols":["EXECUTION_CHANGED","EXECUTION_ANSWER"]},"doc":"Status changed, or answer to a CANCEL_EXECUTION"},{"name":"thingName","type":"string","doc":"Whose execution"},{"name":"previousStatus","type":["null","string"],"default":null,"doc":"Status before; null on queueing"},{"name":"status","type":["null","string"],"default":null,"doc":"Status after"},{"name":"versionNumber","type":["null","long"],"default":null,"doc":"Version after, or current version of a refusal"},{"name":"requestId","type":["null","string"],"default":null,"doc":"EXECUTION_ANSWER"},{"name":"code","type":["null","string"],"default":null,"doc":"EXECUTION_ANSWER: result code when refused"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When decided"}]}`
