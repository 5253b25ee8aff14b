import { CommandTally } from './command-tally.ts'
import type { Arrival, PresenceRecord, PunchRecord } from './kafka-reader.ts'
import type { Ledger } from './ledger.ts'

export interface SeenPunch {
  readonly record: PunchRecord
  /** From the device's publish to reading it from Kafka; null for a repeat and what the fleet did not send. */
  readonly lagMs: number | null
}

const keptPunches = 60
const keptLags = 2000
const rateSeconds = 30

/** What the screen shows of all that was read from Kafka. */
export class Tally {
  readonly lastPunches: SeenPunch[] = []
  /** Newest report of each device. */
  readonly presence = new Map<string, PresenceRecord>()
  /** Latest changes first. */
  readonly lastOffline: PresenceRecord[] = []
  readonly deadLetters = new Map<string, number>()
  readonly flags = new Map<string, number>()
  readonly commands = new CommandTally()
  punches = 0
  readonly #ledger: Ledger
  readonly #lags: number[] = []
  /** Second to punches read in it. */
  readonly #perSecond = new Map<number, number>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  take(arrival: Arrival): void {
    const now = Date.now()
    const lags = arrival.outcomes.map((outcome) => this.#ledger.arrived(outcome, arrival.record.eventId, now))
    if (arrival.kind === 'punch') this.#punch(arrival.record, lags[0] ?? null, now)
    else if (arrival.kind === 'status') this.commands.take(arrival.record, now)
    else if (arrival.kind === 'presence') this.#report(arrival.record)
    else if (arrival.kind === 'deadLetter') add(this.deadLetters, arrival.record.reasonCode)
  }

  get online(): number {
    return [...this.presence.values()].filter(({ status }) => status === 'ONLINE').length
  }

  get offline(): readonly PresenceRecord[] {
    return [...this.presence.values()].filter(({ status }) => status === 'OFFLINE')
  }

  get allDeadLetters(): number {
    return [...this.deadLetters.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Punches read in each of the last seconds, the oldest first, without the one that runs. */
  rates(): readonly number[] {
    const second = Math.floor(Date.now() / 1000)
    return Array.from({ length: rateSeconds }, (_, at) => this.#perSecond.get(second - rateSeconds + at) ?? 0)
  }

  /** Of the latest punches; null before the first. */
  lag(): { readonly medianMs: number; readonly p99Ms: number } | null {
    const sorted = this.#lags.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
    return sorted.length === 0 ? null : { medianMs: at(0.5), p99Ms: at(0.99) }
  }

  #punch(record: PunchRecord, lagMs: number | null, now: number): void {
    this.punches += 1
    for (const flag of record.flags) add(this.flags, flag)
    if (lagMs !== null) {
      this.#lags.push(lagMs)
      if (this.#lags.length > keptLags) this.#lags.splice(0, keptLags / 2)
    }
    const second = Math.floor(now / 1000)
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + 1)
    this.#perSecond.delete(second - 2 * rateSeconds)
    this.lastPunches.unshift({ record, lagMs })
    if (this.lastPunches.length > keptPunches) this.lastPunches.pop()
  }

  #report(record: PresenceRecord): void {
    const known = this.presence.get(record.deviceSn)
    // The rule for consumers: the latest ingestTime wins.
    if (known !== undefined && known.ingestTime > record.ingestTime) return
    this.presence.set(record.deviceSn, record)
    if (record.status !== 'OFFLINE') return
    this.lastOffline.unshift(record)
    if (this.lastOffline.length > keptPunches) this.lastOffline.pop()
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
