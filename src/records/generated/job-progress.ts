// Made from schemas/JobProgress.avsc by scripts/records.ts. Do not edit.

/** Counts of a job; written whenever one changes. */
export interface JobProgress {
  /** Equals the key */
  readonly jobId: string
  /** Fan-out under way: QUEUE, CANCEL, CANCEL_FORCED or REMOVE; null when none */
  readonly fanOut: string | null
  /** How many of the targets, each counted once, the last fan-out has reached */
  readonly fannedOut: number
  /** Number of executions; null until fan-out is complete */
  readonly executionsTotal: number | null
  /** Executions by status; statuses without any are left out */
  readonly counts: Readonly<Record<string, number>>
  /** requestIds handed to the thing side and not answered yet */
  readonly openRequests: readonly string[]
  /** Time of this change */
  readonly occurredAt: number
}

/** The schema as registered. */
export const jobProgressSchema =
  `{"type":"record","name":"JobProgress","namespace":"fleet.bridge.v1","doc":"Counts of a job; written whenever one changes.","fields":[{"name":"jobId","type":"string","doc":"Equals the key"},{"name":"fanOut","type":["null","string"],"default":null,"doc":"Fan-out under way: QUEUE, CANCEL, CANCEL_FORCED or REMOVE; null when none"},{"name":"fannedOut","type":"int","default":0,"doc":"How many of the targets, each counted once, the last fan-out has reached"},{"name":"executionsTotal","type":["null","int"],"default":null,"doc":"Number of executions; null until fan-out is complete"},{"name":"counts","type":{"type":"map","values":"int"},"default":{},"doc":"Executions by status; statuses without any are left out"},{"name":"openRequests","type":{"type":"array","items":"string"},"default":[],"doc":"requestIds handed to the thing side and not answered yet"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Time of this change"}]}`
