import type { CommandEffect, Publication } from '../commands/command-effect.ts'
import type { OutgoingMessage } from '../flow/outgoing-message.ts'
import { validTraceparent } from '../records/headers.ts'
import type { CommandPorts } from './command-ports.ts'
import type { CommandTally } from './command-tally.ts'
import type { HeldRequests } from './held-requests.ts'
import type { InputTicket } from './input-ticket.ts'

/** What came of a publication: the broker's reason code, or its expiry, perhaps after it was sent in vain. */
export type Answer = { readonly code: number } | { readonly wasSent: boolean }

/** The broker's answer to a publication, for the one who decides what follows. */
export type Answered<T> = (publication: Publication, answer: Answer, ticket: InputTicket<T>) => void

/**
 * Carries out effects in their order: records go to the sink, publications to the publisher. Each holds the ticket of
 * the input that caused it; the one who takes a publication's answer releases it. `requestedAt`: Kafka timestamp of the
 * request, when the effects are of a new one; else null.
 */
export function applyEffects<T>(
  effects: readonly CommandEffect[],
  ticket: InputTicket<T>,
  requestedAt: number | null,
  partition: number,
  held: HeldRequests,
  ports: Pick<CommandPorts, 'sink' | 'publisher'>,
  tally: CommandTally,
  answered: Answered<T>,
): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'record':
        tally.record(effect.record)
        ticket.hold()
        ports.sink.append(effect.record, effect.ends === null ? ticket : held.until(ticket, effect.ends), 0)
        break
      case 'publish':
        ticket.hold()
        ports.publisher.send(new CommandMessage(effect.publication, requestedAt, partition, ticket, answered))
        break
      case 'ignored':
        tally.ignored(effect.reason)
        break
      case 'counted':
        tally.unknownOp()
    }
  }
}

/** A publication on its way, and who waits for its answer. */
class CommandMessage<T> implements OutgoingMessage {
  readonly orderKey: string
  readonly topic: string
  readonly payload: Buffer
  readonly expiresAt: number | null
  readonly roundExpiry = 'down'
  readonly requestedAt: number | null
  readonly contentType = 'application/json'
  readonly correlationData: Buffer
  readonly userProperties: Readonly<Record<string, string>>
  readonly #publication: Publication
  readonly #ticket: InputTicket<T>
  readonly #answered: Answered<T>

  constructor(
    publication: Publication,
    requestedAt: number | null,
    partition: number,
    ticket: InputTicket<T>,
    answered: Answered<T>,
  ) {
    const { deviceSn, topic, payload, expiresAt, commandId } = publication
    const traceparent = validTraceparent(publication.traceparent)
    this.orderKey = orderKeyOf(partition, deviceSn)
    this.topic = topic
    this.payload = payload
    this.expiresAt = expiresAt
    this.requestedAt = requestedAt
    this.correlationData = Buffer.from(commandId, 'utf8')
    this.userProperties = traceparent === null ? { 'command-id': commandId } : { 'command-id': commandId, traceparent }
    this.#publication = publication
    this.#ticket = ticket
    this.#answered = answered
  }

  answered(code: number): void {
    this.#answered(this.#publication, { code }, this.#ticket)
  }

  expired(wasSent: boolean): void {
    this.#answered(this.#publication, { wasSent }, this.#ticket)
  }
}

/** Publications to one device are sent one after the other. */
function orderKeyOf(partition: number, deviceSn: string): string {
  return `${partition}/${deviceSn}`
}

/** The partition that a publication belongs to. */
export function partitionOfOrderKey(orderKey: string): number {
  return Number.parseInt(orderKey, 10)
}
