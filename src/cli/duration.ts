import { UsageError } from './usage-error.ts'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A timer of Node that is given more goes off at once. */
const mostMs = 24 * 86_400_000

/** Milliseconds of a duration such as `500ms`, `30s`, `5m`, `1h` or `2d`. Throws UsageError that names the option. */
export function readDuration(text: string, option: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  const ms = Number(digits) * (unitMs[unit] ?? 0)
  if (ms > 0) return ms
  throw new UsageError(`${option} takes a time such as 500ms, 30s, 5m, 1h or 2d, not ${JSON.stringify(text)}`)
}

/** How long to wait, in milliseconds. Throws UsageError as `readDuration` does, and when it is too long for a timer. */
export function readTimeout(text: string, option: string): number {
  const ms = readDuration(text, option)
  if (ms <= mostMs) return ms
  throw new UsageError(`${option} takes 24d at most`)
}
