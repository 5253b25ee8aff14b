// Made from schemas/DeviceInfo.avsc by scripts/records.ts. Do not edit.

/** What the operator knows about one device. Compacted topic, key = deviceSn; a tombstone removes it. */
export interface DeviceInfo {
  /** IANA zone of the device clock. */
  readonly timeZone: string | null
  /** Owner of the device. */
  readonly tenantId: string | null
  /** Device model, selects a state map. */
  readonly model: string | null
  /** att_state text to AttendanceState symbol, for this device only. */
  readonly stateMap: Readonly<Record<string, string>> | null
}

/** The schema as registered. */
export const deviceInfoSchema =
  `{"type":"record","name":"DeviceInfo","namespace":"cams.bridge.v1","doc":"What the operator knows about one device. Compacted topic, key = deviceSn; a tombstone removes it.","fields":[{"name":"timeZone","type":["null","string"],"default":null,"doc":"IANA zone of the device clock."},{"name":"tenantId","type":["null","string"],"default":null,"doc":"Owner of the device."},{"name":"model","type":["null","string"],"default":null,"doc":"Device model, selects a state map."},{"name":"stateMap","type":["null",{"type":"map","values":"string"}],"default":null,"doc":"att_state text to AttendanceState symbol, for this device only."}]}`
