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

/** What `make bench-command` writes to results/command.json. */
export interface CommandResults extends Circumstances {
  readonly setting: {
    readonly devices: number
    /** Of the value on the command topic. */
    readonly commandBytes: number
    readonly partitions: number
    /** Publications without a PUBACK, at most. */
    readonly maxInFlight: number
    readonly compression: string
    readonly ratePerSecond: number
  }
  readonly drain: { readonly bridge: DrainRounds; readonly oneByOne: DrainRounds }
  readonly rate: { readonly bridge: RateRounds; readonly oneByOne: RateRounds }
}

export function commandTargets({ drain, rate, setting }: CommandResults): readonly Target[] {
  const { bridge, oneByOne } = drain
  const speed = perRound(bridge.messagesPerSecond, oneByOne.messagesPerSecond)
  return [
    atLeast('commands/s, times one by one, at least', speed, 8),
    atLeast('commands/s, at least', median(bridge.messagesPerSecond), 10_000),
    atMost(`Kafka append -> PUBACK p99 at ${setting.ratePerSecond}/s, ms, below`, median(rate.bridge.p99Ms), 25),
  ]
}
