import type { Failure } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import type { BridgeRecord, Outcome } from '../records/bridge-record.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import type { AckWindow } from './ack-window.ts'
import { FleetingRoom } from './fleeting-room.ts'
import type { Sender } from './sender.ts'
import type { Ticket } from './ticket.ts'

/** What decides about messages: pure, given from outside. */
export interface Decider {
  decide(message: MqttMessage): readonly Outcome[]
  /** The dead letter for a record that Kafka or the encoder refused; null when that record was one already. */
  deadLetterOf(message: MqttMessage, item: number, record: BridgeRecord, failure: Failure): BridgeRecord | null
}

/** Half of it again is what their records take; a worker has a few hundred megabytes. */
const fleetingBytes = 32 * 1024 * 1024

/** Where a message has its place until Kafka has all of its records. */
type Place = Pick<AckWindow, 'settle'>

/** One message on its way: settled in its place once Kafka has all of its records. */
class MessageTicket implements Ticket {
  readonly #decider: Decider
  readonly #message: MqttMessage
  readonly #window: Place
  readonly #sequence: number
  #remaining: number

  constructor(decider: Decider, message: MqttMessage, window: Place, sequence: number, records: number) {
    this.#decider = decider
    this.#message = message
    this.#window = window
    this.#sequence = sequence
    this.#remaining = records
  }

  stored(): void {
    this.#remaining -= 1
    if (this.#remaining === 0) this.#window.settle(this.#sequence)
  }

  refused(record: BridgeRecord, item: number, failure: Failure): BridgeRecord | null {
    return this.#decider.deadLetterOf(this.#message, item, record, failure)
  }
}

/** Read a delivery, decide, hand its records to the sender; the sender's tickets settle the delivery. */
export class Pump {
  readonly #decider: Decider
  readonly #sender: Pick<Sender, 'append' | 'kick'>
  readonly #emit: Emit
  /** Of the messages of QoS 0. */
  readonly #room = new FleetingRoom(fleetingBytes)
  #messages = 0
  #received = 0
  #ignored = new Map<string, number>()

  constructor(decider: Decider, sender: Pick<Sender, 'append' | 'kick'>, emit: Emit) {
    this.#decider = decider
    this.#sender = sender
    this.#emit = emit
  }

  /** Takes one message. `window` and `sequence` are its place on the connection it came from; null for QoS 0. */
  offer(message: MqttMessage, window: AckWindow | null, sequence: number): void {
    this.#messages += 1
    if (window !== null) {
      this.#decide(message, window, sequence)
      return
    }
    const bytes = this.#room.take(message.payload.length)
    if (bytes > 0) {
      this.#decide(message, this.#room, bytes)
    } else {
      this.#received += 1
      this.#ignore('qos0_overflow')
    }
  }

  #decide(message: MqttMessage, window: Place, sequence: number): void {
    const outcomes = this.#decider.decide(message)
    this.#received += outcomes.length
    let records = 0
    for (const outcome of outcomes) {
      if (outcome.kind !== 'ignored') records += 1
      else this.#ignore(outcome.reason)
    }
    if (records === 0) {
      window.settle(sequence)
      return
    }
    const ticket = new MessageTicket(this.#decider, message, window, sequence, records)
    let item = 0
    for (const outcome of outcomes) {
      if (outcome.kind !== 'ignored') this.#sender.append(outcome.record, ticket, item)
      item += 1
    }
  }

  #ignore(reason: string): void {
    this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + 1)
  }

  /** All messages of one read have been offered: count them together, and send if it is time to. */
  endOfRead(): void {
    if (this.#messages === 0) return
    const counts = { messages: this.#messages, received: this.#received, ignored: this.#ignored }
    this.#messages = 0
    this.#received = 0
    if (this.#ignored.size > 0) this.#ignored = new Map()
    this.#emit({ event: 'inputs_decided', input: 'mqtt', ...counts })
    this.#sender.kick()
  }
}
