import type { CommandStatus } from '../../src/records/generated/command-status.ts'
import type { TakenCommand } from '../../test/kit/command-devices.ts'
import type { SentPunch } from '../flow/punch-flow.ts'
import type { Crew } from '../stage/crew.ts'
import type { LinkTrace } from '../stage/link-trace.ts'
import type { Fault } from './fault.ts'
import type { StoredPunch } from './stored.ts'

const clock = (at: number | null): string => (at === null ? 'never' : new Date(at).toISOString().slice(11, 23))

/** Events of a worker that say what became of its connections and of Kafka. */
const telling = new Set([
  'mqtt_connected',
  'mqtt_disconnected',
  'mqtt_closed',
  'mqtt_session_lost',
  'mqtt_overrun_held',
  'kafka_send_stalled',
  'kafka_send_recovered',
  'kafka_producer_replaced',
  'record_refused',
  'unexpected_error',
  'drain_cut',
  'drain_step',
  'kafka_partitions_lost',
  'process_stopped',
])

/** The whole story of one punch, line by line: each connection and epoch that brought it, each acknowledgement. */
export function storyOf(
  id: string,
  sent: ReadonlyMap<string, SentPunch>,
  stored: readonly StoredPunch[],
  trace: LinkTrace,
  crew: Crew,
  faults: readonly Fault[],
): string {
  const told = sent.get(id)
  const lines = [
    `${id} of ${told?.punch.deviceSn}: sent ${clock(told?.sentAt ?? null)}, acknowledged by the broker ${clock(told?.acknowledgedAt ?? null)}, sent again ${told?.again ?? 0} times`,
  ]
  for (const { link, packetId, dup, at, acknowledgedAt } of trace.deliveries.get(id) ?? []) {
    const connection = `${link.clientId} epoch ${link.epoch} (connection ${link.number}, session ${link.sessionPresent === true ? 'present' : 'new'})`
    const end = link.closedAt === null ? 'open' : `closed ${clock(link.closedAt)} ${link.goodbye ?? ''}`
    lines.push(
      `  delivered ${clock(at)} on ${connection} as packet ${packetId}${dup ? ' DUP' : ''}; PUBACK ${clock(acknowledgedAt)}; connection ${end}`,
    )
  }
  if (!trace.deliveries.has(id)) lines.push('  never delivered to the bridge')
  for (const record of stored.filter((each) => each.id === id)) {
    lines.push(`  in ${record.in}, partition ${record.partition}, offset ${record.offset}, ${clock(record.at)}`)
  }
  const from = told?.sentAt ?? 0
  for (const fault of faults.filter(({ gone }) => gone >= from - 5000).slice(0, 2)) {
    lines.push(`  fault from ${clock(fault.from)} to ${clock(fault.gone)}`)
  }
  for (const { slot, worker } of crew.everyone) {
    for (const line of worker.process.logs) {
      const at = timeOf(line['time'])
      if (!telling.has(String(line['event'])) || at < from - 2000 || at > from + 15_000) continue
      lines.push(`  worker ${slot} (pid ${worker.process.pid}): ${JSON.stringify(line)}`)
    }
  }
  return lines.join('\n')
}

/** The whole story of one command: its statuses and deliveries, with the records of the topic in their order. */
export function commandStoryOf(
  id: string,
  statuses: readonly CommandStatus[],
  taken: readonly TakenCommand[],
  faults: readonly Fault[],
): string {
  const steps = statuses
    .filter(({ commandId }) => commandId === id)
    .map(
      ({ status, statusTime, attempt, errorCode, eventId }) =>
        `  ${status} attempt ${attempt} at ${clock(statusTime)} ${errorCode ?? ''} (${eventId})`,
    )
  const seen = taken.filter((command) => command.id === id).map(({ at }) => `  the device took it at ${clock(at)}`)
  const first = taken.find((command) => command.id === id)?.at ?? 0
  const near = faults
    .filter(({ from, gone }) => from < first + 10_000 && gone > first - 10_000)
    .map(({ from, gone }) => `  fault from ${clock(from)} to ${clock(gone)}`)
  return [`${id}:`, ...steps, ...seen, ...near].join('\n')
}

function timeOf(value: unknown): number {
  return typeof value === 'number' ? value : Date.parse(String(value))
}
