import { cpus, totalmem } from 'node:os'
import type { Drain } from './measure/drain.ts'
import { median } from './measure/quantile.ts'
import type { Rate } from './measure/rate.ts'

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

/** Where and when a bench ran. */
export interface Circumstances {
  readonly measuredOn: string
  readonly machine: {
    readonly cores: number
    readonly model: string
    readonly memoryGib: number
    readonly node: string
  }
  /** Load average over the last minute, when it began and when it ended: near `cores` or above it, others were at work. */
  readonly loadAverage: readonly [number, number]
}

export interface Target {
  readonly text: string
  readonly value: number
  readonly limit: number
  readonly holds: boolean
}

/** Of now; the load averages as `os.loadavg()` gave them when it began and when it ended. */
export function circumstances(loadBefore: number, loadAfter: number): Circumstances {
  const [first] = cpus()
  return {
    measuredOn: new Date().toISOString().slice(0, 10),
    machine: {
      cores: cpus().length,
      model: first?.model.trim() ?? 'unknown',
      memoryGib: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    loadAverage: [rounded(loadBefore), rounded(loadAfter)],
  }
}

/**
 * The median over the rounds of a ratio taken within each: the programs of a round ran right after one another, so what
 * else the machine did weighs on all of them alike.
 */
export function perRound(values: readonly number[], others: readonly number[]): number {
  return median(values.map((value, round) => value / (others[round] ?? Number.NaN)))
}

export function atLeast(text: string, value: number, limit: number): Target {
  return { text, value, limit, holds: value >= limit }
}

export function atMost(text: string, value: number, limit: number): Target {
  return { text, value, limit, holds: value <= limit }
}

export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

export function drainRounds(all: readonly Drain[]): DrainRounds {
  return {
    messagesPerSecond: all.map((each) => Math.round(each.messagesPerSecond)),
    cpuMicrosPerMessage: all.map((each) => rounded(each.cpuMicrosPerMessage)),
    peakResidentMb: all.map((each) => rounded(each.peakResidentMb)),
    repeated: all.map((each) => each.repeated),
  }
}

export function rateRounds(all: readonly Rate[]): RateRounds {
  return {
    p50Ms: all.map((each) => rounded(each.p50Ms)),
    p99Ms: all.map((each) => rounded(each.p99Ms)),
    cpuMicrosPerMessage: all.map((each) => rounded(each.cpuMicrosPerMessage)),
  }
}
