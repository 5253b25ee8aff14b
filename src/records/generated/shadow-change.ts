// Made from schemas/ShadowChange.avsc by scripts/records.ts. Do not edit.

export type ShadowSection = 'REPORTED' | 'DESIRED'

/** One accepted write to a shadow. */
export interface ShadowChange {
  /** Equals the key */
  readonly thingName: string
  /** After the write */
  readonly version: number
  /** Which section; REPORTED is written by the device, DESIRED by the operator */
  readonly section: ShadowSection
  /** The write as sent, as JSON text; the text null empties the section */
  readonly patchJson: string
  /** Delta after the write */
  readonly deltaJson: string
  /** Of the device, or the requestId */
  readonly clientToken: string | null
  /** When applied */
  readonly occurredAt: number
}

/** The schema as registered. */
export const shadowChangeSchema =
  `{"type":"record","name":"ShadowChange","namespace":"fleet.bridge.v1","doc":"One accepted write to a shadow.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"version","type":"long","doc":"After the write"},{"name":"section","type":{"type":"enum","name":"ShadowSection","symbols":["REPORTED","DESIRED"]},"doc":"Which section; REPORTED is written by the device, DESIRED by the operator"},{"name":"patchJson","type":"string","doc":"The write as sent, as JSON text; the text null empties the section"},{"name":"deltaJson","type":"string","doc":"Delta after the write"},{"name":"clientToken","type":["null","string"],"default":null,"doc":"Of the device, or the requestId"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When applied"}]}`
