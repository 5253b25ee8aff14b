// Made from schemas/CommandExecution.avsc by scripts/records.ts. Do not edit.

/** A command execution after a change, or a late response to it. */
export interface CommandExecution {
  /** Execution */
  readonly executionId: string
  /** requestId of the SEND_COMMAND */
  readonly commandId: string
  /** Thing */
  readonly thingName: string
  /** As given */
  readonly action: string
  /** Section 6.1 */
  readonly status: string
  /** DEVICE, NO_SUBSCRIBER, PUBLISH_REFUSED, NO_RESPONSE, OPERATOR, THING_REMOVED, LATE_RESPONSE; null with SENT */
  readonly reason: string | null
  /** LATE_RESPONSE: what the device said */
  readonly reportedStatus: string | null
  /** Result of the response, as JSON text */
  readonly resultJson: string | null
  /** As given, or the default */
  readonly ttlSeconds: number
  /** When decided */
  readonly sentAt: number
  /** sentAt plus ttl */
  readonly deadline: number
  /** Time of this change */
  readonly occurredAt: number
}

/** The schema as registered. */
export const commandExecutionSchema =
  `{"type":"record","name":"CommandExecution","namespace":"fleet.bridge.v1","doc":"A command execution after a change, or a late response to it.","fields":[{"name":"executionId","type":"string","doc":"Execution"},{"name":"commandId","type":"string","doc":"requestId of the SEND_COMMAND"},{"name":"thingName","type":"string","doc":"Thing"},{"name":"action","type":"string","doc":"As given"},{"name":"status","type":"string","doc":"Section 6.1"},{"name":"reason","type":["null","string"],"default":null,"doc":"DEVICE, NO_SUBSCRIBER, PUBLISH_REFUSED, NO_RESPONSE, OPERATOR, THING_REMOVED, LATE_RESPONSE; null with SENT"},{"name":"reportedStatus","type":["null","string"],"default":null,"doc":"LATE_RESPONSE: what the device said"},{"name":"resultJson","type":["null","string"],"default":null,"doc":"Result of the response, as JSON text"},{"name":"ttlSeconds","type":"int","doc":"As given, or the default"},{"name":"sentAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When decided"},{"name":"deadline","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"sentAt plus ttl"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Time of this change"}]}`
