// Made from schemas/JobState.avsc by scripts/records.ts. Do not edit.

export interface Targets {
  /** Things by name */
  readonly thingNames: readonly string[]
  /** Groups by name */
  readonly thingGroupNames: readonly string[]
}

export interface TimeoutConfig {
  /** 1 to 10080; absent: no limit */
  readonly inProgressTimeoutInMinutes: number | null
}

/** A job; written when its status changes. Tombstone: deleted. */
export interface JobState {
  /** Equals the key */
  readonly jobId: string
  /** Of the CREATE_JOB */
  readonly requestId: string
  /** For people */
  readonly name: string | null
  /** For people */
  readonly description: string | null
  /** IN_PROGRESS, COMPLETED or CANCELED */
  readonly status: string
  /** SNAPSHOT or CONTINUOUS */
  readonly targetSelection: string
  /** Job document as JSON text */
  readonly documentJson: string
  /** As requested */
  readonly targets: Targets
  /** As requested */
  readonly timeoutConfig: TimeoutConfig | null
  /** As requested */
  readonly requestedBy: string | null
  /** When accepted */
  readonly createdAt: number
  /** Time of this change */
  readonly occurredAt: number
}

/** The schema as registered. */
export const jobStateSchema =
  `{"type":"record","name":"JobState","namespace":"fleet.bridge.v1","doc":"A job; written when its status changes. Tombstone: deleted.","fields":[{"name":"jobId","type":"string","doc":"Equals the key"},{"name":"requestId","type":"string","doc":"Of the CREATE_JOB"},{"name":"name","type":["null","string"],"default":null,"doc":"For people"},{"name":"description","type":["null","string"],"default":null,"doc":"For people"},{"name":"status","type":"string","doc":"IN_PROGRESS, COMPLETED or CANCELED"},{"name":"targetSelection","type":"string","doc":"SNAPSHOT or CONTINUOUS"},{"name":"documentJson","type":"string","doc":"Job document as JSON text"},{"name":"targets","type":{"type":"record","name":"Targets","fields":[{"name":"thingNames","type":{"type":"array","items":"string"},"default":[],"doc":"Things by name"},{"name":"thingGroupNames","type":{"type":"array","items":"string"},"default":[],"doc":"Groups by name"}]},"doc":"As requested"},{"name":"timeoutConfig","type":["null",{"type":"record","name":"TimeoutConfig","fields":[{"name":"inProgressTimeoutInMinutes","type":["null","int"],"default":null,"doc":"1 to 10080; absent: no limit"}]}],"default":null,"doc":"As requested"},{"name":"requestedBy","type":["null","string"],"default":null,"doc":"As requested"},{"name":"createdAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When accepted"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Time of this change"}]}`
