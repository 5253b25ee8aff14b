import type { CommandEffect, Publication } from '../../../src/commands/command-effect.ts'
import { CommandPartition } from '../../../src/commands/command-partition.ts'
import { formOf, readJsonCommand } from '../../../src/commands/command-request.ts'
import { type CommandRules, compileCommands } from '../../../src/commands/command-rules.ts'
import { parseSettings } from '../../../src/config/parse.ts'
import type { BridgeRecord } from '../../../src/records/bridge-record.ts'
import type { CommandRequest } from '../../../src/records/generated/command-request.ts'
import type { CommandStatus } from '../../../src/records/generated/command-status.ts'
import type { DeadLetter } from '../../../src/records/generated/dead-letter.ts'
import type { KafkaMessage } from '../../../src/records/kafka-message.ts'
import { fromPlain } from '../../../src/records/plain.ts'

export const SN = 'SN7A2300583'
export const T0 = Date.parse('2026-06-21T04:00:05.000Z')

export function rulesOf(settings: Record<string, unknown> = {}): CommandRules {
  return compileCommands(parseSettings(settings), '0.0.0-test')
}

/** A partition with a clock, an offset counter, and short ways to say what comes in and what came out. */
export class PartitionDriver {
  readonly partition: CommandPartition
  readonly rules: CommandRules
  now = T0
  offset = 0
  key: string | null = SN
  traceparent: string | null = null

  constructor(settings: Record<string, unknown> = {}) {
    this.rules = rulesOf(settings)
    this.partition = new CommandPartition(this.rules)
  }

  message(value: Uint8Array | null, more: Partial<KafkaMessage> = {}): KafkaMessage {
    const headers = this.traceparent === null ? {} : { traceparent: this.traceparent }
    const key = this.key === null ? null : Buffer.from(this.key)
    const offset = String(this.offset++)
    return { topic: 'cams.command.v1', partition: 0, offset, key, value, headers, timestamp: this.now, ...more }
  }

  /** A request in plain JSON; op `ping` and id `c1` unless given. */
  ask(plain: Partial<CommandRequest> = {}, more: Partial<KafkaMessage> = {}): readonly CommandEffect[] {
    const request = fromPlain('CommandRequest', { op: 'ping', commandId: 'c1', deviceSn: SN, ...plain })
    return this.partition.request(this.message(Buffer.from([0]), more), { kind: 'request', request }, this.now)
  }

  askJson(text: string | Uint8Array): readonly CommandEffect[] {
    const value = typeof text === 'string' ? Buffer.from(text) : text
    const reading =
      formOf(value) === 'json' ? readJsonCommand(value, this.rules.depth) : ({ kind: 'unreadable' } as const)
    return this.partition.request(this.message(value), reading, this.now)
  }

  /** Answers the publication among these effects. */
  answer(effects: readonly CommandEffect[], code = 0): readonly CommandEffect[] {
    return this.partition.puback(published(effects).ticket, code, this.now)
  }

  reply(body: unknown, more: Partial<KafkaMessage> = {}): readonly CommandEffect[] {
    const text = typeof body === 'string' ? body : JSON.stringify({ id: 'c1', op: 'ping', ...(body as object) })
    return this.partition.reply(this.message(Buffer.from(text), { topic: 'cams.command-reply.v1', ...more }), this.now)
  }

  restore(plain: Partial<CommandStatus>): void {
    const status = fromPlain('CommandStatus', {
      eventId: 'e',
      commandId: 'c1',
      deviceSn: SN,
      op: 'ping',
      statusTime: this.now,
      ...plain,
    })
    this.partition.restore({ status, mqttTopic: null })
  }
}

export function records(effects: readonly CommandEffect[]): BridgeRecord[] {
  return effects.flatMap((effect) => (effect.kind === 'record' ? [effect.record] : []))
}

export function statuses(effects: readonly CommandEffect[]): CommandStatus[] {
  return records(effects).flatMap(({ channel, value }) => (channel === 'commandStatus' ? [value as CommandStatus] : []))
}

export function deadLetters(effects: readonly CommandEffect[]): DeadLetter[] {
  return records(effects).flatMap(({ channel, value }) => (channel === 'deadLetter' ? [value as DeadLetter] : []))
}

export function publications(effects: readonly CommandEffect[]): Publication[] {
  return effects.flatMap((effect) => (effect.kind === 'publish' ? [effect.publication] : []))
}

export function published(effects: readonly CommandEffect[]): Publication {
  const [first, ...others] = publications(effects)
  if (first === undefined || others.length > 0) throw new Error(`${others.length + (first ? 1 : 0)} publications`)
  return first
}

/** Status and error code of each status, such as `ACCEPTED` or `REJECTED OP_MISSING`. */
export function steps(effects: readonly CommandEffect[]): string[] {
  return statuses(effects).map(({ status, errorCode }) => (errorCode === null ? status : `${status} ${errorCode}`))
}
