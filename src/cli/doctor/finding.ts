/** The servers of the bridge, and `bridge`: what a worker is and has itself, on the machine where the doctor runs. */
export const servers = ['mqtt', 'emqx', 'kafka', 'registry', 'bridge'] as const
export type ServerName = (typeof servers)[number]

/** What a check can be about; scripts may rely on these words. */
export type CheckName =
  | 'files'
  | 'reach'
  | 'certificate'
  | 'login'
  | 'limits'
  | 'permission'
  | 'brokers'
  | 'topics'
  | 'settings'
  | 'schemas'
  | 'records'
  | 'listen'
  | 'store'
  | 'clock'
  | 'queues'

/** One thing the doctor found. `bridge doctor --json` prints one per line. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly server: ServerName
  readonly check: CheckName
  /** The address, topic, filter or file it is about. */
  readonly on: string
  /** What is so, or what is wrong. */
  readonly what: string
  /** What is lost or does not work; null when all is well. */
  readonly costs: string | null
  /** What to type or to change; null when all is well. */
  readonly fix: string | null
}

/** Says a finding of one server. */
export class Report {
  readonly server: ServerName
  readonly #say: (finding: Finding) => void

  constructor(server: ServerName, say: (finding: Finding) => void) {
    this.server = server
    this.#say = say
  }

  ok(check: CheckName, on: string, what: string): void {
    this.#say({ level: 'ok', server: this.server, check, on, what, costs: null, fix: null })
  }

  warn(check: CheckName, on: string, what: string, costs: string, fix: string): void {
    this.#say({ level: 'warn', server: this.server, check, on, what, costs, fix })
  }

  fail(check: CheckName, on: string, what: string, costs: string, fix: string): void {
    this.#say({ level: 'fail', server: this.server, check, on, what, costs, fix })
  }
}
