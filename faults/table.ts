import type { FaultResults, RowResult, ThingRowResult } from './results.ts'

/** Both tables as Markdown, with the seed and the versions under them. */
export function faultTable(results: FaultResults): string {
  const { versions, setting, measuredOn } = results
  const rows = [...results.rows, ...results.things]
  const faults = rows.reduce((sum, row) => sum + row.faults, 0)
  const seeds = [...new Set(rows.map(({ seed }) => seed))].map((seed) => {
    const names = rows.filter((row) => row.seed === seed).map(({ name }) => name)
    return `\`FAULTS_SEED=${seed}${names.length === rows.length ? '' : ` ROWS=${names.join(',')}`}\``
  })
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    ...(results.rows.length === 0 ? [] : [...head(punchHead), ...results.rows.map(faultLine), '']),
    ...(results.things.length === 0 ? [] : [...head(thingHead), ...results.things.map(thingLine), '']),
    `${faults} faults; last run on ${measuredOn} with ${setting.cores} cores; ${named.join(', ')}; ${seeds.join(', ')}.`,
    `${setting.punchesPerSecond} punches and ${setting.commandsPerSecond} commands a second; ${setting.connections} connections for punches per worker, \`mqtt.receiveMaximum: ${setting.receiveMaximum}\`.`,
    '',
  ].join('\n')
}

const punchHead = [
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
const thingHead = [
  'Fault (things)',
  'Faults',
  'in the act',
  'Reports',
  'lost',
  'Events',
  'lost',
  'Requests',
  'lost',
  'Job executions',
  'lost',
  'Done twice or otherwise',
  'Publications',
  'lost',
  'repeated',
  'recovery: median, worst',
]

function head(names: readonly string[]): readonly string[] {
  return [`| ${names.join(' | ')} |`, `| --- |${' ---: |'.repeat(names.length - 1)}`]
}

const seconds = (value: number): string => `${value.toFixed(1)} s`

function thingLine(row: ThingRowResult): string {
  const { title, faults, inTheAct, wrong, publications, recoverySeconds, failures } = row
  const cells = [
    failures.length === 0 ? title : `${title} **(does not hold)**`,
    faults,
    inTheAct,
    ...[row.reports, row.events, row.requests, row.executions].flatMap(({ sent, lost }) => [sent, lost]),
    wrong,
    publications.sent,
    publications.lost,
    publications.repeated,
    `${seconds(recoverySeconds.median)}, ${seconds(recoverySeconds.worst)}`,
  ]
  return `| ${cells.join(' | ')} |`
}

/** One row as Markdown. */
export function faultLine({ title, faults, punches, commands, failures }: RowResult): string {
  const lost = (ours: number, theirs: number): string => (theirs === 0 ? `${ours}` : `${ours} (the broker: ${theirs})`)
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
