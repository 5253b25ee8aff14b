import { type FleetState, type StateChannel, stateChannels } from '../fleet/state.ts'
import { stateRecordFault } from '../fleet/state-record-fault.ts'
import { Failure } from '../kernel/failure.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import type { FleetPorts, ThingMemory } from './fleet-ports.ts'

/** From where to where each state topic is read back; `end` is the offset after its last record. */
export type StateBounds = Readonly<Record<StateChannel, { readonly from: bigint; readonly end: bigint }>>

/** State records that are read back before memory is made for the next ones. */
const settleEvery = 500

/** Reads the state of one partition back, to the end that it had when former owners were shut out. */
export class FleetRestore {
  readonly #bounds: StateBounds
  readonly #state: FleetState
  readonly #memory: ThingMemory
  readonly #read: FleetPorts['read']
  /** State topics that are not read back to their end, and how far they are. */
  readonly #unread: Map<StateChannel, bigint>
  #records = 0

  constructor(bounds: StateBounds, state: FleetState, memory: ThingMemory, read: FleetPorts['read']) {
    this.#bounds = bounds
    this.#state = state
    this.#memory = memory
    this.#read = read
    this.#unread = new Map(
      stateChannels.flatMap((channel) => {
        const { from, end } = bounds[channel]
        return from < end ? [[channel, from] as const] : []
      }),
    )
  }

  /** Topics that are still to be read, each from this offset on. */
  get unread(): ReadonlyMap<StateChannel, bigint> {
    return this.#unread
  }

  /** Records that were read back. */
  get records(): number {
    return this.#records
  }

  /** How many offsets are left. */
  left(): number {
    let records = 0
    for (const [channel, next] of this.#unread) records += Number(this.#bounds[channel].end - next)
    return records
  }

  /** Returns whether this was the end of its topic. Throws a `fatal` `invalid_state` that names the record's place. */
  async take(messages: readonly KafkaMessage[], channel: StateChannel, next: bigint): Promise<boolean> {
    if (!this.#unread.has(channel)) return false
    for (const message of messages) {
      const value = message.value === null ? null : await this.#read(channel, message)
      const key = message.key === null ? null : Buffer.from(message.key).toString('utf8')
      const fault = value === undefined ? 'it cannot be decoded' : stateRecordFault(channel, key, value)
      if (value === undefined || fault !== null) {
        const place = `${message.topic}/${message.partition}/${message.offset}`
        throw new Failure('fatal', 'invalid_state', `the state record ${place} cannot be taken: ${fault}`)
      }
      this.#state.apply({ channel, key, value })
      this.#records += 1
      if (this.#records % settleEvery === 0) await this.#memory.settle()
    }
    this.#unread.set(channel, next)
    if (next < this.#bounds[channel].end) return false
    this.#unread.delete(channel)
    return true
  }
}
