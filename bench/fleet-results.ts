import { median } from './measure/quantile.ts'
import { atLeast, atMost, type Circumstances, type RateRounds, type Target } from './rounds.ts'

/** What one program reached on a backlog of updates, one value per round. */
export interface UpdateRounds {
  readonly perSecond: readonly number[]
  readonly cpuMicros: readonly number[]
  readonly peakResidentMb: readonly number[]
}

export interface StoreRounds {
  readonly restoreSeconds: readonly number[]
  readonly restoreThingsPerSecond: readonly number[]
  /** From its start to its readiness. */
  readonly restoreCpuSeconds: readonly number[]
  /** When it was ready. */
  readonly ownMb: readonly number[]
  readonly updates: UpdateRounds
}

/** What `make bench-fleet` writes to results/fleet.json. */
export interface FleetResults extends Circumstances {
  readonly setting: {
    readonly things: number
    readonly shadowBytes: number
    readonly updates: number
    readonly partitions: number
    readonly maxInputs: number
    readonly cacheThings: number
    readonly compression: string
    readonly ratePerSecond: number
  }
  /** The same process without a thing. */
  readonly emptyOwnMb: readonly number[]
  /** The same process with all things in the registry, and no state. */
  readonly registeredOwnMb: readonly number[]
  readonly memory: StoreRounds
  readonly disk: StoreRounds
  readonly transactions: UpdateRounds
  readonly plainLoop: UpdateRounds
  readonly accepted: { readonly bridge: RateRounds; readonly echo: RateRounds }
}

/** Kilobytes of memory that the state of a thing takes, without its place in the registry. */
export function kilobytesPerThing(results: FleetResults, store: 'memory' | 'disk'): number {
  const more = median(results[store].ownMb) - median(results.registeredOwnMb)
  return (more * 1024) / results.setting.things
}

/** What it takes to know that a thing is registered. Each process knows all of them. */
export function registryKilobytesPerThing({ emptyOwnMb, registeredOwnMb, setting }: FleetResults): number {
  return ((median(registeredOwnMb) - median(emptyOwnMb)) * 1024) / setting.things
}

export function fleetTargets(results: FleetResults): readonly Target[] {
  const { accepted, memory, setting, transactions } = results
  const cpu = median(memory.updates.cpuMicros) / median(transactions.cpuMicros)
  return [
    atMost('CPU per transition, times the same transactions with no decider, at most', cpu, 2),
    atLeast('things restored per second, at least', median(memory.restoreThingsPerSecond), 10_000),
    atMost('disk store: KB of memory per thing, at most', kilobytesPerThing(results, 'disk'), 2),
    atMost(`update -> accepted p99 at ${setting.ratePerSecond}/s, ms, below`, median(accepted.bridge.p99Ms), 500),
  ]
}
