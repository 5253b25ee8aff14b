import { isSerial } from '../device/serial-topic.ts'
import { cutCharacters } from '../device/text-rules.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { CommandState, CommandStatus } from '../records/generated/command-status.ts'
import { type HeaderMode, recordHeaders } from '../records/headers.ts'
import { commandStatusId } from '../records/ids.ts'

/** What all statuses of one command share. */
export interface StatusSubject {
  /** As in the request, uncut: the record's key. */
  readonly deviceSn: string
  readonly commandId: string
  readonly op: string
  readonly sensitive: boolean
  readonly correlationId: string | null
}

/** One step in the life of a command; what is left out is null. */
export interface StatusStep {
  readonly status: CommandState
  /** Epoch milliseconds; also the record's timestamp. */
  readonly statusTime: number
  readonly attempt: number
  readonly errorCode?: string | null
  readonly deviceCode?: string | null
  readonly message?: string | null
  readonly result?: string | null
}

const IDENTIFIER_CHARACTERS = 64

export function statusOf(subject: StatusSubject, step: StatusStep): CommandStatus {
  const commandId = cutCharacters(subject.commandId, IDENTIFIER_CHARACTERS)
  const deviceSn = cutCharacters(subject.deviceSn, IDENTIFIER_CHARACTERS)
  return {
    eventId: commandStatusId(commandId, deviceSn, step.status, step.attempt),
    commandId,
    deviceSn,
    op: cutCharacters(subject.op, IDENTIFIER_CHARACTERS),
    status: step.status,
    statusTime: step.statusTime,
    attempt: step.attempt,
    errorCode: step.errorCode ?? null,
    deviceCode: step.deviceCode ?? null,
    message: step.message ?? null,
    result: step.result ?? null,
    sensitive: subject.sensitive,
    correlationId: subject.correlationId,
  }
}

/**
 * The record of a status.
 * @param key `deviceSn` as in the request
 * @param mqttTopic of the reply that caused it; null for other statuses
 */
export function statusRecord(
  status: CommandStatus,
  key: string,
  headers: HeaderMode,
  traceparent: string | null,
  mqttTopic: string | null,
): BridgeRecord {
  return {
    channel: 'commandStatus',
    key,
    value: status,
    headers: recordHeaders(headers, {
      type: 'cams.command.status.v1',
      eventId: status.eventId,
      deviceSn: isSerial(key) ? key : null,
      time: status.statusTime,
      recordedTime: status.statusTime,
      mqttTopic,
      traceparent,
    }),
    timestamp: status.statusTime,
  }
}
