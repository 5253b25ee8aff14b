// Made from schemas/PresenceEvent.avsc by scripts/records.ts. Do not edit.

export type PresenceStatus = 'UNKNOWN' | 'ONLINE' | 'OFFLINE'

export type TimeSource = 'UNKNOWN' | 'PAYLOAD_OFFSET' | 'PAYLOAD_EPOCH' | 'DEVICE_ZONE' | 'DEFAULT_ZONE' | 'BRIDGE_CLOCK' | 'BROKER_CLOCK'

export type PresenceReason = 'UNKNOWN' | 'DEVICE_REPORT' | 'DEVICE_OR_WILL' | 'LAST_WILL' | 'BROKER_EVENT' | 'RETAINED_SNAPSHOT' | 'STALE_TIMEOUT'

/** Latest known connection state of one device. Compacted topic, key = deviceSn. */
export interface PresenceEvent {
  /** Random id of this observation. */
  readonly eventId: string
  /** Device serial number; also the Kafka key. */
  readonly deviceSn: string
  /** Connection state. */
  readonly status: PresenceStatus
  /** Bridge clock when the report arrived, or the broker's clock for BROKER_EVENT. Never the device clock. */
  readonly statusTime: number
  /** Instant the bridge received the message. */
  readonly ingestTime: number
  /** How statusTime was resolved. */
  readonly timeSource: TimeSource
  /** What told the bridge. */
  readonly reason: PresenceReason
  /** Reason text from the device or broker, for example keepalive_timeout. */
  readonly reasonRaw: string | null
  /** Time inside the payload. In a last will this is the connect time, not the disconnect time. */
  readonly deviceTime: number | null
  /** deviceTime minus ingestTime for live online reports. */
  readonly clockSkewMillis: number | null
  /** Firmware text reported by the device. */
  readonly firmwareVersion: string | null
  /** 0 to 100. */
  readonly batteryPercent: number | null
  /** Punches still stored on the device and not sent. */
  readonly pendingRecords: number | null
  /** Owner of the device, when known. */
  readonly tenantId: string | null
  /** Quality marks. */
  readonly flags: readonly string[]
  /** Allow-listed extra scalars. */
  readonly attributes: Readonly<Record<string, string>>
}

/** The schema as registered. */
export const presenceEventSchema =
  `{"type":"record","name":"PresenceEvent","namespace":"cams.bridge.v1","doc":"Latest known connection state of one device. Compacted topic, key = deviceSn.","fields":[{"name":"eventId","type":{"type":"string","logicalType":"uuid"},"doc":"Random id of this observation."},{"name":"deviceSn","type":"string","doc":"Device serial number; also the Kafka key."},{"name":"status","type":{"type":"enum","name":"PresenceStatus","symbols":["UNKNOWN","ONLINE","OFFLINE"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"Connection state."},{"name":"statusTime","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Bridge clock when the report arrived, or the broker's clock for BROKER_EVENT. Never the device clock."},{"name":"ingestTime","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Instant the bridge received the message."},{"name":"timeSource","type":{"type":"enum","name":"TimeSource","symbols":["UNKNOWN","PAYLOAD_OFFSET","PAYLOAD_EPOCH","DEVICE_ZONE","DEFAULT_ZONE","BRIDGE_CLOCK","BROKER_CLOCK"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"How statusTime was resolved."},{"name":"reason","type":{"type":"enum","name":"PresenceReason","symbols":["UNKNOWN","DEVICE_REPORT","DEVICE_OR_WILL","LAST_WILL","BROKER_EVENT","RETAINED_SNAPSHOT","STALE_TIMEOUT"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"What told the bridge."},{"name":"reasonRaw","type":["null","string"],"default":null,"doc":"Reason text from the device or broker, for example keepalive_timeout."},{"name":"deviceTime","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Time inside the payload. In a last will this is the connect time, not the disconnect time."},{"name":"clockSkewMillis","type":["null","long"],"default":null,"doc":"deviceTime minus ingestTime for live online reports."},{"name":"firmwareVersion","type":["null","string"],"default":null,"doc":"Firmware text reported by the device."},{"name":"batteryPercent","type":["null","int"],"default":null,"doc":"0 to 100."},{"name":"pendingRecords","type":["null","int"],"default":null,"doc":"Punches still stored on the device and not sent."},{"name":"tenantId","type":["null","string"],"default":null,"doc":"Owner of the device, when known."},{"name":"flags","type":{"type":"array","items":"string"},"default":[],"doc":"Quality marks."},{"name":"attributes","type":{"type":"map","values":"string"},"default":{},"doc":"Allow-listed extra scalars."}]}`
