// Made from schemas/InboxRecord.avsc by scripts/records.ts. Do not edit.

export type InboxKind = 'DEVICE_MESSAGE' | 'PRESENCE' | 'JOB_TASK' | 'TIMER' | 'PUBLISH_RESULT'

export type JobTask = 'QUEUE_EXECUTION' | 'CANCEL_EXECUTION' | 'REMOVE_EXECUTION'

/** One input of one thing. Which members are set follows from kind. */
export interface InboxRecord {
  /** Equals the key */
  readonly thingName: string
  /** What happened */
  readonly kind: InboxKind
  /** When the bridge received or made it; ingestion time of an event */
  readonly receivedAt: number
  /** MQTT topic (DEVICE_MESSAGE, PRESENCE) */
  readonly topic: string | null
  /** MQTT payload, unchanged */
  readonly payload: Buffer | null
  /** Retain flag as received */
  readonly retain: boolean
  /** DUP flag as received; says nothing about the first hop */
  readonly dup: boolean
  /** MQTT 5 user properties */
  readonly userProperties: Readonly<Record<string, string>>
  /** Work from the job side (JOB_TASK) */
  readonly task: JobTask | null
  /** JOB_TASK; TIMER of a job execution */
  readonly jobId: string | null
  /** requestId of the CREATE_JOB: tells a re-created job from its predecessor */
  readonly jobRequestId: string | null
  /** QUEUE_EXECUTION */
  readonly documentJson: string | null
  /** QUEUE_EXECUTION */
  readonly inProgressTimeoutInMinutes: number | null
  /** CANCEL_EXECUTION that someone waits for */
  readonly requestId: string | null
  /** CANCEL_EXECUTION */
  readonly force: boolean
  /** CANCEL_EXECUTION */
  readonly expectedVersion: number | null
  /** TIMER of a command; PUBLISH_RESULT */
  readonly executionId: string | null
  /** TIMER: the deadline that was due */
  readonly deadline: number | null
  /** PUBLISH_RESULT: reason code of the PUBACK */
  readonly reasonCode: number | null
}

/** The schema as registered. */
export const inboxRecordSchema =
  `{"type":"record","name":"InboxRecord","namespace":"fleet.bridge.v1","doc":"One input of one thing. Which members are set follows from kind.","fields":[{"name":"thingName","type":"string","doc":"Equals the key"},{"name":"kind","type":{"type":"enum","name":"InboxKind","symbols":["DEVICE_MESSAGE","PRESENCE","JOB_TASK","TIMER","PUBLISH_RESULT"]},"doc":"What happened"},{"name":"receivedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the bridge received or made it; ingestion time of an event"},{"name":"topic","type":["null","string"],"default":null,"doc":"MQTT topic (DEVICE_MESSAGE, PRESENCE)"},{"name":"payload","type":["null","bytes"],"default":null,"doc":"MQTT payload, unchanged"},{"name":"retain","type":"boolean","default":false,"doc":"Retain flag as received"},{"name":"dup","type":"boolean","default":false,"doc":"DUP flag as received; says nothing about the first hop"},{"name":"userProperties","type":{"type":"map","values":"string"},"default":{},"doc":"MQTT 5 user properties"},{"name":"task","type":["null",{"type":"enum","name":"JobTask","symbols":["QUEUE_EXECUTION","CANCEL_EXECUTION","REMOVE_EXECUTION"]}],"default":null,"doc":"Work from the job side (JOB_TASK)"},{"name":"jobId","type":["null","string"],"default":null,"doc":"JOB_TASK; TIMER of a job execution"},{"name":"jobRequestId","type":["null","string"],"default":null,"doc":"requestId of the CREATE_JOB: tells a re-created job from its predecessor"},{"name":"documentJson","type":["null","string"],"default":null,"doc":"QUEUE_EXECUTION"},{"name":"inProgressTimeoutInMinutes","type":["null","int"],"default":null,"doc":"QUEUE_EXECUTION"},{"name":"requestId","type":["null","string"],"default":null,"doc":"CANCEL_EXECUTION that someone waits for"},{"name":"force","type":"boolean","default":false,"doc":"CANCEL_EXECUTION"},{"name":"expectedVersion","type":["null","long"],"default":null,"doc":"CANCEL_EXECUTION"},{"name":"executionId","type":["null","string"],"default":null,"doc":"TIMER of a command; PUBLISH_RESULT"},{"name":"deadline","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"TIMER: the deadline that was due"},{"name":"reasonCode","type":["null","int"],"default":null,"doc":"PUBLISH_RESULT: reason code of the PUBACK"}]}`
