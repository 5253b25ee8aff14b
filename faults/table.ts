import type { FaultResults, RowResult } from './results.ts'

/** The table as Markdown, with the seed and the versions under it. */
export function faultTable({ rows, versions, setting, measuredOn }: FaultResults): string {
  const head = [
    'Fault',
    'Faults',
    'Punches sent',
    'lost',
    'repeated (at most)',
    'reordered',
    'longest stall',
    'recovery: median, worst',
    'Commands sent',
    'lost',
    'repeated',
    'reordered',
  ]
  const faults = rows.reduce((sum, row) => sum + row.faults, 0)
  const seeds = [...new Set(rows.map(({ seed }) => seed))].map((seed) => {
    const names = rows.filter((row) => row.seed === seed).map(({ name }) => name)
    return `\`FAULTS_SEED=${seed}${names.length === rows.length ? '' : ` ROWS=${names.join(',')}`}\``
  })
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `| ${head.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(head.length - 1)}`,
    ...rows.map(faultLine),
    '',
    `${faults} faults; last run on ${measuredOn} with ${setting.cores} cores; ${named.join(', ')}; ${seeds.join(', ')}.`,
    `${setting.punchesPerSecond} punches and ${setting.commandsPerSecond} commands a second; ${setting.connections} connections for punches per worker, \`mqtt.receiveMaximum: ${setting.receiveMaximum}\`.`,
    '',
  ].join('\n')
}

/** One row as Markdown. */
export function faultLine({ title, faults, punches, commands, failures }: RowResult): string {
  const lost = (ours: number, theirs: number): string => (theirs === 0 ? `${ours}` : `${ours} (the broker: ${theirs})`)
  const seconds = (value: number): string => `${value.toFixed(1)} s`
  const cells = [
    failures.length === 0 ? title : `${title} **(does not hold)**`,
    faults,
    punches.sent,
    lost(punches.lost, punches.lostByBroker),
    `${punches.repeated} (${punches.repeatLimit})`,
    punches.reordered,
    seconds(punches.longestStallSeconds),
    `${seconds(punches.recoverySeconds.median)}, ${seconds(punches.recoverySeconds.worst)}`,
    commands.sent,
    lost(commands.lost, commands.lostByBroker),
    commands.repeated,
    commands.reordered,
  ]
  return `| ${cells.join(' | ')} |`
}
