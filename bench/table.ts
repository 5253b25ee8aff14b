import { median } from './measure/quantile.ts'
import { type DrainRounds, type RateRounds, type Results, targetsOf } from './results.ts'

/** The results as Markdown: printed by `make bench`, and part of docs/performance.md. */
export function resultTables(results: Results): string {
  const { drain, rate, setting, fullWindows, machine, loadAverage } = results
  const { cores, model, memoryGib, node } = machine
  const rounds = drain.bridge.messagesPerSecond.length
  return `${cores} cores (${model}), ${memoryGib} GiB, node ${node}, ${results.measuredOn}; load average ${loadAverage.join(' before, ')} after.
${setting.devices} devices, ${setting.payloadBytes}-byte punches, ${setting.partitions} partitions, ${setting.connections} MQTT connections with a Receive Maximum of ${setting.receiveMaximum}, ${setting.compression} (sixty-line bridge: none), ${Math.round(setting.recordsPerBatch)} records per batch. Median of ${rounds} rounds, lowest and highest in brackets.

${markdown([
  ['Draining a backlog', 'messages/s', 'CPU us/message', 'peak RSS MB', 'repeated'],
  drainRow('bridge', drain.bridge),
  drainRow('sixty-line bridge', drain.sixtyLine),
  drainRow('half: MQTT.js receiving alone', drain.receiveOnly),
  drainRow('half: kafkajs producing alone', drain.produceOnly),
])}

${markdown([
  [`At ${setting.ratePerSecond} messages/s`, 'p50 ms', 'p99 ms', 'CPU us/message'],
  rateRow('bridge', rate.bridge),
  rateRow('sixty-line bridge', rate.sixtyLine),
])}

Kafka frozen and all windows full: ${fullWindows.residentMb.toFixed(0)} MB resident, ${fullWindows.held} messages held.

${markdown([
  ['Target', 'limit', 'reached', ''],
  ...targetsOf(results).map(({ text, limit, value, holds }) => [
    text,
    String(limit),
    short(value),
    holds ? 'holds' : 'MISSED',
  ]),
])}
`
}

function drainRow(name: string, rounds: DrainRounds): string[] {
  return [
    name,
    spread(rounds.messagesPerSecond, 0),
    spread(rounds.cpuMicrosPerMessage, 1),
    spread(rounds.peakResidentMb, 0),
    rounds.repeated.join(', '),
  ]
}

function rateRow(name: string, rounds: RateRounds): string[] {
  return [name, spread(rounds.p50Ms, 1), spread(rounds.p99Ms, 1), spread(rounds.cpuMicrosPerMessage, 0)]
}

function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits))
  return `${median(values).toFixed(digits)} (${low}-${high})`
}

function short(value: number): string {
  return value.toFixed(value < 1 ? 3 : 2)
}

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  return lines.join('\n')
}
