// Made from schemas/DeviceEvent.avsc by scripts/records.ts. Do not edit.

/** An event of a device. */
export interface DeviceEvent {
  /** Equals the key */
  readonly thingName: string
  /** Type */
  readonly eventType: string
  /** info, warn or error */
  readonly severity: string
  /** Data as JSON text; {} when none */
  readonly dataJson: string
  /** When it happened */
  readonly timestamp: number
  /** device, broker or broker_implausible */
  readonly timestampSource: string
  /** When the bridge received it */
  readonly ingestedAt: number
}

/** The schema as registered. */
export const deviceEventSchema =
  `{"type":"record","name":"DeviceEvent","namespace":"fleet.bridge.v1","doc":"An event of a device.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"eventType","type":"string","doc":"Type"},{"name":"severity","type":"string","doc":"info, warn or error"},{"name":"dataJson","type":"string","doc":"Data as JSON text; {} when none"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it happened"},{"name":"timestampSource","type":"string","doc":"device, broker or broker_implausible"},{"name":"ingestedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the bridge received it"}]}`
