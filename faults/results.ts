/** One line of the table, as it stands in results/faults.json. */
export interface RowResult {
  readonly name: string
  readonly title: string
  readonly faults: number
  readonly seed: number
  readonly seconds: number
  readonly punches: {
    readonly sent: number
    readonly lost: number
    readonly lostByBroker: number
    readonly repeated: number
    /** One window of each connection that takes punches, for each fault, and what the broker had sent beyond it. */
    readonly repeatLimit: number
    readonly reordered: number
    readonly longestStallSeconds: number
    readonly recoverySeconds: { readonly median: number; readonly worst: number }
  }
  readonly commands: {
    readonly sent: number
    readonly lost: number
    readonly lostByBroker: number
    readonly repeated: number
    readonly reordered: number
  }
  /** Why the row does not hold; empty when it holds. */
  readonly failures: readonly string[]
}

/** What was said of one kind, and how much of it led to nothing. */
interface Sent {
  readonly sent: number
  readonly lost: number
}

/** One line of the table of things. */
export interface ThingRowResult {
  readonly name: string
  readonly title: string
  readonly faults: number
  /** How many of the faults met what they aim at, such as an open transaction. */
  readonly inTheAct: number
  readonly seed: number
  readonly seconds: number
  readonly reports: Sent
  readonly events: Sent
  readonly requests: Sent
  readonly executions: Sent
  readonly publications: Sent & { readonly repeated: number }
  /** What was done twice, answered in two ways, told out of order, or told and not committed. */
  readonly wrong: number
  readonly recoverySeconds: { readonly median: number; readonly worst: number }
  readonly failures: readonly string[]
}

/** What `make faults` writes. */
export interface FaultResults {
  /** Of the last run. */
  readonly measuredOn: string
  readonly versions: Readonly<Record<string, string>>
  readonly setting: {
    readonly cores: number
    readonly punchesPerSecond: number
    readonly commandsPerSecond: number
    readonly receiveMaximum: number
    readonly connections: number
  }
  readonly rows: readonly RowResult[]
  readonly things: readonly ThingRowResult[]
}
