// Made from schemas/FleetDeadLetter.avsc by scripts/records.ts. Do not edit.

/** An input that could not be used. */
export interface FleetDeadLetter {
  /** MQTT or Kafka topic it came from */
  readonly sourceTopic: string
  /** Why */
  readonly code: string
  /** For people */
  readonly message: string | null
  /** Original bytes, the first 64 KiB */
  readonly payload: Buffer
  /** When refused */
  readonly occurredAt: number
}

/** The schema as registered. */
export const fleetDeadLetterSchema =
  `{"type":"record","name":"DeadLetter","namespace":"fleet.bridge.v1","doc":"An input that could not be used.","fields":[{"name":"sourceTopic","type":"string","doc":"MQTT or Kafka topic it came from"},{"name":"code","type":"string","doc":"Why"},{"name":"message","type":["null","string"],"default":null,"doc":"For people"},{"name":"payload","type":"bytes","doc":"Original bytes, the first 64 KiB"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When refused"}]}`
