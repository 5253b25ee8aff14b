import { cpus, totalmem } from 'node:os'
import { median } from './measure/quantile.ts'

/** What one program reached, one value per round. */
export interface DrainRounds {
  readonly messagesPerSecond: readonly number[]
  readonly cpuMicrosPerMessage: readonly number[]
  readonly peakResidentMb: readonly number[]
  /** Messages that came out more than once. */
  readonly repeated: readonly number[]
}

export interface RateRounds {
  readonly p50Ms: readonly number[]
  readonly p99Ms: readonly number[]
  readonly cpuMicrosPerMessage: readonly number[]
}

/** What `make bench` writes to results/ingest.json. */
export interface Results {
  readonly measuredOn: string
  readonly machine: {
    readonly cores: number
    readonly model: string
    readonly memoryGib: number
    readonly node: string
  }
  /** Load average over the last minute, when it began and when it ended: near `cores` or above it, others were at work. */
  readonly loadAverage: readonly [number, number]
  readonly setting: {
    readonly devices: number
    readonly payloadBytes: number
    readonly connections: number
    readonly receiveMaximum: number
    readonly partitions: number
    readonly compression: string
    readonly recordsPerBatch: number
    readonly ratePerSecond: number
  }
  readonly drain: {
    readonly bridge: DrainRounds
    readonly sixtyLine: DrainRounds
    readonly receiveOnly: DrainRounds
    readonly produceOnly: DrainRounds
  }
  readonly rate: { readonly bridge: RateRounds; readonly sixtyLine: RateRounds }
  readonly fullWindows: { readonly residentMb: number; readonly held: number }
}

export interface Target {
  readonly text: string
  readonly value: number
  readonly limit: number
  readonly holds: boolean
}

export function machine(): Results['machine'] {
  const [first] = cpus()
  return {
    cores: cpus().length,
    model: first?.model.trim() ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  }
}

/**
 * The targets, each from ratios taken within a round: the programs of a round ran right after one another, so what else
 * the machine did weighs on all of them alike. The median of the rounds counts.
 */
export function targetsOf({ drain, rate, fullWindows }: Results): readonly Target[] {
  const { bridge, sixtyLine, receiveOnly, produceOnly } = drain
  const perRound = (value: (round: number) => number): number =>
    median(bridge.messagesPerSecond.map((_, round) => value(round)))
  const at = (values: readonly number[], round: number): number => values[round] ?? Number.NaN
  const speed = perRound((r) => at(bridge.messagesPerSecond, r) / at(sixtyLine.messagesPerSecond, r))
  const cpu = perRound((r) => at(bridge.cpuMicrosPerMessage, r) / at(sixtyLine.cpuMicrosPerMessage, r))
  const halves = perRound(
    (r) =>
      at(bridge.cpuMicrosPerMessage, r) /
      (at(receiveOnly.cpuMicrosPerMessage, r) + at(produceOnly.cpuMicrosPerMessage, r)),
  )
  const p99 = median(rate.bridge.p99Ms)
  const atLeast = (text: string, value: number, limit: number): Target => ({
    text,
    value,
    limit,
    holds: value >= limit,
  })
  const atMost = (text: string, value: number, limit: number): Target => ({ text, value, limit, holds: value <= limit })
  return [
    atLeast('messages/s, times the sixty-line bridge, at least', speed, 7),
    atMost('CPU per message, share of the sixty-line bridge, at most', cpu, 0.125),
    atMost('CPU per message, share of the two halves together, at most', halves, 1.15),
    atMost('publish -> Kafka p99 at the steady rate, ms, below', p99, 25),
    atMost('resident memory with full windows and Kafka frozen, MB, below', fullWindows.residentMb, 160),
  ]
}
