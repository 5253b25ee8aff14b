import type { CommandStatus } from '../../records/generated/command-status.ts'
import { toPlain } from '../../records/plain.ts'
import { harmless, textTable } from '../text-table.ts'

/** A status as one JSON line: every field, times as epoch milliseconds. */
export function statusLine(status: CommandStatus): string {
  return `${JSON.stringify(toPlain('CommandStatus', status))}\n`
}

/** A status as one line for people. */
export function statusText(status: CommandStatus): string {
  const { statusTime, deviceSn, commandId, op, attempt } = status
  const time = new Date(statusTime).toISOString()
  const word = attempt > 1 ? `${status.status} (${attempt})` : status.status
  return [time, harmless(deviceSn), harmless(commandId), harmless(op), word, reasonOf(status)]
    .filter((part) => part !== '')
    .join('  ')
}

/** Statuses as a table with a head; empty when there are none. */
export function statusTable(statuses: readonly CommandStatus[]): string {
  return textTable(
    ['TIME', 'DEVICE', 'COMMAND', 'OP', 'STATUS', 'ATTEMPT', 'REASON'],
    statuses.map((status) => [
      new Date(status.statusTime).toISOString(),
      harmless(status.deviceSn),
      harmless(status.commandId),
      harmless(status.op),
      status.status,
      String(status.attempt),
      reasonOf(status),
    ]),
  )
}

function reasonOf({ errorCode, deviceCode, message }: CommandStatus): string {
  return [errorCode, deviceCode, message]
    .filter((part) => part !== null && part !== '')
    .map((part) => harmless(part ?? ''))
    .join(' ')
}
