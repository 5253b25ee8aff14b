/**
 * The four kinds of failure, named by what the caller has to do next.
 *
 * - `malformed`: this input can never succeed. Dead-letter it and settle it.
 * - `transient`: the other side is away or busy. Wait, then do the same again.
 * - `lost`: this connection's or assignment's epoch is over. Forget the work; the other side repeats it.
 * - `fatal`: a person must change something. Stop with `exitCode`.
 */
export type FailureKind = 'malformed' | 'transient' | 'lost' | 'fatal'

/** An error that says what to do next. `code` is from a closed set and fit for a metric label; `message` is not. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly code: string

  constructor(kind: FailureKind, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'Failure'
    this.kind = kind
    this.code = code
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
