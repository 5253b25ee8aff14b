import type { Json } from '../json/json.ts'

/** Below this a number is taken for seconds, not milliseconds. */
const LEAST_MS = 1e11
const MOST_AHEAD_MS = 24 * 3_600_000

export interface EventTime {
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly source: 'device' | 'broker' | 'broker_implausible'
}

/**
 * When an event happened: the device's time if it is plausible, else the ingestion time (fleets 5).
 * `checkTime` false keeps every whole number that a double holds exactly (fleets 11, decision 14).
 */
export function eventTime(sent: Json | undefined, ingestedAt: number, checkTime: boolean): EventTime {
  if (sent === undefined) return { timestamp: ingestedAt, source: 'broker' }
  const whole = typeof sent === 'number' && Number.isSafeInteger(sent)
  const plausible = whole && (!checkTime || (sent >= LEAST_MS && sent <= ingestedAt + MOST_AHEAD_MS))
  // Adding 0 turns -0 into 0.
  return plausible ? { timestamp: sent + 0, source: 'device' } : { timestamp: ingestedAt, source: 'broker_implausible' }
}
