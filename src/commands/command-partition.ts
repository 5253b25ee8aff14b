import { asBuffer } from '../device/payload-text.ts'
import type { JsonObject } from '../json/json-value.ts'
import type { CommandRequest } from '../records/generated/command-request.ts'
import type { CommandStatus } from '../records/generated/command-status.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { checkIdentity, checkRequest, type Envelope, isSensitive } from './check-request.ts'
import { commandDeadLetter } from './command-dead-letter.ts'
import { type CommandEffect, recordEffect } from './command-effect.ts'
import { attemptOf, CommandLifecycle } from './command-lifecycle.ts'
import { type CommandReading, completeRequest, keyText } from './command-request.ts'
import type { CommandRules } from './command-rules.ts'
import { commandIdOf, judgeReply, readReply } from './judge-reply.ts'
import { type KnownCommand, KnownCommands, type Work } from './known-commands.ts'
import { classOf } from './operations.ts'
import { type StatusStep, type StatusSubject, statusOf, statusRecord } from './status-record.ts'

/** What was read from a record of the status topic. */
export interface RestoredStatus {
  readonly status: CommandStatus
  /** The record's header `mqtt_topic`; null without. */
  readonly mqttTopic: string | null
}

/**
 * Everything that attendance 11 says about commands, for the devices of one partition. It decides and remembers, and
 * does nothing else: times are arguments (epoch milliseconds), effects are returned.
 *
 * How a worker uses it: `restore` every record of the partition on the status topic; `request` with purpose `reread`
 * the requests from the noted `heldOffset` up to the committed offset, since those that wait are found nowhere else;
 * then the inputs as they come. The offset of a request may be committed when its records are written and, if it was
 * published, what `puback` made of that is written too; with it `heldOffset` is noted (for instance as the commit's
 * metadata). Inputs of one device must come in order; devices do not depend on each other.
 */
export class CommandPartition {
  readonly #rules: CommandRules
  readonly #known: KnownCommands
  readonly #life: CommandLifecycle
  #accepted = 0

  constructor(rules: CommandRules) {
    this.#rules = rules
    this.#known = new KnownCommands(rules)
    this.#life = new CommandLifecycle(this.#known, rules)
  }

  /** How many commands are remembered, and how many are out or wait. Takes time in proportion to the latter. */
  counts(): { readonly known: number; readonly publishing: number; readonly waiting: number } {
    let waiting = 0
    for (const { phase } of this.#known.active()) if (phase.at === 'waiting') waiting += 1
    return { known: this.#known.size, publishing: this.#life.publishing, waiting }
  }

  /**
   * The lowest offset of a request that must be read again after a restart, because it waits or may come to wait;
   * null when there is none. Takes time in proportion to what is under way, so not for every input.
   */
  heldOffset(): bigint | null {
    let lowest: bigint | null = null
    for (const { phase } of this.#known.active()) {
      if (phase.at !== 'waiting' && phase.at !== 'publishing') continue
      const offset = BigInt(phase.work.offset)
      if (lowest === null || offset < lowest) lowest = offset
    }
    return lowest
  }

  /** Takes a record of the status topic, read back at the start (attendance 11.5, Restart). Causes nothing. */
  restore({ status, mqttTopic }: RestoredStatus): void {
    this.#known.rest()
    const { status: step, statusTime, deviceSn, commandId, op, sensitive, correlationId } = status
    if (step === 'REJECTED' || step === 'UNKNOWN') return
    const former = this.#known.former(deviceSn, commandId)
    // Else it is the EXPIRED of a request that was refused, and such are not remembered.
    const outlived = former === null || (former.phase.at !== 'unread' && !this.#known.isKnown(former, statusTime))
    if (step === 'EXPIRED' && outlived) return
    // The same ACCEPTED again is a repeat; another one begins a new use of the id.
    const continues = former !== null && (step !== 'ACCEPTED' || former.acceptedAt === statusTime)
    if (!continues) this.#accepted += 1
    this.#known.add({
      subject: { deviceSn, commandId, op, sensitive, correlationId },
      acceptedAt: continues ? former.acceptedAt : statusTime,
      order: continues ? former.order : this.#accepted,
      phase: step === 'ACCEPTED' || step === 'WAITING' ? { at: 'unread', after: step } : { at: 'settled' },
      last: status,
      lastMqttTopic: mqttTopic,
      published: step === 'ACCEPTED' ? 0 : status.attempt,
      onlineMeanwhile: false,
      hasTimer: false,
      isOut: false,
      isGone: false,
    })
  }

  /**
   * Takes a record of the command topic.
   * @param purpose `reread`: it was settled before and is read again only because it may still wait
   */
  request(
    message: KafkaMessage,
    reading: CommandReading,
    now: number,
    purpose: 'first' | 'reread' = 'first',
  ): readonly CommandEffect[] {
    this.#known.rest()
    if (reading.kind !== 'request') {
      if (purpose === 'reread') return []
      if (reading.kind === 'tombstone') return [{ kind: 'ignored', reason: 'command_tombstone' }]
      return [recordEffect(commandDeadLetter(message, 'COMMAND_UNREADABLE', this.#rules, now))]
    }
    const request = completeRequest(reading.request, message)
    const { data } = reading
    // A record read again after a long stop must not run twice: its own time counts, not ours (attendance 11.5).
    const time = message.timestamp >= 0 ? Math.min(now, message.timestamp) : now
    const fault = checkIdentity(request)
    const known = fault === null ? this.#known.find(request.deviceSn, request.commandId, time) : null
    if (purpose === 'reread') return known === null ? [] : this.#reread(known, request, message, now)
    // A clock that stands still must not keep everything: further back than this nothing is read back either.
    this.#known.forgetSome(Math.max(time, now - Math.max(this.#rules.rememberMs, this.#rules.waitMs)))
    if (fault !== null) return this.#refuse(request, message, 'REJECTED', fault, now)
    if (known === null) return this.#accept(request, data, message, now)
    const expired = this.#life.expireIfDue(known, now)
    const isUnderWay = known.phase.at === 'publishing' || this.#known.isWait(known, now)
    const isRepeat = isUnderWay || time - known.acceptedAt < this.#rules.dedupMs
    const judged = isRepeat ? this.#repeat(known, request, message, now) : this.#accept(request, data, message, now)
    return [...expired, ...judged]
  }

  /** Takes the broker's answer to a publication: the reason code of its PUBACK. */
  puback(ticket: number, code: number, now: number): readonly CommandEffect[] {
    this.#known.rest()
    return this.#life.answered(ticket, code, now)
  }

  /**
   * Says that the expiry of a publication came before the broker's answer.
   * @param wasSent it was sent, perhaps more than once, and the connection ended each time: the attempt counts
   */
  unsent(ticket: number, now: number, wasSent = false): readonly CommandEffect[] {
    this.#known.rest()
    return this.#life.unsent(ticket, now, wasSent)
  }

  /** Takes a presence report of a device that is online, of any reason but RETAINED_SNAPSHOT. */
  online(deviceSn: string, now: number): readonly CommandEffect[] {
    this.#known.rest()
    return this.#life.wakeAll(deviceSn, now)
  }

  /** Takes a record of the internal reply topic: what a device answered, as it came. */
  reply(message: KafkaMessage, now: number): readonly CommandEffect[] {
    this.#known.rest()
    const reply = message.value === null ? null : readReply(asBuffer(message.value), this.#rules)
    const command = reply === null ? null : this.#known.find(keyText(message), commandIdOf(reply), now)
    if (reply === null || command === null) return [{ kind: 'ignored', reason: 'reply_unknown' }]
    const expired = this.#life.expireIfDue(command, now)
    const { sensitive } = command.subject
    const verdict = judgeReply(reply, this.#rules)
    // Any reply ends the wait, DELIVERED too.
    this.#known.move(command, { at: 'settled' })
    const step: StatusStep = {
      status: verdict.status,
      statusTime: now,
      attempt: attemptOf(command),
      deviceCode: verdict.deviceCode,
      message: sensitive ? null : verdict.message,
      result: sensitive ? null : verdict.result,
    }
    const mqttTopic = message.headers['mqtt_topic'] ?? null
    return [...expired, this.#life.report(command, traceOf(message), step, mqttTopic)]
  }

  /** The earliest expiry of a waiting command; null when none waits. */
  nextDeadline(): number | null {
    return this.#life.nextDeadline()
  }

  /** Expires what waited up to now. */
  fire(now: number): readonly CommandEffect[] {
    this.#known.rest()
    return this.#life.expireDue(now)
  }

  /** `data`: of the request, where it was read already. */
  #accept(
    request: CommandRequest,
    data: JsonObject | undefined,
    message: KafkaMessage,
    now: number,
  ): readonly CommandEffect[] {
    const envelope = checkRequest(request, this.#rules, now, now, message.timestamp, data)
    if (typeof envelope === 'string') return this.#refuse(request, message, 'REJECTED', envelope, now)
    if (envelope.expiresAt !== null && now >= envelope.expiresAt) {
      return this.#refuse(request, message, 'EXPIRED', 'EXPIRED', now)
    }
    const subject = subjectOf(request)
    const accepted: StatusStep = { status: 'ACCEPTED', statusTime: now, attempt: 1 }
    this.#accepted += 1
    const command: KnownCommand = {
      subject,
      acceptedAt: now,
      order: this.#accepted,
      phase: { at: 'settled' },
      last: statusOf(subject, accepted),
      lastMqttTopic: null,
      published: 0,
      onlineMeanwhile: false,
      hasTimer: false,
      isOut: false,
      isGone: false,
    }
    this.#known.add(command)
    const effects: CommandEffect[] = classOf(request.op) === null ? [{ kind: 'counted', what: 'op_unknown' }] : []
    effects.push(this.#life.report(command, traceOf(message), accepted))
    effects.push(this.#life.publish(command, workOf(request, envelope, message), false, now))
    return effects
  }

  /** A request that is not accepted: one status, nothing remembered. */
  #refuse(
    request: CommandRequest,
    message: KafkaMessage,
    status: 'REJECTED' | 'EXPIRED',
    errorCode: string,
    now: number,
  ): readonly CommandEffect[] {
    const step = statusOf(subjectOf(request), { status, statusTime: now, attempt: 1, errorCode })
    return [recordEffect(statusRecord(step, request.deviceSn, this.#rules.headers, traceOf(message), null))]
  }

  #repeat(
    command: KnownCommand,
    request: CommandRequest,
    message: KafkaMessage,
    now: number,
  ): readonly CommandEffect[] {
    const { last, lastMqttTopic, subject } = command
    const record = statusRecord(last, subject.deviceSn, this.#rules.headers, traceOf(message), lastMqttTopic)
    return [recordEffect(record), ...this.#takeUp(command, request, message, now)]
  }

  /** A repeat supplies the request of a command read back as ACCEPTED or WAITING (attendance 11.5, 2 to 5). */
  #takeUp(
    command: KnownCommand,
    request: CommandRequest,
    message: KafkaMessage,
    now: number,
  ): readonly CommandEffect[] {
    const { phase, acceptedAt, last } = command
    if (phase.at !== 'unread' || request.op !== last.op) return []
    // What was accepted had not expired by then: this is a request that was refused, under the same id.
    if (request.expiresAt !== null && request.expiresAt <= acceptedAt) return []
    if (phase.after === 'WAITING' && request.ifOffline !== 'WAIT') return []
    // It was accepted by a clock that may have been ahead of this one.
    const envelope = checkRequest(request, this.#rules, Math.max(now, acceptedAt), acceptedAt, message.timestamp)
    if (typeof envelope === 'string') return []
    const work = workOf(request, envelope, message)
    if (work.expiresAt !== null && now >= work.expiresAt) return [this.#life.expire(command, work, now)]
    if (phase.after === 'ACCEPTED') return [this.#life.publish(command, work, false, now)]
    this.#life.wait(command, work)
    return []
  }

  #reread(
    command: KnownCommand,
    request: CommandRequest,
    message: KafkaMessage,
    now: number,
  ): readonly CommandEffect[] {
    if (command.phase.at !== 'unread' || !this.#known.isWait(command, now)) return []
    // A request of an earlier use of the id causes nothing at all here, not even the last status again.
    if (request.expiresAt !== null && request.expiresAt <= command.acceptedAt) return []
    return this.#repeat(command, request, message, now)
  }
}

function traceOf(message: KafkaMessage): string | null {
  return message.headers['traceparent'] ?? null
}

function subjectOf(request: CommandRequest): StatusSubject {
  const { deviceSn, commandId, op, correlationId } = request
  return {
    deviceSn: ownText(deviceSn),
    commandId: ownText(commandId),
    op: ownText(op),
    sensitive: isSensitive(request),
    correlationId: correlationId === null ? null : ownText(correlationId),
  }
}

/**
 * The same text in memory of its own. A piece of a JSON text keeps the whole text alive, and what is remembered for a
 * day must not hold all of a command, which may be large, or sensitive.
 */
function ownText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

function workOf(request: CommandRequest, envelope: Envelope, message: KafkaMessage): Work {
  return {
    payload: envelope.payload,
    expiresAt: envelope.expiresAt,
    ifOffline: request.ifOffline,
    offset: message.offset,
    traceparent: traceOf(message),
  }
}
