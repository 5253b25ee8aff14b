// Made from schemas/CommandRequest.avsc by scripts/records.ts. Do not edit.

export type IfOffline = 'FAIL' | 'WAIT'

/** Ask the bridge to publish one command to one device. Key = deviceSn. */
export interface CommandRequest {
  /** Id put in the envelope. 1 to 16 letters or digits fits the strictest known device. Empty: the bridge makes one. */
  readonly commandId: string
  /** Target device. Empty: the record key. */
  readonly deviceSn: string
  /** Operation name. A string on purpose: devices ignore names they do not know. */
  readonly op: string
  /** JSON object text for the envelope's data member. Null: no data member. */
  readonly data: string | null
  /** True when data holds a template, photo, PIN or card number: never logged, never echoed. */
  readonly sensitive: boolean
  /** What to do when the broker knows no subscriber for the device. */
  readonly ifOffline: IfOffline
  /** When the caller asked; 0 when not said. For audit only. */
  readonly requestedAt: number
  /** Service or operator id for audit. */
  readonly requestedBy: string | null
  /** From this instant on the bridge must not publish; also sets the MQTT message expiry. */
  readonly expiresAt: number | null
  /** Copied to every CommandStatus. */
  readonly correlationId: string | null
}

/** The schema as registered. */
export const commandRequestSchema =
  `{"type":"record","name":"CommandRequest","namespace":"cams.bridge.v1","doc":"Ask the bridge to publish one command to one device. Key = deviceSn.","fields":[{"name":"commandId","type":"string","default":"","doc":"Id put in the envelope. 1 to 16 letters or digits fits the strictest known device. Empty: the bridge makes one."},{"name":"deviceSn","type":"string","default":"","doc":"Target device. Empty: the record key."},{"name":"op","type":"string","doc":"Operation name. A string on purpose: devices ignore names they do not know."},{"name":"data","type":["null","string"],"default":null,"doc":"JSON object text for the envelope's data member. Null: no data member."},{"name":"sensitive","type":"boolean","default":false,"doc":"True when data holds a template, photo, PIN or card number: never logged, never echoed."},{"name":"ifOffline","type":{"type":"enum","name":"IfOffline","symbols":["FAIL","WAIT"],"default":"FAIL"},"default":"FAIL","doc":"What to do when the broker knows no subscriber for the device."},{"name":"requestedAt","type":{"type":"long","logicalType":"timestamp-millis"},"default":0,"doc":"When the caller asked; 0 when not said. For audit only."},{"name":"requestedBy","type":["null","string"],"default":null,"doc":"Service or operator id for audit."},{"name":"expiresAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"From this instant on the bridge must not publish; also sets the MQTT message expiry."},{"name":"correlationId","type":["null","string"],"default":null,"doc":"Copied to every CommandStatus."}]}`
