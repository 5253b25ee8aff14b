import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino'
import type { Level } from './events/define-event.ts'

export interface LogOptions {
  readonly level: Level | 'trace'
  /** Texts that must never appear in a line: the secrets of the configuration. */
  readonly secrets?: readonly string[]
  /** Where lines go; standard output when absent. */
  readonly stream?: DestinationStream
}

const longest = 2000

/** Writes lines of JSON: `level`, `time`, `event`, the event's fields, `msg`. */
export class Log {
  readonly #logger: Logger
  readonly #secrets: readonly string[]

  constructor(options: LogOptions) {
    this.#secrets = (options.secrets ?? []).filter((secret) => secret.length > 0)
    this.#logger = pino(
      {
        level: options.level,
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      // Synchronous, so that the last line before an exit is never lost. Lines are rare.
      options.stream ?? destination({ fd: 1, sync: true }),
    )
  }

  write(
    level: Level,
    event: string,
    values: Readonly<Record<string, unknown>>,
    fields: readonly string[],
    says: string,
  ) {
    if (!this.#logger.isLevelEnabled(level)) return
    const line: Record<string, unknown> = { event }
    for (const name of fields) line[name] = this.#clean(values[name])
    this.#logger[level](line, says)
  }

  #clean(value: unknown): unknown {
    if (typeof value === 'string') return this.#withoutSecrets(value)
    if (Array.isArray(value)) return value.map((item) => this.#clean(item))
    if (value instanceof Map) return Object.fromEntries(value)
    return value
  }

  #withoutSecrets(text: string): string {
    let clean = text
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '(secret)')
    return clean.length > longest ? `${clean.slice(0, longest)}...` : clean
  }
}
