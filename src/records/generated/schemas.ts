// Made from schemas/*.avsc by scripts/records.ts. Do not edit.

import { type ApiKeyRecord, apiKeyRecordSchema } from './api-key-record.ts'
import { type AttendanceEvent, attendanceEventSchema } from './attendance-event.ts'
import { type CommandExecution, commandExecutionSchema } from './command-execution.ts'
import { type CommandRequest, commandRequestSchema } from './command-request.ts'
import { type CommandStatus, commandStatusSchema } from './command-status.ts'
import { type DeadLetter, deadLetterSchema } from './dead-letter.ts'
import { type DeviceEvent, deviceEventSchema } from './device-event.ts'
import { type DeviceInfo, deviceInfoSchema } from './device-info.ts'
import { type FleetDeadLetter, fleetDeadLetterSchema } from './fleet-dead-letter.ts'
import { type FleetRequest, fleetRequestSchema } from './fleet-request.ts'
import { type FleetResult, fleetResultSchema } from './fleet-result.ts'
import { type InboxRecord, inboxRecordSchema } from './inbox-record.ts'
import { type JobExecution, jobExecutionSchema } from './job-execution.ts'
import { type JobInboxRecord, jobInboxRecordSchema } from './job-inbox-record.ts'
import { type JobProgress, jobProgressSchema } from './job-progress.ts'
import { type JobState, jobStateSchema } from './job-state.ts'
import { type OutboxRecord, outboxRecordSchema } from './outbox-record.ts'
import { type PresenceEvent, presenceEventSchema } from './presence-event.ts'
import { type PresenceRecord, presenceRecordSchema } from './presence-record.ts'
import { type ShadowChange, shadowChangeSchema } from './shadow-change.ts'
import { type ShadowState, shadowStateSchema } from './shadow-state.ts'
import { type ThingRecord, thingRecordSchema } from './thing-record.ts'
import { type ThingState, thingStateSchema } from './thing-state.ts'

/** The datum that belongs to each schema. */
export interface Data {
  readonly ApiKeyRecord: ApiKeyRecord
  readonly AttendanceEvent: AttendanceEvent
  readonly CommandExecution: CommandExecution
  readonly CommandRequest: CommandRequest
  readonly CommandStatus: CommandStatus
  readonly DeadLetter: DeadLetter
  readonly DeviceEvent: DeviceEvent
  readonly DeviceInfo: DeviceInfo
  readonly FleetDeadLetter: FleetDeadLetter
  readonly FleetRequest: FleetRequest
  readonly FleetResult: FleetResult
  readonly InboxRecord: InboxRecord
  readonly JobExecution: JobExecution
  readonly JobInboxRecord: JobInboxRecord
  readonly JobProgress: JobProgress
  readonly JobState: JobState
  readonly OutboxRecord: OutboxRecord
  readonly PresenceEvent: PresenceEvent
  readonly PresenceRecord: PresenceRecord
  readonly ShadowChange: ShadowChange
  readonly ShadowState: ShadowState
  readonly ThingRecord: ThingRecord
  readonly ThingState: ThingState
}

export type SchemaName = keyof Data

export const schemaTexts: Readonly<Record<SchemaName, string>> = {
  ApiKeyRecord: apiKeyRecordSchema,
  AttendanceEvent: attendanceEventSchema,
  CommandExecution: commandExecutionSchema,
  CommandRequest: commandRequestSchema,
  CommandStatus: commandStatusSchema,
  DeadLetter: deadLetterSchema,
  DeviceEvent: deviceEventSchema,
  DeviceInfo: deviceInfoSchema,
  FleetDeadLetter: fleetDeadLetterSchema,
  FleetRequest: fleetRequestSchema,
  FleetResult: fleetResultSchema,
  InboxRecord: inboxRecordSchema,
  JobExecution: jobExecutionSchema,
  JobInboxRecord: jobInboxRecordSchema,
  JobProgress: jobProgressSchema,
  JobState: jobStateSchema,
  OutboxRecord: outboxRecordSchema,
  PresenceEvent: presenceEventSchema,
  PresenceRecord: presenceRecordSchema,
  ShadowChange: shadowChangeSchema,
  ShadowState: shadowStateSchema,
  ThingRecord: thingRecordSchema,
  ThingState: thingStateSchema,
}
