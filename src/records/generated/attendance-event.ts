// Made from schemas/AttendanceEvent.avsc by scripts/records.ts. Do not edit.

export type TimeSource = 'UNKNOWN' | 'PAYLOAD_OFFSET' | 'PAYLOAD_EPOCH' | 'DEVICE_ZONE' | 'DEFAULT_ZONE' | 'BRIDGE_CLOCK' | 'BROKER_CLOCK'

export type AttendanceState = 'UNKNOWN' | 'CHECK_IN' | 'CHECK_OUT' | 'BREAK_OUT' | 'BREAK_IN' | 'OVERTIME_IN' | 'OVERTIME_OUT' | 'MEAL_OUT' | 'MEAL_IN'

export type VerifyMethod = 'UNKNOWN' | 'FINGERPRINT' | 'FACE' | 'PALM' | 'IRIS' | 'VEIN' | 'CARD' | 'PASSWORD' | 'QR_CODE' | 'MOBILE' | 'MULTI_FACTOR' | 'OTHER'

export interface GeoPoint {
  readonly latitude: number
  readonly longitude: number
  readonly accuracyMeters: number | null
}

export type Transport = 'UNKNOWN' | 'MQTT' | 'HTTP' | 'TCP'

/** One punch reported by one time-attendance device. At-least-once: consumers drop repeats by eventId. */
export interface AttendanceEvent {
  /** UUIDv5 of deviceSn, userId, device time key and raw state. Same punch sent twice gives the same id. */
  readonly eventId: string
  /** Device serial number from the MQTT topic; also the Kafka key. */
  readonly deviceSn: string
  /** Device-local user id, or its pseudonym when pseudonymisation is on. Leading zeros kept. Not unique across tenants. */
  readonly userId: string
  /** HMAC key version when userId is a pseudonym, null when userId is the device's own value. */
  readonly userIdKeyVersion: number | null
  /** Instant of the punch in UTC, from the device clock. */
  readonly eventTime: number
  /** Instant the bridge received the MQTT message, from the bridge clock. */
  readonly ingestTime: number
  /** How eventTime was resolved. */
  readonly timeSource: TimeSource
  /** Wall-clock date-time on the device, ISO 8601 without zone. Null when the device sent an epoch number. */
  readonly deviceLocalTime: string | null
  /** Offset used to turn deviceLocalTime into eventTime. Null for epoch input. */
  readonly utcOffsetMinutes: number | null
  /** IANA zone used when the payload had no offset. */
  readonly timeZone: string | null
  /** att_time as text exactly as sent, cut to 64 characters. */
  readonly timeRaw: string
  /** Mapped punch direction. UNKNOWN is common: many devices never ask the user. */
  readonly state: AttendanceState
  /** att_state as text exactly as sent. */
  readonly stateRaw: string | null
  /** Mapped identification method. */
  readonly verifyMethod: VerifyMethod
  /** input_type as text exactly as sent. */
  readonly verifyRaw: string | null
  /** Job or work code keyed in at the device. */
  readonly workCode: string | null
  /** Record number given by the device, if any. Not part of eventId. */
  readonly deviceRecordId: string | null
  /** Mask detected. Null when not checked. */
  readonly maskWorn: boolean | null
  /** Body temperature. Health data: filled only when the deployment opts in. */
  readonly temperatureCelsius: number | null
  /** Punch position for mobile devices. Filled only when the deployment opts in. */
  readonly location: GeoPoint | null
  /** Zero-based position when the punch came inside an array. */
  readonly batchIndex: number | null
  /** Number of items in that array. */
  readonly batchSize: number | null
  /** Engine the punch came through. */
  readonly transport: Transport
  /** Owner of the device, when the device registry knows it. */
  readonly tenantId: string | null
  /** Quality marks, see the flag table. Unknown flags are to be ignored. */
  readonly flags: readonly string[]
  /** Allow-listed extra scalars from the payload. Never names, photos, templates or card numbers. */
  readonly attributes: Readonly<Record<string, string>>
}

/** The schema as registered. */
export const attendanceEventSchema =
  `{"type":"record","name":"AttendanceEvent","namespace":"cams.bridge.v1","doc":"One punch reported by one time-attendance device. At-least-once: consumers drop repeats by eventId.","fields":[{"name":"eventId","type":{"type":"string","logicalType":"uuid"},"doc":"UUIDv5 of deviceSn, userId, device time key and raw state. Same punch sent twice gives the same id."},{"name":"deviceSn","type":"string","doc":"Device serial number from the MQTT topic; also the Kafka key."},{"name":"userId","type":"string","doc":"Device-local user id, or its pseudonym when pseudonymisation is on. Leading zeros kept. Not unique across tenants."},{"name":"userIdKeyVersion","type":["null","int"],"default":null,"doc":"HMAC key version when userId is a pseudonym, null when userId is the device's own value."},{"name":"eventTime","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Instant of the punch in UTC, from the device clock."},{"name":"ingestTime","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Instant the bridge received the MQTT message, from the bridge clock."},{"name":"timeSource","type":{"type":"enum","name":"TimeSource","symbols":["UNKNOWN","PAYLOAD_OFFSET","PAYLOAD_EPOCH","DEVICE_ZONE","DEFAULT_ZONE","BRIDGE_CLOCK","BROKER_CLOCK"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"How eventTime was resolved."},{"name":"deviceLocalTime","type":["null","string"],"default":null,"doc":"Wall-clock date-time on the device, ISO 8601 without zone. Null when the device sent an epoch number."},{"name":"utcOffsetMinutes","type":["null","int"],"default":null,"doc":"Offset used to turn deviceLocalTime into eventTime. Null for epoch input."},{"name":"timeZone","type":["null","string"],"default":null,"doc":"IANA zone used when the payload had no offset."},{"name":"timeRaw","type":"string","default":"","doc":"att_time as text exactly as sent, cut to 64 characters."},{"name":"state","type":{"type":"enum","name":"AttendanceState","symbols":["UNKNOWN","CHECK_IN","CHECK_OUT","BREAK_OUT","BREAK_IN","OVERTIME_IN","OVERTIME_OUT","MEAL_OUT","MEAL_IN"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"Mapped punch direction. UNKNOWN is common: many devices never ask the user."},{"name":"stateRaw","type":["null","string"],"default":null,"doc":"att_state as text exactly as sent."},{"name":"verifyMethod","type":{"type":"enum","name":"VerifyMethod","symbols":["UNKNOWN","FINGERPRINT","FACE","PALM","IRIS","VEIN","CARD","PASSWORD","QR_CODE","MOBILE","MULTI_FACTOR","OTHER"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"Mapped identification method."},{"name":"verifyRaw","type":["null","string"],"default":null,"doc":"input_type as text exactly as sent."},{"name":"workCode","type":["null","string"],"default":null,"doc":"Job or work code keyed in at the device."},{"name":"deviceRecordId","type":["null","string"],"default":null,"doc":"Record number given by the device, if any. Not part of eventId."},{"name":"maskWorn","type":["null","boolean"],"default":null,"doc":"Mask detected. Null when not checked."},{"name":"temperatureCelsius","type":["null","double"],"default":null,"doc":"Body temperature. Health data: filled only when the deployment opts in."},{"name":"location","type":["null",{"type":"record","name":"GeoPoint","fields":[{"name":"latitude","type":"double"},{"name":"longitude","type":"double"},{"name":"accuracyMeters","type":["null","double"],"default":null}]}],"default":null,"doc":"Punch position for mobile devices. Filled only when the deployment opts in."},{"name":"batchIndex","type":["null","int"],"default":null,"doc":"Zero-based position when the punch came inside an array."},{"name":"batchSize","type":["null","int"],"default":null,"doc":"Number of items in that array."},{"name":"transport","type":{"type":"enum","name":"Transport","symbols":["UNKNOWN","MQTT","HTTP","TCP"],"default":"UNKNOWN"},"default":"UNKNOWN","doc":"Engine the punch came through."},{"name":"tenantId","type":["null","string"],"default":null,"doc":"Owner of the device, when the device registry knows it."},{"name":"flags","type":{"type":"array","items":"string"},"default":[],"doc":"Quality marks, see the flag table. Unknown flags are to be ignored."},{"name":"attributes","type":{"type":"map","values":"string"},"default":{},"doc":"Allow-listed extra scalars from the payload. Never names, photos, templates or card numbers."}]}`
