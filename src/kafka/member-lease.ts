/** What a group promises its members, in milliseconds. */
export interface LeaseOptions {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatIntervalMs: number
}

/**
 * How long a member of a consumer group may take what it holds for its own. A process that was frozen wakes up with
 * answers in its sockets, and handles them before anything tells it that others own its partitions by now: only the clock
 * knows. Times are those of `performance.now()`.
 */
export class MemberLease {
  readonly #options: LeaseOptions
  readonly #look: () => void
  #timer: NodeJS.Timeout | undefined
  /** When the group last said that this member is in it. */
  #memberAt = 0
  /** When this process was last seen to run. */
  #awakeAt = 0

  /** `look`: called now and then, to ask {@link isOver}. */
  constructor(options: LeaseOptions, look: () => void) {
    this.#options = options
    this.#look = look
  }

  /** From now on: it has joined, or is about to. */
  begin(): void {
    this.extend()
    this.#awakeAt = performance.now()
    clearInterval(this.#timer)
    this.#timer = setInterval(() => {
      this.#look()
      this.#awakeAt = performance.now()
    }, this.#options.heartbeatIntervalMs)
  }

  /** The group has answered. */
  extend(): void {
    this.#memberAt = performance.now()
  }

  /** Silent for too long, or asleep for a whole session. `joining`: the group waits for its members, and no heartbeat is sent. */
  isOver(joining: boolean): boolean {
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const now = performance.now()
    const leaseMs = joining ? sessionTimeoutMs + rebalanceTimeoutMs : sessionTimeoutMs
    return now - this.#memberAt >= leaseMs || now - this.#awakeAt >= sessionTimeoutMs
  }

  end(): void {
    clearInterval(this.#timer)
  }
}
