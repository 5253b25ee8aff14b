import { Backoff } from '../kernel/backoff.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import type { ConsumerDeps } from './consumer.ts'
import { Intake } from './intake.ts'
import { receiptOf } from './publish-frame.ts'

/** The retained set counts as read when nothing retained has come for this long. No broker says where it ends. */
const quietMs = 3000
const tickMs = 500

/**
 * Reads the retained messages of an ordinary subscription once: shared subscriptions do not get them. Live messages
 * that the subscription also brings are left out, since the shared one has them.
 */
export class RetainedSnapshot {
  readonly #connection: Connection
  readonly #timer: NodeJS.Timeout
  #intake: Intake | null = null
  #quietSince = 0
  #closing: Promise<void> | null = null

  constructor(options: ConnectionOptions, deps: ConsumerDeps) {
    const { pump, clock, emit, random } = deps
    const { clientId: connection, receiveMaximum } = options
    this.#connection = new Connection(
      options,
      {
        dialing: (tap) => {
          const intake = new Intake(tap, { pump, clock, emit, connection, receiveMaximum })
          this.#intake = intake
          this.#quietSince = clock.now()
          tap.listen({
            publish: (frame) => {
              if (frame.retain) {
                this.#quietSince = clock.now()
                intake.publish(frame)
              } else if (frame.qos > 0) {
                tap.acknowledge([receiptOf(frame)])
              }
            },
            endOfRead: () => intake.endOfRead(),
          })
        },
        connected: () => undefined,
        lost: () => {
          const repeated = this.#intake?.close() ?? 0
          this.#intake = null
          return repeated
        },
      },
      { clock, emit, random, backoff: new Backoff({ ...deps.reconnect, random }) },
    )
    this.#timer = setInterval(() => {
      const isRead = this.#connection.ready && clock.now() - this.#quietSince >= quietMs && this.pending === 0
      if (isRead) this.close(1000).catch(() => undefined)
    }, tickMs)
  }

  get pending(): number {
    return this.#intake?.pending ?? 0
  }

  open(): void {
    this.#connection.open()
  }

  flush(): void {
    this.#intake?.flush()
  }

  async close(graceMs: number): Promise<void> {
    clearInterval(this.#timer)
    this.#closing ??= this.#connection.close(graceMs)
    await this.#closing
  }
}
