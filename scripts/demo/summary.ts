import { answerText, outcomeItems } from './command-view.ts'
import type { Fleet } from './fleet.ts'
import type { Ledger } from './ledger.ts'
import { groups } from './message.ts'
import type { Tally } from './tally.ts'

const numbers = new Intl.NumberFormat('en')
const count = (value: number, width = 0): string => numbers.format(value).padStart(width)

/** One line for runs without a terminal. */
export function progressLine(seconds: number, ledger: Ledger, tally: Tally): string {
  const rates = tally.rates().slice(-5)
  const rate = rates.reduce((sum, each) => sum + each, 0) / rates.length
  const parts = [
    `${String(seconds).padStart(4)} s`,
    `${count(tally.punches, 6)} punches (${rate.toFixed(0)}/s)`,
    `online ${tally.online}, offline ${tally.offline.length}`,
    `dead letters ${tally.allDeadLetters}`,
    `commands ${tally.commands.sent} (${count(tally.commands.outcomes.get('SUCCEEDED') ?? 0)} succeeded)`,
    `${count(ledger.messages)} messages acknowledged`,
  ]
  return `  ${parts.join('   ')}`
}

/** The end of the demo as text. */
export function summary(
  runningMs: number,
  fleet: Fleet,
  ledger: Ledger,
  tally: Tally,
  difference: number | null,
): string {
  const rows = groups.map((group) => {
    const { acknowledged, arrived } = ledger.count(group)
    const missing = acknowledged - arrived
    return `  ${group.padEnd(18)}${count(acknowledged, 13)}${count(arrived, 13)}${count(missing, 10)}`
  })
  const codes = [...tally.deadLetters].toSorted(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`)
  const lag = tally.lag()
  const { commands } = tally
  const facts: readonly (string | null)[] = [
    `${fleet.devices.length} devices, ${fleet.drops} connections broken on purpose, ${fleet.lost} otherwise`,
    `${count(ledger.messages)} messages acknowledged to devices; ${ledger.sentAgain} sent again by them`,
    `${ledger.repeats} records with an event id that was there before, ${ledger.secondIds} punches with two event ids`,
    `${commands.sent} commands sent by the operator, ${commands.twoEnds} with two ends`,
    answerText(commands) === '' ? null : `of commands that did not wait, ${answerText(commands)}`,
    lag === null ? null : `device to reader: median ${lag.medianMs} ms, 99 % within ${lag.p99Ms} ms`,
    difference === null
      ? null
      : `the bridge's own count (received - produced - dead-lettered - ignored - pending): ${difference}`,
    ledger.noSubscriber + ledger.refused === 0
      ? null
      : `the broker said "nobody is subscribed" ${ledger.noSubscriber} times and refused ${ledger.refused}`,
    ledger.foreign === 0 ? null : `${ledger.foreign} things that neither the fleet nor its operator caused`,
    ledger.missing === 0
      ? null
      : `missing, for example:\n${ledger
          .missingKeys(10)
          .map((key) => `      ${key}`)
          .join('\n')}`,
  ]
  return `
${(runningMs / 1000).toFixed(0)} seconds
  ${''.padEnd(18)}${'acknowledged'.padStart(13)}${'in Kafka'.padStart(13)}${'missing'.padStart(10)}
${rows.join('\n')}
  (commands: acknowledged by Kafka to the operator; in Kafka, when a status says how they ended. Replies: their status)
  (last wills: the broker sends them for devices that vanish; nothing is acknowledged)

  dead letters by code
${wrap(codes, 96)}

  commands by their last status
${wrap(outcomeItems(commands), 96)}

${facts
  .filter((fact) => fact !== null)
  .map((fact) => `  - ${fact}`)
  .join('\n')}
`
}

function wrap(items: readonly string[], width: number): string {
  const lines: string[] = ['   ']
  for (const item of items) {
    if (`${lines.at(-1)} ${item},`.length > width) lines.push('   ')
    lines.push(`${lines.pop()} ${item},`)
  }
  return lines.join('\n').replace(/,$/, '')
}
