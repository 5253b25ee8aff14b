// Made from schemas/DeadLetter.avsc by scripts/records.ts. Do not edit.

/** One message, one item of a batch or one command value that could not be turned into a record. */
export interface DeadLetter {
  /** UUIDv5 of topic, payload digest, ingest time and batch index. */
  readonly eventId: string
  /** Stable code from the reason table. A string so new codes never break readers. */
  readonly reasonCode: string
  /** Member name, byte offset or limit. Never a member value. */
  readonly reasonDetail: string | null
  /** TOPIC, DECODE, PARSE, VALIDATE, ENCODE or PRODUCE. */
  readonly stage: string
  /** Topic as received, control characters escaped, cut to 512 characters. */
  readonly mqttTopic: string
  /** Serial from the topic when it passed validation. */
  readonly deviceSn: string | null
  /** Bytes of the message or item, redacted. Null when privacy forbids keeping them. */
  readonly payload: Buffer | null
  /** Size of the original in bytes. */
  readonly payloadSize: number
  /** Lower-case hex digest of the original bytes. */
  readonly payloadSha256: string
  /** True when payload is only the first part. */
  readonly payloadTruncated: boolean
  /** True when members were cut out or the payload was withheld. */
  readonly payloadRedacted: boolean
  /** Position of the bad item in its array. */
  readonly batchIndex: number | null
  /** Number of items in that array. */
  readonly batchSize: number | null
  /** QoS of the MQTT delivery. */
  readonly qos: number
  /** Retain flag of the MQTT delivery. */
  readonly retained: boolean
  /** DUP flag of the MQTT delivery. */
  readonly duplicate: boolean
  /** When the bridge received the message. */
  readonly ingestTime: number
  /** Version of the bridge that rejected it, for replay decisions. */
  readonly bridgeVersion: string
}

/** The schema as registered. */
export const deadLetterSchema =
  `{"type":"record","name":"DeadLetter","namespace":"cams.bridge.v1","doc":"One message, one item of a batch or one command value that could not be turned into a record.","fields":[{"name":"eventId","type":{"type":"string","logicalType":"uuid"},"doc":"UUIDv5 of topic, payload digest, ingest time and batch index."},{"name":"reasonCode","type":"string","doc":"Stable code from the reason table. A string so new codes never break readers."},{"name":"reasonDetail","type":["null","string"],"default":null,"doc":"Member name, byte offset or limit. Never a member value."},{"name":"stage","type":"string","doc":"TOPIC, DECODE, PARSE, VALIDATE, ENCODE or PRODUCE."},{"name":"mqttTopic","type":"string","doc":"Topic as received, control characters escaped, cut to 512 characters."},{"name":"deviceSn","type":["null","string"],"default":null,"doc":"Serial from the topic when it passed validation."},{"name":"payload","type":["null","bytes"],"default":null,"doc":"Bytes of the message or item, redacted. Null when privacy forbids keeping them."},{"name":"payloadSize","type":"int","doc":"Size of the original in bytes."},{"name":"payloadSha256","type":"string","doc":"Lower-case hex digest of the original bytes."},{"name":"payloadTruncated","type":"boolean","default":false,"doc":"True when payload is only the first part."},{"name":"payloadRedacted","type":"boolean","default":false,"doc":"True when members were cut out or the payload was withheld."},{"name":"batchIndex","type":["null","int"],"default":null,"doc":"Position of the bad item in its array."},{"name":"batchSize","type":["null","int"],"default":null,"doc":"Number of items in that array."},{"name":"qos","type":"int","default":0,"doc":"QoS of the MQTT delivery."},{"name":"retained","type":"boolean","default":false,"doc":"Retain flag of the MQTT delivery."},{"name":"duplicate","type":"boolean","default":false,"doc":"DUP flag of the MQTT delivery."},{"name":"ingestTime","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the bridge received the message."},{"name":"bridgeVersion","type":"string","default":"","doc":"Version of the bridge that rejected it, for replay decisions."}]}`
