import { ConfigError } from '../config/config-error.ts'
import { Failure } from '../kernel/failure.ts'
import { UsageError } from './usage-error.ts'

/** Exit codes of `bridge`. 69, 70, 75 and 78 as in sysexits.h. */
export const exitCodes = {
  ok: 0,
  /** The command was understood and found or met a problem. */
  failed: 1,
  /** The command line, or an input line of `explain`, was not understood. */
  usage: 2,
  /** A server that is needed does not answer. */
  unavailable: 69,
  /** An error nobody planned for. */
  bug: 70,
  /** What was waited for has not come in time; it may still come. */
  undecided: 75,
  /** The configuration is wrong. */
  config: 78,
} as const

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage
  if (error instanceof ConfigError) return exitCodes.config
  if (!(error instanceof Failure)) return exitCodes.bug
  return error.kind === 'transient' || error.kind === 'lost' ? exitCodes.unavailable : exitCodes.failed
}

/** For --help. */
export const exitCodesText = `Exit codes:
  0   done
  1   failed, or the check found something
  2   the command line or an input line was not understood
  69  a server that is needed does not answer
  70  an error nobody planned for: a bug
  75  what was waited for has not come in time
  78  the configuration is wrong
`
