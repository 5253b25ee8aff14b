import type { HeaderMode } from '../records/headers.ts'
import { expirySeconds } from './check-request.ts'
import { type CommandEffect, recordEffect } from './command-effect.ts'
import type { CommandRules } from './command-rules.ts'
import { DeadlineHeap } from './deadline-heap.ts'
import type { KnownCommand, KnownCommands, Work } from './known-commands.ts'
import { type StatusStep, statusOf, statusRecord } from './status-record.ts'

const NO_SUBSCRIBER = 0x10
const REFUSED = 0x80

/** What becomes of a command once it is accepted: published, waiting, woken, expired (attendance 11.3 and 11.4). */
export class CommandLifecycle {
  readonly #known: KnownCommands
  readonly #headers: HeaderMode
  readonly #waitingPerDevice: number
  readonly #expiries: DeadlineHeap<KnownCommand>
  readonly #out = new Map<number, KnownCommand>()
  #tickets = 0

  constructor(known: KnownCommands, rules: CommandRules) {
    this.#known = known
    this.#headers = rules.headers
    this.#waitingPerDevice = rules.waitingPerDevice
    this.#expiries = new DeadlineHeap(
      (command) => command.phase.at === 'waiting',
      (command) => {
        command.hasTimer = false
      },
    )
  }

  /** Publications whose PUBACK is out. */
  get publishing(): number {
    return this.#out.size
  }

  /** @param again whether the command waited: then it may wait again without the limit */
  publish(command: KnownCommand, work: Work, again: boolean, now: number): CommandEffect {
    this.#tickets += 1
    const ticket = this.#tickets
    command.published += 1
    command.onlineMeanwhile = false
    this.#known.move(command, { at: 'publishing', work, ticket, again })
    this.#out.set(ticket, command)
    command.isOut = true
    const { deviceSn, commandId } = command.subject
    return {
      kind: 'publish',
      publication: {
        ticket,
        deviceSn,
        commandId,
        traceparent: work.traceparent,
        topic: `api/mqtt/v1/${deviceSn}/cmd`,
        payload: work.payload,
        expiresAt: work.expiresAt,
        expirySeconds: expirySeconds(work.expiresAt, now),
      },
    }
  }

  /** The reason code of a publication's PUBACK. */
  answered(ticket: number, code: number, now: number): readonly CommandEffect[] {
    const command = this.#takeTicket(ticket)
    // A reply has come before the PUBACK: it is the better news, and its status stays the last.
    if (command === null || command.phase.at !== 'publishing') return []
    const { work, again } = command.phase
    const attempt = command.published
    const step = (status: StatusStep['status'], more: Partial<StatusStep> = {}): StatusStep => ({
      status,
      statusTime: now,
      attempt,
      ...more,
    })
    if (code >= REFUSED) {
      const message = `0x${code.toString(16)}`
      return [this.#settle(command, work, step('FAILED', { errorCode: 'BROKER_REFUSED', message }))]
    }
    if (code !== NO_SUBSCRIBER) return [this.#settle(command, work, step('PUBLISHED'))]
    const errorCode = this.#whyNotWait(command, work, again, now)
    if (errorCode !== null) return [this.#settle(command, work, step('NO_SUBSCRIBER', { errorCode }))]
    this.wait(command, work)
    const effects = [this.report(command, work.traceparent, step('WAITING'))]
    // It came online between our PUBLISH and the broker's answer: no further ONLINE may come.
    return command.onlineMeanwhile ? [...effects, ...this.#wake(command, now)] : effects
  }

  /** The expiry came before the publication could be sent. */
  unsent(ticket: number, now: number, wasSent: boolean): readonly CommandEffect[] {
    const command = this.#takeTicket(ticket)
    if (command === null) return []
    if (!wasSent) command.published -= 1
    return command.phase.at === 'publishing' ? [this.expire(command, command.phase.work, now)] : []
  }

  wait(command: KnownCommand, work: Work): void {
    this.#known.move(command, { at: 'waiting', work })
    // A command that waits again has the same expiry, and its timer may still be there.
    if (work.expiresAt === null || command.hasTimer) return
    command.hasTimer = true
    this.#expiries.add(work.expiresAt, command.order, command)
  }

  /** The device is online: its waiting commands are published again, in order of acceptance. */
  wakeAll(deviceSn: string, now: number): readonly CommandEffect[] {
    for (const command of this.#known.publishingTo(deviceSn)) command.onlineMeanwhile = true
    return this.#known.waitingOf(deviceSn).flatMap((command) => this.#wake(command, now))
  }

  /** An input that comes at the expiry or later, before the timer, finds a waiting command expired. */
  expireIfDue(command: KnownCommand, now: number): readonly CommandEffect[] {
    if (command.phase.at !== 'waiting') return []
    const { work } = command.phase
    if (work.expiresAt === null || now < work.expiresAt) return []
    return [this.expire(command, work, work.expiresAt)]
  }

  expire(command: KnownCommand, work: Work, statusTime: number): CommandEffect {
    const attempt = attemptOf(command)
    return this.#settle(command, work, { status: 'EXPIRED', statusTime, attempt, errorCode: 'EXPIRED' })
  }

  /** The earliest expiry of a waiting command; null when none waits. */
  nextDeadline(): number | null {
    return this.#expiries.earliest()
  }

  expireDue(now: number): readonly CommandEffect[] {
    const effects: CommandEffect[] = []
    for (let command = this.#expiries.takeDue(now); command !== null; command = this.#expiries.takeDue(now)) {
      effects.push(...this.expireIfDue(command, now))
    }
    return effects
  }

  /** Makes the next status of a command, which is then its last. */
  report(
    command: KnownCommand,
    traceparent: string | null,
    step: StatusStep,
    mqttTopic: string | null = null,
    ends: string | null = null,
  ): CommandEffect {
    const status = statusOf(command.subject, step)
    command.last = status
    command.lastMqttTopic = mqttTopic
    return recordEffect(statusRecord(status, command.subject.deviceSn, this.#headers, traceparent, mqttTopic), ends)
  }

  #wake(command: KnownCommand, now: number): readonly CommandEffect[] {
    const effects = this.expireIfDue(command, now)
    if (command.phase.at !== 'waiting') return effects
    return [this.publish(command, command.phase.work, true, now)]
  }

  #whyNotWait(command: KnownCommand, work: Work, again: boolean, now: number): string | null {
    if (work.ifOffline === 'FAIL') return 'NO_SUBSCRIBER'
    const { deviceSn } = command.subject
    return !again && this.#known.countWaits(deviceSn, now) >= this.#waitingPerDevice ? 'WAIT_LIMIT' : null
  }

  #settle(command: KnownCommand, work: Work, step: StatusStep): CommandEffect {
    const { phase } = command
    // At its first publication the request itself is in work until this is stored.
    const waited = phase.at !== 'publishing' || phase.again
    this.#known.move(command, { at: 'settled' })
    return this.report(command, work.traceparent, step, null, waited ? work.offset : null)
  }

  #takeTicket(ticket: number): KnownCommand | null {
    const command = this.#out.get(ticket) ?? null
    if (command === null) return null
    this.#out.delete(ticket)
    command.isOut = false
    this.#known.touch(command)
    return command
  }
}

/** Statuses before the first publication have 1. */
export function attemptOf(command: KnownCommand): number {
  return Math.max(1, command.published)
}
