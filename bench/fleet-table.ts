import {
  type FleetResults,
  fleetTargets,
  kilobytesPerThing,
  registryKilobytesPerThing,
  type StoreRounds,
  type UpdateRounds,
} from './fleet-results.ts'
import { circumstancesLine, markdown, rateRow, spread, targetTable } from './tables.ts'

/** The results as Markdown: printed by `make bench-fleet`, and part of docs/performance.md. */
export function fleetTables(results: FleetResults): string {
  const { accepted, disk, emptyOwnMb, memory, plainLoop, registeredOwnMb, setting, transactions } = results
  const { cacheThings, compression, maxInputs, partitions, ratePerSecond, shadowBytes, things, updates } = setting
  const restoreRow = (name: string, rounds: StoreRounds, kilobytes: number): string[] => [
    name,
    spread(rounds.restoreThingsPerSecond, 0),
    spread(rounds.restoreSeconds, 1),
    spread(rounds.restoreCpuSeconds, 1),
    spread(rounds.ownMb, 0),
    kilobytes.toFixed(1),
  ]
  return `${circumstancesLine(results)}
${things} things with ${shadowBytes} bytes of shadow, ${partitions} partitions, at most ${maxInputs} inputs in a transaction, ${compression}; the disk store holds ${cacheThings} things in memory. Median of ${emptyOwnMb.length} rounds, lowest and highest in brackets.

${markdown([
  [`Draining ${updates} shadow updates`, 'transitions/s', 'CPU us each', 'peak RSS MB'],
  updateRow('bridge, memory store', memory.updates),
  updateRow('bridge, disk store', disk.updates),
  updateRow('the same transactions with no decider', transactions),
  updateRow('a plain consume-produce loop', plainLoop),
])}

${markdown([
  [
    'Start with all things',
    'things restored/s',
    'seconds',
    'CPU seconds until ready',
    'own MB when ready',
    'KB per thing',
  ],
  restoreRow('memory store', memory, kilobytesPerThing(results, 'memory')),
  restoreRow('disk store', disk, kilobytesPerThing(results, 'disk')),
  [
    'all things registered, no state',
    '',
    '',
    '',
    spread(registeredOwnMb, 0),
    registryKilobytesPerThing(results).toFixed(1),
  ],
  ['without a thing', '', '', '', spread(emptyOwnMb, 0), ''],
])}

${markdown([
  [`At ${ratePerSecond} updates/s, publish -> accepted`, 'p50 ms', 'p99 ms', 'CPU us/update'],
  rateRow('bridge (ingest and fleet in one process)', accepted.bridge),
  rateRow('echo: no decider, no transaction', accepted.echo),
])}

${targetTable(fleetTargets(results))}
`
}

function updateRow(name: string, rounds: UpdateRounds): string[] {
  return [name, spread(rounds.perSecond, 0), spread(rounds.cpuMicros, 0), spread(rounds.peakResidentMb, 0)]
}
