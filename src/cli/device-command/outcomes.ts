import type { CommandRequest } from '../../records/generated/command-request.ts'
import type { CommandState, CommandStatus } from '../../records/generated/command-status.ts'
import type { WaitFor } from './orders.ts'

/** What a status means to somebody who waits for the end of a command. */
type Verdict = 'well' | 'failed' | 'not yet'

function verdictOf(status: CommandState, waitFor: WaitFor): Verdict {
  switch (status) {
    case 'SUCCEEDED':
      return 'well'
    case 'PUBLISHED':
    case 'DELIVERED':
      return waitFor === 'published' ? 'well' : 'not yet'
    case 'FAILED':
    case 'REJECTED':
    case 'EXPIRED':
    case 'NO_SUBSCRIBER':
    case 'CANCELLED':
      return 'failed'
    case 'ACCEPTED':
    case 'WAITING':
    case 'UNKNOWN':
      return 'not yet'
  }
}

/** The commands of one call on their way to their ends. */
export class Outcomes {
  readonly #waitFor: WaitFor
  /** The last status by device and id; null before the first. */
  readonly #last = new Map<string, CommandState | null>()
  #open = 0

  constructor(requests: readonly CommandRequest[], waitFor: WaitFor) {
    this.#waitFor = waitFor
    for (const { deviceSn, commandId } of requests) this.#last.set(keyOf(deviceSn, commandId), null)
    this.#open = this.#last.size
  }

  get all(): number {
    return this.#last.size
  }

  /** Commands that have come to no end. */
  get open(): number {
    return this.#open
  }

  /** Takes a status; false when it is of no command of ours, or of one that has ended: the first end counts. */
  take({ deviceSn, commandId, status }: CommandStatus): boolean {
    const key = keyOf(deviceSn, commandId)
    const before = this.#last.get(key)
    if (before === undefined || (before !== null && verdictOf(before, this.#waitFor) !== 'not yet')) return false
    this.#last.set(key, status)
    if (verdictOf(status, this.#waitFor) !== 'not yet') this.#open -= 1
    return true
  }

  get failed(): number {
    return this.#count((status) => status !== null && verdictOf(status, this.#waitFor) === 'failed')
  }

  /** Such as `12 SUCCEEDED, 1 EXPIRED`. */
  summary(): string {
    const counts = new Map<string, number>()
    for (const status of this.#last.values()) {
      const name = status ?? 'without a status'
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...counts].map(([name, count]) => `${count} ${name}`).join(', ')
  }

  #count(counts: (status: CommandState | null) => boolean): number {
    return [...this.#last.values()].filter(counts).length
  }
}

function keyOf(deviceSn: string, commandId: string): string {
  return `${deviceSn} ${commandId}`
}
