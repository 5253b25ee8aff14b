import type { CommandStatus } from '../../records/generated/command-status.ts'
import { toPlain } from '../../records/plain.ts'

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
  if (statuses.length === 0) return ''
  const head = ['TIME', 'DEVICE', 'COMMAND', 'OP', 'STATUS', 'ATTEMPT', 'REASON']
  const rows = statuses.map((status) => [
    new Date(status.statusTime).toISOString(),
    harmless(status.deviceSn),
    harmless(status.commandId),
    harmless(status.op),
    status.status,
    String(status.attempt),
    reasonOf(status),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  return [head, ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function reasonOf({ errorCode, deviceCode, message }: CommandStatus): string {
  return [errorCode, deviceCode, message]
    .filter((part) => part !== null && part !== '')
    .map((part) => harmless(part ?? ''))
    .join(' ')
}

/** Texts of requests that were refused and of devices may hold anything, also what moves a terminal's cursor. */
function harmless(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '?')
}
