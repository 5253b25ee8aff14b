import { Failure } from '../kernel/failure.ts'

/** One thing that is wrong with the configuration. Never holds the value of a secret. */
export interface ConfigFault {
  /** Dotted, such as `mqtt.tls.caFile` or `devices[2].timeZone`; empty for the whole. */
  readonly path: string
  /** Where the value came from, such as `bridge.yaml:12`; null when nobody said. */
  readonly origin: string | null
  readonly problem: string
  /** What a value here may be; null when the problem says it. */
  readonly allowed: string | null
  /** What to do now; null when `allowed` says it. */
  readonly next: string | null
}

export class ConfigError extends Failure {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    super('fatal', 'config_invalid', faults.map(faultText).join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

function faultText(fault: ConfigFault): string {
  const where = fault.path === '' ? 'the configuration' : fault.path
  const origin = fault.origin === null ? '' : ` (${fault.origin})`
  const allowed = fault.allowed === null ? '' : `; allowed: ${fault.allowed}`
  const next = fault.next === null ? '' : `. ${fault.next}`
  return `${where}${origin} ${fault.problem}${allowed}${next}`
}
