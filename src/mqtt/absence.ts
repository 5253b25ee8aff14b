import type { ErrorWithReasonCode } from 'mqtt'
import { Backoff } from '../kernel/backoff.ts'
import { isCertificateError } from '../kernel/certificate-error.ts'
import { policyOf, type StayAway } from './reason-codes.ts'

/** What is known of the end of a link: the reason code that announced it, if one did, else a name for how it failed. */
export interface Ending {
  readonly code: number | null
  readonly reason: string
}

/**
 * A connection that stood this long, and long by the last wait, is taken for healthy: the next failure starts the
 * back-off anew. Mosquitto 2.0 says nothing to the one whose session is taken over, so two that run one client id must
 * come to rest at the longest wait, where each stands as long as the other waits.
 */
const healthyAfterMs = 10_000
const healthyAfterWaits = 4
const slowMs = 15_000
const soonMs = 2_000
/** Two that run one client id must not throw each other out every minute: each time doubles the wait. */
const stepBack = { firstMs: 60_000, maxMs: 1_200_000 }

/** How long a client id stays away from the broker after each end of its connection. */
export class Absence {
  readonly #backoff: Backoff
  readonly #stepBack: Backoff
  readonly #random: () => number
  #lastDelayMs = 0

  constructor(backoff: Backoff, random: () => number) {
    this.#backoff = backoff
    this.#stepBack = new Backoff({ ...stepBack, random })
    this.#random = random
  }

  /** After a link that stood for `stoodMs` (0: it never did) has ended. `reason` is from a closed set. */
  after({ code, reason }: Ending, stoodMs: number) {
    if (stoodMs >= Math.max(healthyAfterMs, healthyAfterWaits * this.#lastDelayMs)) this.#backoff.reset()
    if (stoodMs >= stepBack.maxMs) this.#stepBack.reset()
    const policy = code === null ? null : policyOf(code)
    this.#lastDelayMs = this.#delayMs(policy?.stayAway ?? 'backoff')
    return {
      reason: policy?.name ?? reason,
      isTakenOver: policy?.stayAway === 'step_back',
      sessionGone: policy?.sessionGone ?? false,
      delayMs: this.#lastDelayMs,
    }
  }

  /** Only a person can help: ask again, slowly. */
  slow(): number {
    return slowMs + Math.round(this.#random() * slowMs)
  }

  #delayMs(stayAway: StayAway): number {
    switch (stayAway) {
      case 'soon':
        return Math.round(this.#random() * soonMs)
      case 'step_back':
        return this.#stepBack.next()
      case 'slow':
        return this.slow()
      case 'backoff':
        return this.#backoff.next()
    }
  }
}

/** What an error of MQTT.js tells about the end of its link; `before` where it tells less. */
export function endingOf(error: Error | ErrorWithReasonCode, before: Ending): Ending {
  const code: unknown = 'code' in error ? error.code : undefined
  return typeof code === 'number' ? { ...before, code } : { ...before, reason: reasonOf(error.message, code) }
}

/** A closed set of reasons for connections that ended without a reason code. */
function reasonOf(message: string, code: unknown): string {
  if (message === 'connack timeout') return 'connack_timeout'
  if (message === 'Keepalive timeout') return 'keepalive_timeout'
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ECONNRESET' || code === 'ETIMEDOUT') {
    return code.toLowerCase()
  }
  if (isCertificateError(code)) return 'tls'
  return 'connection_error'
}
