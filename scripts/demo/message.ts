import { createHash } from 'node:crypto'

export const groups = ['punches', 'presence', 'dead letters', 'commands', 'command replies', 'last wills'] as const
export type Group = (typeof groups)[number]

/** One thing that must be found in Kafka because of a message. */
export interface Outcome {
  readonly group: Group
  /** Tells it from every other; made from what the device sent, and again from what Kafka holds. */
  readonly key: string
  /** True when two messages with this key must make two records. */
  readonly each: boolean
}

/** One QoS 1 publication of a device, and what must become of it. */
export interface Message {
  readonly topic: string
  readonly payload: string | Buffer
  readonly retain: boolean
  readonly outcomes: readonly Outcome[]
}

/** A punch is known by what the device said. The bridge must give one event id to it, however often it is sent. */
export function punchOutcome(deviceSn: string, userId: string, timeRaw: string, stateRaw: string | null): Outcome {
  return { group: 'punches', key: `punch|${deviceSn}|${userId}|${timeRaw}|${stateRaw ?? ''}`, each: false }
}

/** `deviceTime`: epoch milliseconds as reported, null when the report was one bare word. */
export function presenceOutcome(deviceSn: string, status: string, deviceTime: number | null): Outcome {
  const key = `presence|${deviceSn}|${status}|${deviceTime ?? 'plain'}`
  return { group: 'presence', key, each: deviceTime === null }
}

/** The will is the broker's to send: nothing is acknowledged to the device that is gone. */
export function willOutcome(deviceSn: string, connectedAt: number): Outcome {
  return { group: 'last wills', key: `will|${deviceSn}|${connectedAt}`, each: false }
}

export function deadLetterOutcome(code: string, topic: string, sha256: string, batchIndex: number | null): Outcome {
  return { group: 'dead letters', key: `dead|${code}|${topic}|${sha256}|${batchIndex ?? ''}`, each: false }
}

/** A command that Kafka has taken from the operator must come to an end on the status topic. */
export function commandOutcome(deviceSn: string, id: string): Outcome {
  return { group: 'commands', key: `command|${deviceSn}|${id}`, each: false }
}

/** What a device answers becomes a status of its command. */
export function replyOutcome(deviceSn: string, id: string, status: string): Outcome {
  return { group: 'command replies', key: `reply|${deviceSn}|${id}|${status}`, each: false }
}

/** Lower-case hex. */
export function sha256Of(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
