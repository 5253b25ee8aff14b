import type { Clock } from '../kernel/clock.ts'
import type { Emit } from './events/event.ts'

export interface DownscaleState {
  readonly status: 'prepared' | 'not prepared'
  /** Since when it is so, as an instant; null when nobody has ever asked. */
  readonly since: string | null
  /** Client ids of the sessions that this worker keeps at the MQTT broker between its lives. */
  readonly sessions: readonly string[]
  /** What the next stop will do. */
  readonly next: string
}

const next = {
  prepared: 'on SIGTERM these sessions are read empty and given up; DELETE takes this back',
  'not prepared': 'on SIGTERM these sessions are kept for the next start',
}

/** Whether this worker goes for good at its next stop. Asked for and taken back over HTTP; asking twice is asking once. */
export class Downscale {
  readonly #clock: Clock
  readonly #emit: Emit
  readonly #sessions: () => readonly string[]
  #prepared = false
  #since: number | null = null

  constructor(clock: Clock, emit: Emit, sessions: () => readonly string[]) {
    this.#clock = clock
    this.#emit = emit
    this.#sessions = sessions
  }

  get prepared(): boolean {
    return this.#prepared
  }

  prepare(): void {
    if (this.#prepared) return
    this.#prepared = true
    this.#since = this.#clock.now()
    this.#emit({ event: 'downscale_prepared', sessions: this.#sessions() })
  }

  cancel(): void {
    if (!this.#prepared) return
    this.#prepared = false
    this.#since = this.#clock.now()
    this.#emit({ event: 'downscale_cancelled' })
  }

  state(): DownscaleState {
    const status = this.#prepared ? 'prepared' : 'not prepared'
    const since = this.#since === null ? null : new Date(this.#since).toISOString()
    return { status, since, sessions: this.#sessions(), next: next[status] }
  }
}
