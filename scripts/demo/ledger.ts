import type { Group, Message, Outcome } from './message.ts'

interface Entry {
  readonly group: Group
  readonly each: boolean
  readonly sentAt: number
  /** Acknowledgements so far. */
  acknowledged: number
  /** Event ids that Kafka holds for it. */
  readonly ids: string[]
}

export interface GroupCount {
  /** Outcomes that must be in Kafka because their message was acknowledged. */
  acknowledged: number
  /** Of these, found in Kafka. */
  arrived: number
}

/** How long an outcome is remembered after it has been found, so that a repeat is still known as one. */
const rememberMs = 600_000

/** Sets what was acknowledged to devices against what was read from Kafka, one by one. */
export class Ledger {
  /** Messages that the broker acknowledged, refusals apart. */
  messages = 0
  /** PUBACKs that said nobody is subscribed, and those that said no. */
  noSubscriber = 0
  refused = 0
  /** Messages that a device sent once more. */
  sentAgain = 0
  /** Records with an event id that was there before, and punches that got a second event id: never. */
  repeats = 0
  secondIds = 0
  /** What neither the fleet nor its operator caused, such as a punch or a command of your own. */
  foreign = 0
  readonly #entries = new Map<string, Entry>()
  readonly #counts = new Map<Group, GroupCount>()

  /** To be called before every publish. */
  sending({ outcomes }: Message, now: number): void {
    if (outcomes.some(({ key, each }) => !each && this.#entries.has(key))) this.sentAgain += 1
    for (const outcome of outcomes) this.expecting(outcome, now)
  }

  /** To be called before what must cause it is sent. */
  expecting(outcome: Outcome, now: number): void {
    this.#entry(outcome, now)
  }

  acknowledged({ outcomes }: Message, reasonCode: number, now: number): void {
    if (reasonCode >= 0x80) {
      this.refused += 1
      return
    }
    if (reasonCode === 0x10) this.noSubscriber += 1
    this.messages += 1
    for (const outcome of outcomes) this.owed(outcome, now)
  }

  /** From now on it must be in Kafka. */
  owed(outcome: Outcome, now: number): void {
    const entry = this.#entry(outcome, now)
    this.#change(entry, () => {
      entry.acknowledged += 1
    })
  }

  /** Kafka has it. Returns the milliseconds since it was sent, null for a repeat or what the fleet did not send. */
  arrived({ key }: Outcome, eventId: string, now: number): number | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      this.foreign += 1
      return null
    }
    if (entry.ids.includes(eventId)) {
      this.repeats += 1
      return null
    }
    if (entry.ids.length > 0 && entry.group === 'punches') this.secondIds += 1
    this.#change(entry, () => entry.ids.push(eventId))
    return now - entry.sentAt
  }

  count(group: Group): Readonly<GroupCount> {
    return this.#counts.get(group) ?? { acknowledged: 0, arrived: 0 }
  }

  /** Acknowledged and not found yet. The wills are the broker's and not among them. */
  get missing(): number {
    let missing = 0
    for (const [group, { acknowledged, arrived }] of this.#counts) {
      if (group !== 'last wills') missing += acknowledged - arrived
    }
    return missing
  }

  /** The keys of some outcomes that are missing. */
  missingKeys(most: number): readonly string[] {
    const lacking = [...this.#entries].filter(([, entry]) => found(entry) < wanted(entry))
    return lacking.slice(0, most).map(([key]) => key)
  }

  /** Forgets what has been found and is old. */
  forget(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - entry.sentAt < rememberMs) return
      if (!entry.each && found(entry) === wanted(entry)) this.#entries.delete(key)
    }
  }

  #entry({ key, group, each }: Outcome, now: number): Entry {
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const entry: Entry = { group, each, sentAt: now, acknowledged: 0, ids: [] }
    this.#entries.set(key, entry)
    return entry
  }

  #change(entry: Entry, change: () => void): void {
    const [wantedBefore, foundBefore] = [wanted(entry), found(entry)]
    change()
    const count = this.#counts.get(entry.group) ?? { acknowledged: 0, arrived: 0 }
    count.acknowledged += wanted(entry) - wantedBefore
    count.arrived += found(entry) - foundBefore
    this.#counts.set(entry.group, count)
  }
}

function wanted({ each, acknowledged }: Entry): number {
  return each ? acknowledged : Math.min(acknowledged, 1)
}

function found(entry: Entry): number {
  return Math.min(wanted(entry), entry.ids.length)
}
