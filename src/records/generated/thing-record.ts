// Made from schemas/ThingRecord.avsc by scripts/records.ts. Do not edit.

/** A registered thing, written by the operator. Tombstone: unregistered. */
export interface ThingRecord {
  /** Equals the key */
  readonly thingName: string
  /** Client id under which the device connects; not empty, best unique */
  readonly mqttClientId: string
  /** UUID of the thing, if it has one */
  readonly thingId: string | null
  /** Name of its type */
  readonly thingType: string | null
  /** Names of its groups */
  readonly groups: readonly string[]
  /** Free tags */
  readonly tags: Readonly<Record<string, string>>
  /** For people */
  readonly description: string | null
}

/** The schema as registered. */
export const thingRecordSchema =
  `{"type":"record","name":"ThingRecord","namespace":"fleet.bridge.v1","doc":"A registered thing, written by the operator. Tombstone: unregistered.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"mqttClientId","type":"string","doc":"Client id under which the device connects; not empty, best unique"},{"name":"thingId","type":["null","string"],"default":null,"doc":"UUID of the thing, if it has one"},{"name":"thingType","type":["null","string"],"default":null,"doc":"Name of its type"},{"name":"groups","type":{"type":"array","items":"string"},"default":[],"doc":"Names of its groups"},{"name":"tags","type":{"type":"map","values":"string"},"default":{},"doc":"Free tags"},{"name":"description","type":["null","string"],"default":null,"doc":"For people"}]}`
