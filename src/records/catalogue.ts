import type { SchemaName } from './generated/schemas.ts'

/** A channel is what the core calls a Kafka topic: its purpose. The topic's name is a setting, see topics.ts. */
export type ChannelName =
  | 'attendance'
  | 'presence'
  | 'command'
  | 'commandStatus'
  | 'commandReply'
  | 'device'
  | 'deadLetter'
  | 'thingRegistry'
  | 'apiKeyRegistry'
  | 'shadowRequests'
  | 'commandRequests'
  | 'jobRequests'
  | 'results'
  | 'shadowState'
  | 'shadowChanges'
  | 'commandExecutions'
  | 'jobExecutions'
  | 'jobState'
  | 'jobProgress'
  | 'fleetEvents'
  | 'fleetPresence'
  | 'fleetDeadLetter'
  | 'thingInbox'
  | 'jobInbox'
  | 'mqttOutbox'
  | 'thingState'
  | 'commandState'
  | 'jobExecutionState'

type KeyKind =
  | 'deviceSn'
  | 'deviceSn or null'
  | 'thingName'
  | 'jobId'
  | 'apiKey'
  | 'thingName/executionId'
  | 'thingName/jobId'
  | 'as the request'

export interface Channel {
  readonly name: ChannelName
  /** Default topic name; of fleet topics the part after `fleet.topicPrefix`. */
  readonly topic: string
  readonly room: 'attendance' | 'fleet'
  readonly key: KeyKind
  /** Schema of the value; null: the value is bytes of somebody else. */
  readonly schema: SchemaName | null
  /** Only the bridge reads it; `explain` does not print it. */
  readonly internal: boolean
  readonly cleanup: 'delete' | 'compact'
  /** `delete`: how long records are kept. Null for compacted topics. */
  readonly retentionMs: number | null
  /** `compact`: how long every record is kept before compaction may drop it. Null for the others. */
  readonly minCompactionLagMs: number | null
  readonly partitions: number
  /** Topics with the same group must have the same number of partitions. Null: any number. */
  readonly partitionGroup: 'devices' | 'things' | null
  /** What the registry checks for this subject. */
  readonly compatibility: 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE'
}

const DAY = 86_400_000

type Rest = Partial<Omit<Channel, 'name' | 'topic' | 'key' | 'schema' | 'room'>>

function device(name: ChannelName, topic: string, schema: SchemaName | null, rest: Rest = {}): Channel {
  return {
    name,
    topic,
    room: 'attendance',
    key: 'deviceSn',
    schema,
    internal: false,
    cleanup: 'delete',
    retentionMs: (rest.cleanup ?? 'delete') === 'delete' ? 30 * DAY : null,
    minCompactionLagMs: rest.cleanup === 'compact' ? 0 : null,
    partitions: 12,
    partitionGroup: null,
    compatibility: 'FULL_TRANSITIVE',
    ...rest,
  }
}

function thing(name: ChannelName, topic: string, key: KeyKind, schema: SchemaName, rest: Rest = {}): Channel {
  return {
    ...device(name, topic, schema, { retentionMs: rest.cleanup === 'compact' ? null : 7 * DAY, ...rest }),
    room: 'fleet',
    key,
    partitionGroup: 'partitionGroup' in rest ? (rest.partitionGroup ?? null) : 'things',
  }
}

const compact: Rest = { cleanup: 'compact' }
/** Written by operators, so new readers must read what is there; old readers of ours do not matter. */
const asked: Rest = { compatibility: 'BACKWARD_TRANSITIVE' }
const inner: Rest = { internal: true, retentionMs: DAY }

/** Every topic of the bridge: attendance.md 13 and fleets.md 9.2. */
export const catalogue: Readonly<Record<ChannelName, Channel>> = {
  attendance: device('attendance', 'cams.attendance.v1', 'AttendanceEvent'),
  presence: device('presence', 'cams.presence.v1', 'PresenceEvent', {
    cleanup: 'compact',
    minCompactionLagMs: 7 * DAY,
    // The worker that owns a device's commands must see it come online.
    partitionGroup: 'devices',
  }),
  command: device('command', 'cams.command.v1', 'CommandRequest', {
    ...asked,
    retentionMs: 7 * DAY,
    partitionGroup: 'devices',
  }),
  commandStatus: device('commandStatus', 'cams.command-status.v1', 'CommandStatus', { partitionGroup: 'devices' }),
  commandReply: device('commandReply', 'cams.command-reply.v1', null, { ...inner, partitionGroup: 'devices' }),
  device: device('device', 'cams.device.v1', 'DeviceInfo', { ...asked, ...compact }),
  deadLetter: {
    ...device('deadLetter', 'cams.deadletter.v1', 'DeadLetter', { retentionMs: 14 * DAY, partitions: 3 }),
    key: 'deviceSn or null',
  },

  thingRegistry: thing('thingRegistry', 'registry.things', 'thingName', 'ThingRecord', { ...asked, ...compact }),
  apiKeyRegistry: thing('apiKeyRegistry', 'registry.api-keys', 'apiKey', 'ApiKeyRecord', {
    ...asked,
    ...compact,
    partitions: 1,
    partitionGroup: null,
  }),
  shadowRequests: thing('shadowRequests', 'shadow.requests', 'thingName', 'FleetRequest', asked),
  commandRequests: thing('commandRequests', 'command.requests', 'thingName', 'FleetRequest', asked),
  jobRequests: thing('jobRequests', 'job.requests', 'jobId', 'FleetRequest', asked),
  results: thing('results', 'results', 'as the request', 'FleetResult'),
  shadowState: thing('shadowState', 'shadow.state', 'thingName', 'ShadowState', compact),
  shadowChanges: thing('shadowChanges', 'shadow.changes', 'thingName', 'ShadowChange'),
  commandExecutions: thing('commandExecutions', 'command.executions', 'thingName', 'CommandExecution'),
  jobExecutions: thing('jobExecutions', 'job.executions', 'thingName', 'JobExecution'),
  jobState: thing('jobState', 'job.state', 'jobId', 'JobState', compact),
  jobProgress: thing('jobProgress', 'job.progress', 'jobId', 'JobProgress', compact),
  fleetEvents: thing('fleetEvents', 'events', 'thingName', 'DeviceEvent'),
  fleetPresence: thing('fleetPresence', 'presence', 'thingName', 'PresenceRecord', compact),
  fleetDeadLetter: thing('fleetDeadLetter', 'dlq', 'as the request', 'FleetDeadLetter', {
    retentionMs: 14 * DAY,
    partitions: 3,
    partitionGroup: null,
  }),
  thingInbox: thing('thingInbox', 'thing.inbox', 'thingName', 'InboxRecord', inner),
  jobInbox: thing('jobInbox', 'job.inbox', 'jobId', 'JobInboxRecord', inner),
  mqttOutbox: thing('mqttOutbox', 'mqtt.outbox', 'thingName', 'OutboxRecord', inner),
  thingState: thing('thingState', 'thing.state', 'thingName', 'ThingState', compact),
  commandState: thing('commandState', 'command.state', 'thingName/executionId', 'CommandExecution', compact),
  jobExecutionState: thing('jobExecutionState', 'job.execution.state', 'thingName/jobId', 'JobExecution', compact),
}

export const channelNames: readonly ChannelName[] = Object.values(catalogue).map((channel) => channel.name)
