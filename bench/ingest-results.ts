import { median } from './measure/quantile.ts'
import {
  atLeast,
  atMost,
  type Circumstances,
  type DrainRounds,
  perRound,
  type RateRounds,
  type Target,
} from './rounds.ts'

/** What `make bench-ingest` writes to results/ingest.json. */
export interface IngestResults extends Circumstances {
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

export function ingestTargets({ drain, rate, fullWindows }: IngestResults): readonly Target[] {
  const { bridge, sixtyLine, receiveOnly, produceOnly } = drain
  const bothHalves = receiveOnly.cpuMicrosPerMessage.map(
    (cpu, round) => cpu + (produceOnly.cpuMicrosPerMessage[round] ?? Number.NaN),
  )
  const speed = perRound(bridge.messagesPerSecond, sixtyLine.messagesPerSecond)
  const cpu = perRound(bridge.cpuMicrosPerMessage, sixtyLine.cpuMicrosPerMessage)
  const halves = perRound(bridge.cpuMicrosPerMessage, bothHalves)
  return [
    atLeast('messages/s, times the sixty-line bridge, at least', speed, 7),
    atMost('CPU per message, share of the sixty-line bridge, at most', cpu, 0.125),
    atMost('CPU per message, share of the two halves together, at most', halves, 1.15),
    atMost('publish -> Kafka p99 at the steady rate, ms, below', median(rate.bridge.p99Ms), 25),
    atMost('resident memory with full windows and Kafka frozen, MB, below', fullWindows.residentMb, 160),
  ]
}
