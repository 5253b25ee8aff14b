// Made from schemas/ShadowState.avsc by scripts/records.ts. Do not edit.

/** The current shadow of a thing. Tombstone: no shadow. */
export interface ShadowState {
  /** Equals the key */
  readonly thingName: string
  /** From 1 */
  readonly version: number
  /** Section as JSON text */
  readonly reportedJson: string
  /** Section as JSON text */
  readonly desiredJson: string
  /** Delta as JSON text; {} when none */
  readonly deltaJson: string
  /** JSON text with the members reported and desired, each mirroring its section */
  readonly metadataJson: string
  /** Delta last published; {} when cleared */
  readonly lastPublishedDeltaJson: string
  /** Time of the last accepted write */
  readonly updatedAt: number
}

/** The schema as registered. */
export const shadowStateSchema =
  `{"type":"record","name":"ShadowState","namespace":"fleet.bridge.v1","doc":"The current shadow of a thing. Tombstone: no shadow.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"version","type":"long","doc":"From 1"},{"name":"reportedJson","type":"string","doc":"Section as JSON text"},{"name":"desiredJson","type":"string","doc":"Section as JSON text"},{"name":"deltaJson","type":"string","doc":"Delta as JSON text; {} when none"},{"name":"metadataJson","type":"string","doc":"JSON text with the members reported and desired, each mirroring its section"},{"name":"lastPublishedDeltaJson","type":"string","doc":"Delta last published; {} when cleared"},{"name":"updatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Time of the last accepted write"}]}`
