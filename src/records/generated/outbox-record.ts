// Made from schemas/OutboxRecord.avsc by scripts/records.ts. Do not edit.

/** One MQTT publication to send at QoS 1, not retained. */
export interface OutboxRecord {
  /** Equals the key */
  readonly thingName: string
  /** MQTT topic */
  readonly topic: string
  /** JSON in UTF-8 */
  readonly payload: Buffer
  /** Command requests: not published at or after this time; message expiry is the rest, rounded up to seconds */
  readonly expiresAt: number | null
  /** Command requests: whose PUBACK goes back to the inbox */
  readonly executionId: string | null
  /** When decided */
  readonly createdAt: number
}

/** The schema as registered. */
export const outboxRecordSchema =
  `{"type":"record","name":"OutboxRecord","namespace":"fleet.bridge.v1","doc":"One MQTT publication to send at QoS 1, not retained.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"topic","type":"string","doc":"MQTT topic"},{"name":"payload","type":"bytes","doc":"JSON in UTF-8"},{"name":"expiresAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Command requests: not published at or after this time; message expiry is the rest, rounded up to seconds"},{"name":"executionId","type":["null","string"],"default":null,"doc":"Command requests: whose PUBACK goes back to the inbox"},{"name":"createdAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When decided"}]}`
