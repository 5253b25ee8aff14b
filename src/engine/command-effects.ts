import type { CommandEffect, Publication } from '../commands/command-effect.ts'
import type { OutgoingMessage } from '../flow/outgoing-message.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { CommandStatus } from '../records/generated/command-status.ts'
import type { CommandPorts } from './command-ports.ts'
import type { InputTicket } from './input-ticket.ts'

/** What came of a publication: the broker's reason code, or its expiry, perhaps after it was sent in vain. */
export type Answer = { readonly code: number } | { readonly wasSent: boolean }

/** The broker's answer to a publication, for the one who decides what follows. */
export type Answered = (publication: Publication, answer: Answer, ticket: InputTicket) => void

/** What effects are of. */
export interface Cause {
  readonly ticket: InputTicket
  /** An input that was just decided; else its broker's answer, or a timer. */
  readonly isInput: boolean
  /** Kafka timestamp of the request, when the input is a new one; else null. */
  readonly requestedAt: number | null
}

/**
 * Carries out effects in their order: records go to the sink, publications to the publisher. Each holds the ticket of
 * the input that caused it; the one who takes a publication's answer releases it.
 */
export function applyEffects(
  effects: readonly CommandEffect[],
  { ticket, isInput, requestedAt }: Cause,
  partition: number,
  ports: Pick<CommandPorts, 'sink' | 'publisher' | 'emit'>,
  answered: Answered,
): void {
  const ignored = new Map<string, number>()
  const statuses = new Map<string, number>()
  let received = 0
  let unknownOps = 0
  for (const effect of effects) {
    switch (effect.kind) {
      case 'record':
        received += 1
        countStatus(effect.record, statuses)
        ticket.hold()
        ports.sink.append(effect.record, ticket, 0)
        break
      case 'publish':
        ticket.hold()
        ports.publisher.send(
          outgoing(effect.publication, requestedAt, partition, (answer) =>
            answered(effect.publication, answer, ticket),
          ),
        )
        break
      case 'ignored':
        received += 1
        ignored.set(effect.reason, (ignored.get(effect.reason) ?? 0) + 1)
        break
      case 'counted':
        unknownOps += 1
    }
  }
  const { emit } = ports
  const messages = isInput ? 1 : 0
  if (messages + received > 0) emit({ event: 'inputs_decided', input: 'kafka', messages, received, ignored })
  if (statuses.size > 0) emit({ event: 'command_statuses_stored', statuses })
  const requests = requestedAt === null ? 0 : 1
  if (requests + unknownOps > 0) emit({ event: 'commands_read', requests, unknownOps })
}

function outgoing(
  publication: Publication,
  requestedAt: number | null,
  partition: number,
  done: (answer: Answer) => void,
): OutgoingMessage {
  const { deviceSn, topic, payload, expiresAt, commandId, traceparent } = publication
  return {
    orderKey: orderKeyOf(partition, deviceSn),
    topic,
    payload,
    expiresAt,
    roundExpiry: 'down',
    requestedAt,
    contentType: 'application/json',
    correlationData: Buffer.from(commandId, 'utf8'),
    userProperties: { 'command-id': commandId, ...(traceparent === null ? {} : { traceparent }) },
    answered: (code) => done({ code }),
    expired: (wasSent) => done({ wasSent }),
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

function countStatus(record: BridgeRecord, statuses: Map<string, number>): void {
  if (record.channel !== 'commandStatus') return
  const { status } = record.value as CommandStatus
  statuses.set(status, (statuses.get(status) ?? 0) + 1)
}
