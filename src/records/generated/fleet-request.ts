// Made from schemas/FleetRequest.avsc by scripts/records.ts. Do not edit.

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

/** A request of an operator. */
export interface FleetRequest {
  /** Operation, section 9.3 */
  readonly op: string
  /** 1 to 64 bytes; required, though nullable here */
  readonly requestId: string | null
  /** Thing */
  readonly thingName: string | null
  /** Job */
  readonly jobId: string | null
  /** Command execution */
  readonly executionId: string | null
  /** SET_DESIRED: JSON object, or the text null to empty the section */
  readonly desiredJson: string | null
  /** SET_DESIRED: expected shadow version; absent or 0: no check */
  readonly version: number | null
  /** SEND_COMMAND */
  readonly action: string | null
  /** SEND_COMMAND: JSON object */
  readonly paramsJson: string | null
  /** SEND_COMMAND: seconds */
  readonly ttl: number | null
  /** CREATE_JOB: JSON object */
  readonly documentJson: string | null
  /** CREATE_JOB */
  readonly targets: Targets | null
  /** CREATE_JOB: SNAPSHOT or CONTINUOUS */
  readonly targetSelection: string | null
  /** CREATE_JOB */
  readonly timeoutConfig: TimeoutConfig | null
  /** CREATE_JOB: for people */
  readonly name: string | null
  /** CREATE_JOB: for people */
  readonly description: string | null
  /** CANCEL_JOB, CANCEL_JOB_EXECUTION, DELETE_JOB */
  readonly force: boolean
  /** CANCEL_JOB_EXECUTION */
  readonly expectedVersion: number | null
  /** Who asks; stored, not interpreted */
  readonly requestedBy: string | null
}

/** The schema as registered. */
export const fleetRequestSchema =
  `{"type":"record","name":"FleetRequest","namespace":"fleet.bridge.v1","doc":"A request of an operator.","fields":[{"name":"op","type":"string","doc":"Operation, section 9.3"},{"name":"requestId","type":["null","string"],"default":null,"doc":"1 to 64 bytes; required, though nullable here"},{"name":"thingName","type":["null","string"],"default":null,"doc":"Thing"},{"name":"jobId","type":["null","string"],"default":null,"doc":"Job"},{"name":"executionId","type":["null","string"],"default":null,"doc":"Command execution"},{"name":"desiredJson","type":["null","string"],"default":null,"doc":"SET_DESIRED: JSON object, or the text null to empty the section"},{"name":"version","type":["null","long"],"default":null,"doc":"SET_DESIRED: expected shadow version; absent or 0: no check"},{"name":"action","type":["null","string"],"default":null,"doc":"SEND_COMMAND"},{"name":"paramsJson","type":["null","string"],"default":null,"doc":"SEND_COMMAND: JSON object"},{"name":"ttl","type":["null","int"],"default":null,"doc":"SEND_COMMAND: seconds"},{"name":"documentJson","type":["null","string"],"default":null,"doc":"CREATE_JOB: JSON object"},{"name":"targets","type":["null",{"type":"record","name":"Targets","fields":[{"name":"thingNames","type":{"type":"array","items":"string"},"default":[],"doc":"Things by name"},{"name":"thingGroupNames","type":{"type":"array","items":"string"},"default":[],"doc":"Groups by name"}]}],"default":null,"doc":"CREATE_JOB"},{"name":"targetSelection","type":["null","string"],"default":null,"doc":"CREATE_JOB: SNAPSHOT or CONTINUOUS"},{"name":"timeoutConfig","type":["null",{"type":"record","name":"TimeoutConfig","fields":[{"name":"inProgressTimeoutInMinutes","type":["null","int"],"default":null,"doc":"1 to 10080; absent: no limit"}]}],"default":null,"doc":"CREATE_JOB"},{"name":"name","type":["null","string"],"default":null,"doc":"CREATE_JOB: for people"},{"name":"description","type":["null","string"],"default":null,"doc":"CREATE_JOB: for people"},{"name":"force","type":"boolean","default":false,"doc":"CANCEL_JOB, CANCEL_JOB_EXECUTION, DELETE_JOB"},{"name":"expectedVersion","type":["null","long"],"default":null,"doc":"CANCEL_JOB_EXECUTION"},{"name":"requestedBy","type":["null","string"],"default":null,"doc":"Who asks; stored, not interpreted"}]}`
