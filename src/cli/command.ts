import type { Surroundings } from '../config/substitution.ts'

/** What a command may touch of the process it runs in. */
export interface CommandIo extends Surroundings {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

/** One word after `bridge`. */
export interface Command {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** Usage, options and an example, for `bridge <name> --help`. */
  readonly help: string
  /** Resolves to the exit code. Throws UsageError, ConfigError or another Failure: see exit-codes.ts. */
  run(args: readonly string[], io: CommandIo): Promise<number>
}
