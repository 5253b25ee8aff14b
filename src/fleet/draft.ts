import type { BridgeRecord } from '../records/bridge-record.ts'
import type { CommandExecution } from '../records/generated/command-execution.ts'
import type { DeviceEvent } from '../records/generated/device-event.ts'
import type { FleetDeadLetter } from '../records/generated/fleet-dead-letter.ts'
import type { FleetResult } from '../records/generated/fleet-result.ts'
import type { InboxRecord } from '../records/generated/inbox-record.ts'
import type { JobExecution } from '../records/generated/job-execution.ts'
import type { JobInboxRecord } from '../records/generated/job-inbox-record.ts'
import type { JobProgress } from '../records/generated/job-progress.ts'
import type { JobState } from '../records/generated/job-state.ts'
import type { OutboxRecord } from '../records/generated/outbox-record.ts'
import type { PresenceRecord } from '../records/generated/presence-record.ts'
import type { ShadowChange } from '../records/generated/shadow-change.ts'
import type { ShadowState } from '../records/generated/shadow-state.ts'
import type { ThingState } from '../records/generated/thing-state.ts'
import type { Json } from './json/json.ts'
import { writeJson } from './json/write.ts'

/** What stands on the channels that the bridge writes for things and jobs. */
export interface FleetValues {
  readonly results: FleetResult
  readonly shadowState: ShadowState
  readonly shadowChanges: ShadowChange
  readonly commandExecutions: CommandExecution
  readonly commandState: CommandExecution
  readonly jobExecutions: JobExecution
  readonly jobExecutionState: JobExecution
  readonly jobState: JobState
  readonly jobProgress: JobProgress
  readonly fleetEvents: DeviceEvent
  readonly fleetPresence: PresenceRecord
  readonly fleetDeadLetter: FleetDeadLetter
  readonly thingInbox: InboxRecord
  readonly jobInbox: JobInboxRecord
  readonly mqttOutbox: OutboxRecord
  readonly thingState: ThingState
}

/**
 * What one input leads to. State is changed by applying its records on the state channels (state.ts), which is also
 * how it is restored.
 */
export interface Decision {
  /** In order per channel; what goes to one Kafka transaction, the input's offset included. */
  readonly records: readonly BridgeRecord[]
  /** Why the input was dropped on purpose, in snake_case; null when it was not. */
  readonly ignored: string | null
  /** An exception that nobody expected: it was answered, and is to be reported; undefined usually. */
  readonly fault: unknown
}

export type DeadLetterCode =
  | 'InvalidJson'
  | 'ThingNotFound'
  | 'EventTypeMismatch'
  | 'InvalidSeverity'
  | 'InvalidRequest'
  | 'ExecutionNotFound'
  | 'InvalidStatus'
  | 'PayloadTooLarge'
  | 'InvalidRecord'

const DEAD_LETTER_BYTES = 65_536

/** Gathers the records of one decision. */
export class Draft implements Decision {
  readonly records: BridgeRecord[] = []
  /** Processing time of the input, epoch milliseconds. */
  readonly now: number
  ignored: string | null = null
  fault: unknown = undefined

  constructor(now: number) {
    this.now = now
  }

  write<C extends keyof FleetValues>(channel: C, key: string | null, value: FleetValues[C] | null): void {
    this.records.push({ channel, key, value, headers: null, timestamp: this.now })
  }

  /** A publication to send. `request` makes it a command request, which expires and whose PUBACK matters. */
  publish(
    thingName: string,
    topic: string,
    payload: Json,
    request: { readonly executionId: string; readonly expiresAt: number } | null = null,
  ): void {
    this.write('mqttOutbox', thingName, {
      thingName,
      topic,
      payload: Buffer.from(writeJson(payload), 'utf8'),
      expiresAt: request?.expiresAt ?? null,
      executionId: request?.executionId ?? null,
      createdAt: this.now,
    })
  }

  /** Keeps an input that cannot be used (fleets 9.5). `message` is for people and names no content of the payload. */
  deadLetter(
    key: string | null,
    sourceTopic: string,
    code: DeadLetterCode,
    message: string,
    payload: Uint8Array | null,
  ): void {
    const kept = payload === null ? Buffer.alloc(0) : Buffer.from(payload.subarray(0, DEAD_LETTER_BYTES))
    this.write('fleetDeadLetter', key, { sourceTopic, code, message, payload: kept, occurredAt: this.now })
  }

  ignore(reason: string): void {
    this.ignored = reason
  }
}

/** Whole seconds since the epoch, rounded down, as MQTT payloads carry time (fleets 2.1). */
export function secondsOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
