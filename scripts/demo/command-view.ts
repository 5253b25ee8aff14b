import type { CommandTally, SeenCommand } from './command-tally.ts'
import type { Fleet } from './fleet.ts'
import { napper } from './roster.ts'

/** In the order of a command's life. */
const order = [
  'SUCCEEDED',
  'FAILED',
  'NO_SUBSCRIBER',
  'EXPIRED',
  'REJECTED',
  'WAITING',
  'DELIVERED',
  'PUBLISHED',
  'ACCEPTED',
]

/** Commands by what became of them so far, such as `SUCCEEDED 12`. */
export function outcomeItems({ outcomes }: CommandTally): readonly string[] {
  return order.filter((name) => (outcomes.get(name) ?? 0) > 0).map((name) => `${name} ${outcomes.get(name)}`)
}

/** Such as `answer: median 12 ms, 99 % within 80 ms`; empty before the first answer. */
export function answerText(tally: CommandTally): string {
  const time = tally.answerTime()
  return time === null ? '' : `send to answer: median ${time.medianMs} ms, 99 % within ${time.p99Ms} ms`
}

export function commandLine({ deviceSn, op, steps, why, tookMs, askedAt }: SeenCommand): string {
  const time = tookMs === null ? '' : `${tookMs}`
  const whose = askedAt === null ? '  (not of the demo)' : ''
  return `${deviceSn.padEnd(10)}${op.padEnd(16)}${time.padStart(7)}  ${steps.join(' > ')}${why === '' ? '' : `  ${why}`}${whose}`
}

/** Where the device is whose coming and going can be foreseen. */
export function napText({ nap }: Fleet): string {
  return nap.isOnline ? `${napper} is online for ${nap.seconds} s` : `${napper} is away, back in ${nap.seconds} s`
}
