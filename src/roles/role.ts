import type { Clock } from '../kernel/clock.ts'
import type { Conditions } from '../observe/conditions.ts'
import type { Conservation } from '../observe/conservation.ts'
import type { Emit } from '../observe/events/event.ts'
import type { SetStanding } from '../observe/standing-gauges.ts'
import type { Watchdog } from '../observe/watchdog.ts'

/** What every role is given. Nothing here belongs to one role. */
export interface RoleDeps {
  readonly clock: Clock
  readonly emit: Emit
  readonly random: () => number
  /** Conditions of readiness; a role speaks for its own, named `{role}.{what}`. */
  readonly ready: Conditions
  readonly started: Conditions
  readonly conservation: Conservation
  readonly setStanding: SetStanding
  readonly watchdog: Watchdog
  /** Whether the next stop is the last one of this worker. */
  readonly downscale: { readonly prepared: boolean }
  readonly bridgeVersion: string
}

/** Servers that connections are kept to, and `http`, which is one; the others are asked with the files of the moment. */
export type RenewedServer = 'mqtt' | 'kafka' | 'http'

export interface Role {
  readonly name: string
  /** Starts the work. Resolves when the role has begun; rejects with a `fatal` Failure when it never can. */
  open(): Promise<void>
  /**
   * The files for this server have changed and the server takes them: use them, without losing anything. Rejects with
   * a `transient` Failure when it has to be asked again.
   */
  renew(server: RenewedServer): Promise<void>
  /** Finishes what is in flight: three quarters of `graceMs` to finish, the rest to cut. */
  drain(graceMs: number): Promise<void>
  /** What is still in flight. */
  pending(): number
  /** Client ids of the sessions that it keeps at the MQTT broker between its lives. */
  sessions(): readonly string[]
}
