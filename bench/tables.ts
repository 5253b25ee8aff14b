import { median } from './measure/quantile.ts'
import type { Circumstances, DrainRounds, RateRounds, Target } from './rounds.ts'

/** The machine and the day, one line. */
export function circumstancesLine({ machine, measuredOn, loadAverage }: Circumstances): string {
  const { cores, model, memoryGib, node } = machine
  return `${cores} cores (${model}), ${memoryGib} GiB, node ${node}, ${measuredOn}; load average ${loadAverage.join(' before, ')} after.`
}

export function drainRow(name: string, rounds: DrainRounds): string[] {
  return [
    name,
    spread(rounds.messagesPerSecond, 0),
    spread(rounds.cpuMicrosPerMessage, 1),
    spread(rounds.peakResidentMb, 0),
    rounds.repeated.join(', '),
  ]
}

export function rateRow(name: string, rounds: RateRounds): string[] {
  return [name, spread(rounds.p50Ms, 1), spread(rounds.p99Ms, 1), spread(rounds.cpuMicrosPerMessage, 0)]
}

export function targetTable(targets: readonly Target[]): string {
  return markdown([
    ['Target', 'limit', 'reached', ''],
    ...targets.map(({ text, limit, value, holds }) => [text, String(limit), short(value), holds ? 'holds' : 'MISSED']),
  ])
}

export function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  return lines.join('\n')
}

export function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits))
  return `${median(values).toFixed(digits)} (${low}-${high})`
}

function short(value: number): string {
  return value.toFixed(value < 1 ? 3 : value < 1000 ? 2 : 0)
}
