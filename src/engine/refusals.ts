import type { ReadInput } from './fleet-decision.ts'
import type { FleetInput } from './fleet-ports.ts'

/**
 * What Kafka refuses for good (a record over `max.message.bytes`) takes its whole transaction with it, and the worker
 * of the partition starts over. This is what it has to know then, or it would meet the same again, for ever: inputs
 * that fell together are taken one by one, every record in a batch of its own, and one that falls alone is refused.
 */
export class Refusals {
  /** The last input, of each kind, of a transaction that fell. */
  readonly #suspects = new Map<FleetInput, bigint>()
  /** Why inputs are refused, by place. */
  readonly #reasons = new Map<string, string>()
  #singly = false

  /** A transaction fell. Tells whether one input is refused from now on. */
  fell(inputs: readonly ReadInput[], reason: string): boolean {
    const [first] = inputs
    // Timers or the fan-out of a job: what is large is then the batch, which nobody but us made.
    if (first === undefined) this.#singly = true
    else if (inputs.length === 1 && this.isSuspect(first)) {
      this.#reasons.set(placeOf(first), reason)
      return true
    }
    for (const input of inputs) if (!this.isSuspect(input)) this.#suspects.set(input.input, offsetOf(input))
    return false
  }

  /** Whether it has to be taken alone. */
  isSuspect(input: ReadInput): boolean {
    const last = this.#suspects.get(input.input)
    return last !== undefined && offsetOf(input) <= last
  }

  /** Why this input is refused; null when it is not. */
  reasonOf(input: ReadInput): string | null {
    return this.#reasons.get(placeOf(input)) ?? null
  }

  /** Whether every record of a transaction of these inputs needs a batch of its own. */
  singly(inputs: readonly ReadInput[]): boolean {
    return this.#singly || inputs.some((input) => this.isSuspect(input))
  }

  /** They are committed. */
  passed(inputs: readonly ReadInput[]): void {
    for (const input of inputs) this.#reasons.delete(placeOf(input))
  }

  /** Of the inputs that wait, those of the next transaction. */
  next(waiting: readonly ReadInput[], most: number): readonly ReadInput[] {
    const inputs = waiting.slice(0, most)
    const suspect = inputs.findIndex((input) => this.isSuspect(input))
    return suspect < 0 ? inputs : inputs.slice(0, Math.max(1, suspect))
  }
}

function offsetOf({ message }: ReadInput): bigint {
  return BigInt(message.offset)
}

function placeOf({ input, message }: ReadInput): string {
  return `${input}/${message.offset}`
}
