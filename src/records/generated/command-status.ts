// Made from schemas/CommandStatus.avsc by scripts/records.ts. Do not edit.

export type CommandState = 'UNKNOWN' | 'ACCEPTED' | 'REJECTED' | 'PUBLISHED' | 'NO_SUBSCRIBER' | 'WAITING' | 'DELIVERED' | 'SUCCEEDED' | 'FAILED' | 'EXPIRED' | 'CANCELLED'

/** One step in the life of one command. Key = deviceSn. */
export interface CommandStatus {
  /** UUIDv5 of commandId, deviceSn, status and attempt. */
  readonly eventId: string
  /** Id from the request, or the one the bridge made. */
  readonly commandId: string
  /** Target device; also the Kafka key. */
  readonly deviceSn: string
  /** Operation name. */
  readonly op: string
  /** Step reached. */
  readonly status: CommandState
  /** Bridge clock. */
  readonly statusTime: number
  /** Publish attempt number. */
  readonly attempt: number
  /** Bridge reason code, see the command table. */
  readonly errorCode: string | null
  /** Code from the device as text. */
  readonly deviceCode: string | null
  /** Short text for operators, no personal data. */
  readonly message: string | null
  /** JSON text returned by the device after redaction. */
  readonly result: string | null
  /** True when the command is sensitive: message and result of a reply stay null. */
  readonly sensitive: boolean
  /** Copied from the request. */
  readonly correlationId: string | null
}

/** The schema as registered. */
export const commandStatusSchema =
  `{"type":"record","name":"CommandStatus","namespace":"cams.bridge.v1","doc":"One step in the life of one command. Key = deviceSn.","fields":[{"name":"eventId","type":{"type":"string","logicalType":"uuid"},"doc":"UUIDv5 of commandId, deviceSn, status and attempt."},{"name":"commandId","type":"string","doc":"Id from the request, or the one the bridge made."},{"name":"deviceSn","type":"string","doc":"Target device; also the Kafka key."},{"name":"op","type":"string","default":"","doc":"Operation name."},{"name":"status","type":{"type":"enum","name":"CommandState","symbols":["UNKNOWN","ACCEPTED","REJECTED","PUBLISHED","NO_SUBSCRIBER","WAITING","DELIVERED","SUCCEEDED","FAILED","EXPIRED","CANCELLED"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"Step reached."},{"name":"statusTime","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Bridge clock."},{"name":"attempt","type":"int","default":1,"doc":"Publish attempt number."},{"name":"errorCode","type":["null","string"],"default":null,"doc":"Bridge reason code, see the command table."},{"name":"deviceCode","type":["null","string"],"default":null,"doc":"Code from the device as text."},{"name":"message","type":["null","string"],"default":null,"doc":"Short text for operators, no personal data."},{"name":"result","type":["null","string"],"default":null,"doc":"JSON text returned by the device after redaction."},{"name":"sensitive","type":"boolean","default":false,"doc":"True when the command is sensitive: message and result of a reply stay null."},{"name":"correlationId","type":["null","string"],"default":null,"doc":"Copied from the request."}]}`
