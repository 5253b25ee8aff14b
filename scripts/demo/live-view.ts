import type { BridgeLook } from './bridge.ts'
import { answerText, commandLine, napText, outcomeItems } from './command-view.ts'
import type { Fleet } from './fleet.ts'
import type { Ledger } from './ledger.ts'
import { groups } from './message.ts'
import type { Hint } from './second-terminal.ts'
import type { SeenPunch, Tally } from './tally.ts'
import type { Thermostats } from './thermostats.ts'

/** Everything a frame shows. */
export interface Scene {
  readonly runningMs: number
  readonly brokerName: string
  readonly fleet: Fleet
  readonly thermostats: Thermostats
  readonly ledger: Ledger
  readonly tally: Tally
  readonly bridge: BridgeLook | null
  /** Percent of one core over the last second. */
  readonly cpuPercent: number | null
  readonly warning: string | null
  /** What to try meanwhile. */
  readonly hints: readonly Hint[]
}

const plain = (text: string): string => text
const style =
  (code: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[0m`
const [bold, dim, red, green, yellow] = [style(1), style(2), style(31), style(32), style(33)]

const numbers = new Intl.NumberFormat('en')
const count = (value: number, width = 0): string => numbers.format(value).padStart(width)

/** Headings and blank lines around the last punches and commands. */
const headings = 5
/** Last punches and commands that are shown before anything else is. */
const leastLines = 8

/** The screen as lines, no longer than `columns`, no more than `rows`. */
export function frame(scene: Scene, columns: number, rows: number): readonly string[] {
  const top = [...header(scene, columns), '', ...counts(scene), '', ...outcomes(scene, columns), '']
  const hints = ['', ...secondTerminal(scene)]
  const room = rows - 1 - top.length - hints.length
  // Where there is little room, what happens now comes before what has piled up.
  const piles = ['', ...offline(scene, columns), '', ...deadLetters(scene, columns)]
  const shown = piles.slice(0, Math.max(0, room - headings - leastLines))
  const last = Math.max(2, room - headings - shown.length)
  const commands = Math.min(8, Math.floor(last / 2))
  const now = [...punches(scene, last - commands), '', ...lastCommands(scene, commands)]
  return [...top, ...[...now, ...shown].slice(0, room), ...hints].slice(0, rows - 1).map((line) => clip(line, columns))
}

function header(scene: Scene, columns: number): readonly string[] {
  const { bridge, fleet, tally } = scene
  const seconds = Math.floor(scene.runningMs / 1000)
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  const title = `bridge demo  ${time}`
  const stop = 'Ctrl-C stops'
  const rates = tally.rates()
  const perSecond = lastSeconds(rates)
  const lag = tally.lag()
  const late = lag === null ? '' : `   device to reader: median ${lag.medianMs} ms, 99 % within ${lag.p99Ms} ms`
  const bridgeSays =
    bridge === null
      ? red('does not answer')
      : `${bridge.ready ? green('ready') : red('not ready')}   CPU ${scene.cpuPercent?.toFixed(0) ?? '-'} %   ${bridge.rssMb.toFixed(0)} MB   ` +
        `unsettled ${bridge.unsettled}   ${bridge.difference === 0 ? 'every message accounted for' : red(`${bridge.difference} unaccounted for`)}`
  return [
    `${bold(title)}${stop.padStart(Math.max(2, columns - title.length))}`,
    `fleet    ${fleet.devices.length} devices, ${fleet.connected} connected; ${fleet.drops} connections broken on purpose so far (${scene.brokerName})`,
    `things   ${scene.thermostats.count} thermostats: ${scene.thermostats.summary()}`,
    `bridge   ${bridgeSays}`,
    `punches  ${perSecond.toFixed(0).padStart(3)}/s ${sparkline(rates)}${late}`,
    `commands ${lastSeconds(tally.commands.rates()).toFixed(0).padStart(3)}/s ${sparkline(tally.commands.rates())}   ${answerText(tally.commands)}`,
    ...(scene.warning === null ? [] : [yellow(`bridge said: ${scene.warning}`)]),
  ]
}

function counts({ ledger }: Scene): readonly string[] {
  const rows = groups
    .map((group) => ({ group, ...ledger.count(group) }))
    .map(({ group, acknowledged, arrived }) => {
      const name = group === 'last wills' ? 'last wills (owed)' : group
      const way = acknowledged - arrived
      return `${name.padEnd(18)}${count(acknowledged, 13)}${count(arrived, 13)}${(way === 0 ? dim : plain)(count(way, 13))}`
    })
  return [
    dim(`${''.padEnd(18)}${'acknowledged'.padStart(13)}${'in Kafka'.padStart(13)}${'on the way'.padStart(13)}`),
    ...rows,
  ]
}

/** Commands by their last status. */
function outcomes({ tally }: Scene, columns: number): readonly string[] {
  return [bold('commands so far'), ...flow(outcomeItems(tally.commands), columns, 2)]
}

function lastCommands({ tally }: Scene, room: number): readonly string[] {
  const heading = `${'device'.padEnd(10)}${'op'.padEnd(16)}${'ms'.padStart(7)}  what became of it`
  return [bold('last commands'), dim(heading), ...tally.commands.last.slice(0, room).map(commandLine)]
}

function secondTerminal({ fleet, hints }: Scene): readonly string[] {
  const heading = `${bold('in a second terminal, in this folder')}   ${napText(fleet)}`
  return [heading, ...hints.slice(0, 3).map(({ line }) => dim(line))]
}

function punches({ tally }: Scene, room: number): readonly string[] {
  const heading = `${'device'.padEnd(10)}${'user'.padEnd(8)}${'local time'.padEnd(28)}${'state'.padEnd(14)}${'ms'.padStart(5)}  flags`
  return [bold('last punches'), dim(heading), ...tally.lastPunches.slice(0, room).map(punchLine)]
}

function punchLine({ record, lagMs }: SeenPunch): string {
  const { deviceSn, userId, state, flags } = record
  const lag = lagMs === null ? 'again' : String(lagMs)
  return `${fit(deviceSn, 10)}${fit(userId, 8)}${fit(localTime(record), 28)}${fit(state, 14)}${lag.padStart(5)}  ${flags.join(' ')}`
}

/** The device's own clock and its offset; of epoch times the instant in UTC. */
function localTime({ deviceLocalTime, utcOffsetMinutes, eventTime }: SeenPunch['record']): string {
  if (deviceLocalTime === null) return `${new Date(eventTime).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const minutes = utcOffsetMinutes ?? 0
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  const sign = minutes < 0 ? '-' : '+'
  const offset = `${sign}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
  return `${deviceLocalTime.slice(0, 19).replace('T', ' ')} ${offset}`
}

const reasons: Readonly<Record<string, string>> = { LAST_WILL: 'last will', DEVICE_OR_WILL: 'said goodbye' }

function offline({ tally }: Scene, columns: number): readonly string[] {
  const away = tally.offline.toSorted((a, b) => b.ingestTime - a.ingestTime)
  const items = away.map(({ deviceSn, reason }) => `${deviceSn} ${reasons[reason] ?? reason}`)
  const heading = `${bold('online')} ${green(String(tally.online))}   ${bold('offline')} ${away.length}`
  return [heading, ...flow(items, columns, 2)]
}

function deadLetters({ tally }: Scene, columns: number): readonly string[] {
  const codes = [...tally.deadLetters].toSorted(([a], [b]) => a.localeCompare(b))
  const items = codes.map(([code, times]) => `${code} ${times}`)
  return [`${bold('dead letters')} ${tally.allDeadLetters}`, ...flow(items, columns, 8)]
}

/** Items side by side over as many lines as they need, `most` at the most. */
function flow(items: readonly string[], columns: number, most: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    const longer = line === '' ? `  ${item}` : `${line}   ${item}`
    if (longer.length <= columns) {
      line = longer
      continue
    }
    lines.push(line)
    line = `  ${item}`
  }
  if (line !== '') lines.push(line)
  return lines.slice(0, most)
}

/** Mean of the last five seconds. */
function lastSeconds(rates: readonly number[]): number {
  return rates.slice(-5).reduce((sum, rate) => sum + rate, 0) / 5
}

function sparkline(values: readonly number[]): string {
  const marks = '▁▂▃▄▅▆▇█'
  const most = Math.max(1, ...values)
  return values.map((value) => marks[Math.round((value / most) * (marks.length - 1))]).join('')
}

function fit(text: string, width: number): string {
  return text.length >= width ? `${text.slice(0, width - 2)}… ` : text.padEnd(width)
}

/** Cuts by what is seen: colours take no room. */
function clip(line: string, columns: number): string {
  let room = columns
  const parts = line.split(/(\u001b\[\d+m)/).map((part) => {
    if (part.startsWith('\u001b')) return part
    const shown = part.length > room ? `${part.slice(0, Math.max(0, room - 1))}${room > 0 ? '…' : ''}` : part
    room -= Math.min(room, part.length)
    return shown
  })
  return parts.join('')
}
