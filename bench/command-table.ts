import { type CommandResults, commandTargets } from './command-results.ts'
import { circumstancesLine, drainRow, markdown, rateRow, targetTable } from './tables.ts'

/** The results as Markdown: printed by `make bench-command`, and part of docs/performance.md. */
export function commandTables(results: CommandResults): string {
  const { drain, far, rate, setting } = results
  const rounds = drain.bridge.messagesPerSecond.length
  return `${circumstancesLine(results)}
${setting.devices} devices, ${setting.commandBytes}-byte commands in JSON, ${setting.partitions} partitions, at most ${setting.maxInFlight} publications without an answer, statuses in ${setting.compression}. Median of ${rounds} rounds, lowest and highest in brackets.

${markdown([
  ['Draining a backlog of commands', 'commands/s', 'CPU us/command', 'peak RSS MB', 'repeated'],
  drainRow('bridge', drain.bridge),
  drainRow('one by one', drain.oneByOne),
  drainRow(`bridge, broker ${setting.linkMs} ms away`, far.bridge),
  drainRow(`one by one, broker ${setting.linkMs} ms away`, far.oneByOne),
])}

${markdown([
  [`At ${setting.ratePerSecond} commands/s, append -> PUBACK`, 'p50 ms', 'p99 ms', 'CPU us/command'],
  rateRow('bridge', rate.bridge),
  rateRow('one by one', rate.oneByOne),
])}

${targetTable(commandTargets(results))}
`
}
