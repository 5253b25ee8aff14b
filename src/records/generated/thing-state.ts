// Made from schemas/ThingState.avsc by scripts/records.ts. Do not edit.

export interface RememberedRequest {
  /** MQTT topic of the request */
  readonly topic: string
  /** SHA-256 of its payload bytes, 64 small hexadecimal digits */
  readonly digest: string
  /** Version of shadow or execution after it */
  readonly version: number
  /** Job updates: details after it */
  readonly statusDetailsJson: string | null
  /** When accepted */
  readonly acceptedAt: number
}

/** Accepted lock-bearing requests of a thing that are still remembered, oldest first. */
export interface ThingState {
  /** Equals the key */
  readonly thingName: string
  /** At most 16 */
  readonly remembered: readonly RememberedRequest[]
  /** When written */
  readonly updatedAt: number
}

/** The schema as registered. */
export const thingStateSchema =
  `{"type":"record","name":"ThingState","namespace":"fleet.bridge.v1","doc":"Accepted lock-bearing requests of a thing that are still remembered, oldest first.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"remembered","type":{"type":"array","items":{"type":"record","name":"RememberedRequest","fields":[{"name":"topic","type":"string","doc":"MQTT topic of the request"},{"name":"digest","type":"string","doc":"SHA-256 of its payload bytes, 64 small hexadecimal digits"},{"name":"version","type":"long","doc":"Version of shadow or execution after it"},{"name":"statusDetailsJson","type":["null","string"],"default":null,"doc":"Job updates: details after it"},{"name":"acceptedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When accepted"}]}},"default":[],"doc":"At most 16"},{"name":"updatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When written"}]}`
