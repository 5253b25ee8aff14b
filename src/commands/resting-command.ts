import type { CommandStatus } from '../records/generated/command-status.ts'
import type { KnownCommand } from './known-commands.ts'

/**
 * A known command that nothing is due for any more, as text: one string takes half of the memory of its objects, and
 * a worker remembers all commands of a day. Serial and id are left out: they are the key that it is kept under.
 */
export function restingText(command: KnownCommand): string {
  const { subject, last } = command
  return JSON.stringify([
    subject.op,
    subject.sensitive,
    subject.correlationId,
    command.acceptedAt,
    command.order,
    command.published,
    command.lastMqttTopic,
    last.eventId,
    last.status,
    last.statusTime,
    last.attempt,
    last.errorCode,
    last.deviceCode,
    last.message,
    last.result,
  ])
}

/** The command again, as `restingText` got it. */
export function restedCommand(text: string, deviceSn: string, commandId: string): KnownCommand {
  const [
    op,
    sensitive,
    correlationId,
    acceptedAt,
    order,
    published,
    lastMqttTopic,
    eventId,
    status,
    statusTime,
    attempt,
    errorCode,
    deviceCode,
    message,
    result,
  ] = JSON.parse(text) as Rested
  return {
    subject: { deviceSn, commandId, op, sensitive, correlationId },
    acceptedAt,
    order,
    phase: { at: 'settled' },
    last: {
      eventId,
      commandId,
      deviceSn,
      op,
      status,
      statusTime,
      attempt,
      errorCode,
      deviceCode,
      message,
      result,
      sensitive,
      correlationId,
    },
    lastMqttTopic,
    published,
    onlineMeanwhile: false,
    hasTimer: false,
    isOut: false,
    isGone: false,
  }
}

type Rested = [
  op: string,
  sensitive: boolean,
  correlationId: string | null,
  acceptedAt: number,
  order: number,
  published: number,
  lastMqttTopic: string | null,
  eventId: string,
  status: CommandStatus['status'],
  statusTime: number,
  attempt: number,
  errorCode: string | null,
  deviceCode: string | null,
  message: string | null,
  result: string | null,
]
