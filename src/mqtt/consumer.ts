import type { Pump } from '../flow/pump.ts'
import { Backoff } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { Intake } from './intake.ts'

export interface ConsumerDeps {
  readonly pump: Pump
  readonly clock: Clock
  readonly emit: Emit
  readonly random: () => number
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number }
}

/**
 * How a session was left:
 *
 * - `absent`: the broker had none, so nothing waited.
 * - `emptied`: everything that waited was taken and acknowledged, and the session is over.
 * - `taken_over`: another client runs this client id now; the session and what is in it are that client's affair.
 * - `kept`: it could not be read empty in time; the broker keeps it.
 */
export type SessionEnd = 'absent' | 'emptied' | 'taken_over' | 'kept'

/** A broker may send on for a moment after UNSUBACK: EMQX tells its other nodes about it afterwards. */
const quietMs = 1000
const lookMs = 50
const renewLookMs = 5
const closeMs = 1000
/** How long what was taken in may keep a renewal waiting; the broker repeats what is left. */
const settleMs = 5000

/** One client id that consumes: its connection, and the intake of the link that stands now. */
export class Consumer {
  readonly connection: Connection
  intake: Intake | null = null
  /** It is here only to leave a session that somebody else has left behind. */
  readonly #isGuest: boolean
  #hadSession = false
  /** The link that stands found no session, and has subscribed to nothing. */
  #isAbsent = false

  /** `consumes` false: only to `leave()` a session that somebody else has left behind. */
  constructor(options: ConnectionOptions, deps: ConsumerDeps, consumes = true) {
    this.#isGuest = !consumes
    const { clientId: connection, receiveMaximum } = options
    const { pump, clock, emit, random } = deps
    this.connection = new Connection(
      options,
      {
        dialing: (tap) => {
          this.intake = new Intake(tap, { pump, clock, emit, connection, receiveMaximum })
          tap.listen(this.intake)
        },
        connected: (_link, _limits, sessionPresent) => {
          if (!sessionPresent && this.#hadSession) emit({ event: 'mqtt_session_lost', connection })
          this.#hadSession = true
          this.#isAbsent = !sessionPresent && !this.connection.consumes
          if (this.#isGuest && sessionPresent) emit({ event: 'session_adopting', connection })
        },
        lost: () => {
          const repeated = this.intake?.close() ?? 0
          this.intake = null
          return repeated
        },
      },
      { clock, emit, random, backoff: new Backoff({ ...deps.reconnect, random }) },
      consumes,
    )
  }

  /**
   * Gives the session up for good: UNSUBSCRIBE, takes and acknowledges what waits until nothing comes any more, then
   * DISCONNECT with session expiry 0. When it is `kept`, at the latest when `signal` is aborted, the connection still
   * stands or is being made: close it.
   */
  async leave(signal: AbortSignal): Promise<SessionEnd> {
    const { connection } = this
    connection.stopConsuming()
    const aborted = new Promise<false>((resolve) => {
      if (signal.aborted) resolve(false)
      signal.addEventListener('abort', () => resolve(false), { once: true })
    })
    while (!signal.aborted) {
      if (connection.away === 'session_taken_over') {
        await connection.close(closeMs)
        return 'taken_over'
      }
      if (this.#isGuest && connection.away !== null) break
      const isAbsent = connection.link !== null && this.#isAbsent
      if (isAbsent || (await Promise.race([this.#isEmpty(), aborted]))) {
        await connection.close(closeMs, 'end')
        return isAbsent ? 'absent' : 'emptied'
      }
      await pause(lookMs)
    }
    return 'kept'
  }

  /**
   * Takes nothing more in, acknowledges what is here, and connects anew with the files of now. The session stays, so
   * what comes meanwhile waits at the broker. Rejects with a `transient` Failure when the new connection does not stand.
   */
  async renew(): Promise<void> {
    const { intake } = this
    if (intake !== null && this.connection.link !== null) {
      intake.stopAccepting()
      const until = performance.now() + settleMs
      while (intake.pending > 0 && this.intake === intake && performance.now() < until) await pause(renewLookMs)
    }
    await this.connection.renew()
  }

  /**
   * Nothing is unacknowledged, nothing has come for a while, and a ping went to the broker and back without anything
   * coming before the answer: the broker had seen every acknowledgement by then, and had nothing more to send.
   */
  async #isEmpty(): Promise<boolean> {
    const unsubscribed = this.connection.unsubscribed
    const intake = this.intake
    if (unsubscribed === null || intake === null) return false
    const since = Math.max(unsubscribed.at, intake.lastReadAt)
    if (intake.pending > 0 || performance.now() - since < quietMs) return false
    const { received } = intake
    const answered = await unsubscribed.link.pings.barrier()
    return answered && intake.received === received && this.connection.link === unsubscribed.link
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
