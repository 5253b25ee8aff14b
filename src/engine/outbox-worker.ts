import { publishResult } from '../fleet/outbox.ts'
import { OffsetWindow } from '../flow/offset-window.ts'
import type { OutgoingMessage } from '../flow/outgoing-message.ts'
import type { Ticket } from '../flow/ticket.ts'
import type { Clock } from '../kernel/clock.ts'
import { Failure } from '../kernel/failure.ts'
import type { Lane } from '../observe/watchdog.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { OutboxRecord } from '../records/generated/outbox-record.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { type InputOwner, InputTicket } from './input-ticket.ts'

export interface OutboxPorts {
  readonly source: {
    startAt(partition: number, offset: bigint): void
    pause(partition: number): void
    resume(partition: number): void
  }
  /** Undefined when the record can never be read. */
  readonly read: (message: KafkaMessage) => Promise<OutboxRecord | undefined>
  readonly sink: { append(record: BridgeRecord, ticket: Ticket, item: number): void }
  readonly publisher: { send(message: OutgoingMessage): void }
  readonly clock: Clock
  /** Told once for each record, with how many records it leads to on Kafka. */
  readonly counted: (records: number) => void
  readonly maxPending: number
}

/**
 * Publishes what the owner of a partition decided to say to its things: in order for each thing, the offset committed
 * after the PUBACK and, for a command request, after the reason code (if not 0x00) stands in the thing's inbox.
 */
export class OutboxWorker {
  readonly partition: number
  readonly #ports: OutboxPorts
  readonly #start: bigint
  readonly #window: OffsetWindow
  readonly #owner: InputOwner<number> = {
    settled: (sequence) => {
      this.#settled += 1
      this.#window.settle(sequence)
    },
    stored: () => undefined,
    deadLetterOf: () => null,
  }
  #turn: Promise<void> = Promise.resolve()
  #over = false
  /** A record could not be read: nothing behind it is published, what is in flight goes on. */
  #stuck = false
  #paused = false
  #settled = 0
  #mqttUp = false
  #committed: bigint

  constructor(partition: number, start: bigint, ports: OutboxPorts) {
    this.partition = partition
    this.#start = start
    this.#committed = start
    this.#ports = ports
    this.#window = new OffsetWindow(start)
  }

  get pending(): number {
    return this.#window.pending
  }

  /** Publications in work, for whoever watches that they get finished. */
  progress(): Lane {
    const says = `${this.#settled} settled, the broker is ${this.#mqttUp ? 'there' : 'away'}`
    return { name: `outbox partition ${this.partition}`, pending: this.pending, done: this.#settled, says }
  }

  begin(mqttUp: boolean): void {
    this.#mqttUp = mqttUp
    this.#ports.source.startAt(this.partition, this.#start)
    this.#steer()
  }

  end(): void {
    this.#over = true
  }

  mqtt(up: boolean): void {
    this.#mqttUp = up
    this.#steer()
  }

  records(messages: readonly KafkaMessage[], next: bigint, failed: (error: unknown) => void): void {
    this.#turn = this.#turn
      .then(() => this.#take(messages, next))
      .catch((error: unknown) => {
        this.#stuck = true
        failed(error)
      })
  }

  /** The offset to commit, or null when it is committed already. */
  toCommit(): bigint | null {
    const offset = this.#window.committable()
    return offset === this.#committed ? null : offset
  }

  noteCommitted(offset: bigint): void {
    this.#committed = offset
  }

  async #take(messages: readonly KafkaMessage[], next: bigint): Promise<void> {
    if (this.#stuck) return
    for (const message of messages) {
      const record = message.value === null ? undefined : await this.#ports.read(message)
      if (this.#over) return
      const ticket = new InputTicket(this.#owner, this.#window.enter(BigInt(message.offset)))
      // The bridge alone writes this topic. To skip what it cannot read would lose a publication: it stops here.
      if (record === undefined) {
        const place = `${message.topic}/${message.partition}/${message.offset}`
        throw new Failure('fatal', 'invalid_state', `the outbox record ${place} cannot be decoded`)
      }
      this.#publish(record, ticket)
    }
    this.#window.reached(next)
    this.#steer()
  }

  #publish(record: OutboxRecord, ticket: InputTicket<number>): void {
    const { clock, sink, publisher, counted } = this.#ports
    const { thingName, topic, payload, expiresAt } = record
    publisher.send({
      orderKey: `${this.partition}/${thingName}`,
      topic,
      payload: Buffer.from(payload),
      expiresAt,
      roundExpiry: 'up',
      requestedAt: null,
      contentType: 'application/json',
      correlationData: null,
      userProperties: { 'fleet-origin': 'server' },
      answered: (code) => {
        if (this.#over) return
        const value = publishResult(record, code, clock.now())
        counted(value === null ? 0 : 1)
        if (value !== null) {
          ticket.hold()
          sink.append(
            { channel: 'thingInbox', key: thingName, value, headers: null, timestamp: value.receivedAt },
            ticket,
            0,
          )
        }
        ticket.release()
        this.#steer()
      },
      expired: () => {
        if (this.#over) return
        ticket.release()
        this.#steer()
      },
    })
  }

  #steer(): void {
    if (this.#over) return
    const { maxPending, source } = this.#ports
    const pause = !this.#mqttUp || this.pending >= maxPending || (this.#paused && this.pending > maxPending / 2)
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) source.pause(this.partition)
    else source.resume(this.partition)
  }
}
