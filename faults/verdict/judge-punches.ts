import type { SentPunch } from '../flow/punch-flow.ts'
import type { LinkTrace } from '../stage/link-trace.ts'
import type { Fault } from './fault.ts'
import type { StoredPunch } from './stored.ts'

/** What became of the punches of a row. */
export interface PunchVerdict {
  /** Acknowledged by the broker to a device. */
  readonly sent: number
  /** Of these, nowhere in Kafka. */
  readonly lost: readonly string[]
  /** Nowhere in Kafka, and never acknowledged to a broker that was killed: it had not kept what it promised. */
  readonly lostByBroker: readonly string[]
  /** Punches with more than one record. */
  readonly repeated: readonly string[]
  /** Punches whose first record stands behind one of a later punch of the same device. */
  readonly reordered: number
  /** Stored, but not as it was sent, or where it does not belong. */
  readonly wrong: readonly string[]
  /** The longest time without a new record, while punches flowed. */
  readonly longestStallMs: number
  /** Of each fault: from its cause being gone to the last record of what had waited. */
  readonly recoveryMs: readonly number[]
}

/** `flowed`: from the first punch to the last. */
export function judgePunches(
  sent: ReadonlyMap<string, SentPunch>,
  stored: readonly StoredPunch[],
  faults: readonly Fault[],
  trace: LinkTrace,
  brokerDies: boolean,
  flowed: readonly [number, number],
): PunchVerdict {
  const first = new Map<string, StoredPunch>()
  const repeated = new Set<string>()
  const wrong = new Set<string>()
  for (const record of stored) {
    const { id } = record
    const earlier = first.get(id)
    const punch = sent.get(id)?.punch
    if (earlier !== undefined) repeated.add(id)
    if (earlier === undefined || record.at < earlier.at) first.set(id, record)
    const place = punch?.poison === true ? 'deadLetter' : 'attendance'
    if (!record.sound || punch === undefined || record.in !== place) wrong.add(id)
  }
  const acknowledged = [...sent.values()].filter(({ acknowledgedAt }) => acknowledgedAt !== null)
  const missing = acknowledged.map(({ punch }) => punch.id).filter((id) => !first.has(id))
  const theirs = (id: string): boolean => brokerDies && !trace.acknowledged.has(id)
  return {
    sent: acknowledged.length,
    lost: missing.filter((id) => !theirs(id)),
    lostByBroker: missing.filter(theirs),
    repeated: [...repeated],
    reordered: reordered(stored, sent),
    wrong: [...wrong],
    longestStallMs: longestStall(stored, flowed),
    recoveryMs: faults.map(({ gone, waiting }) =>
      Math.max(0, ...waiting.map((id) => (first.get(id)?.at ?? gone) - gone)),
    ),
  }
}

/** `stored` is in the order of offsets, and a device has one partition. */
function reordered(stored: readonly StoredPunch[], sent: ReadonlyMap<string, SentPunch>): number {
  const highest = new Map<string, number>()
  const seen = new Set<string>()
  let count = 0
  for (const { id, deviceSn, in: place } of stored) {
    if (place !== 'attendance' || seen.has(id)) continue
    seen.add(id)
    const number = sent.get(id)?.punch.number ?? 0
    const before = highest.get(deviceSn) ?? 0
    if (number < before) count += 1
    else highest.set(deviceSn, number)
  }
  return count
}

function longestStall(stored: readonly StoredPunch[], [start, end]: readonly [number, number]): number {
  const times = stored.map(({ at }) => at).filter((at) => at > start && at < end)
  times.sort((a, b) => a - b)
  let longest = 0
  let before = start
  for (const at of [...times, end]) {
    longest = Math.max(longest, at - before)
    before = at
  }
  return longest
}
