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
    /** How long bytes are on their way to the broker, and as long back, in `far`. */
    readonly linkMs: number
  }
  readonly drain: { readonly bridge: DrainRounds; readonly oneByOne: DrainRounds }
  readonly far: { readonly bridge: DrainRounds; readonly oneByOne: DrainRounds }
  readonly rate: { readonly bridge: RateRounds; readonly oneByOne: RateRounds }
}

export function commandTargets({ drain, far, rate, setting }: CommandResults): readonly Target[] {
  const times = ({ bridge, oneByOne }: CommandResults['drain']): number =>
    perRound(bridge.messagesPerSecond, oneByOne.messagesPerSecond)
  return [
    atLeast('commands/s, times one by one, at least', times(drain), 8),
    atLeast(`the same with the broker ${setting.linkMs} ms away`, times(far), 8),
    atLeast('commands/s, at least', median(drain.bridge.messagesPerSecond), 10_000),
    atMost(`Kafka append -> PUBACK p99 at ${setting.ratePerSecond}/s, ms, below`, median(rate.bridge.p99Ms), 25),
  ]
}
