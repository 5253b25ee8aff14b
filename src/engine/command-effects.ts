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

/**
 * Carries out effects in their order: records go to the sink, publications to the publisher. Each holds the ticket of
 * the input that caused it; the one who takes a publication's answer releases it. `messages`: inputs that these are of.
 */
export function applyEffects(
  effects: readonly CommandEffect[],
  ticket: InputTicket,
  partition: number,
  ports: Pick<CommandPorts, 'sink' | 'publisher' | 'emit'>,
  answered: Answered,
  messages: number,
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
          outgoing(effect.publication, partition, (answer) => answered(effect.publication, answer, ticket)),
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
  if (messages + received > 0) emit({ event: 'inputs_decided', input: 'kafka', messages, received, ignored })
  if (statuses.size > 0) emit({ event: 'command_statuses_stored', statuses })
  if (unknownOps > 0) emit({ event: 'commands_read', requests: 0, unknownOps })
}

function outgoing(publication: Publication, partition: number, done: (answer: Answer) => void): OutgoingMessage {
  const { deviceSn, topic, payload, expiresAt, commandId, traceparent } = publication
  return {
    orderKey: orderKeyOf(partition, deviceSn),
    topic,
    payload,
    expiresAt,
    roundExpiry: 'down',
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
