// Made from schemas/PresenceRecord.avsc by scripts/records.ts. Do not edit.

/** Whether a thing is connected. */
export interface PresenceRecord {
  /** Equals the key */
  readonly thingName: string
  /** Client id of the event */
  readonly mqttClientId: string
  /** Connected */
  readonly online: boolean
  /** Start of the latest known connection, by the broker */
  readonly connectedAt: number | null
  /** Its end; null while online */
  readonly disconnectedAt: number | null
  /** Why it ended, by the broker */
  readonly reason: string | null
  /** When decided */
  readonly occurredAt: number
}

/** The schema as registered. */
export const presenceRecordSchema =
  `{"type":"record","name":"PresenceRecord","namespace":"fleet.bridge.v1","doc":"Whether a thing is connected.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"mqttClientId","type":"string","doc":"Client id of the event"},{"name":"online","type":"boolean","doc":"Connected"},{"name":"connectedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Start of the latest known connection, by the broker"},{"name":"disconnectedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Its end; null while online"},{"name":"reason","type":["null","string"],"default":null,"doc":"Why it ended, by the broker"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When decided"}]}`
