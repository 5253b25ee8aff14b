import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { type Admin, type Consumer, Kafka, logLevel } from 'kafkajs'
import type { StatusRecord } from './command-tally.ts'
import {
  commandOutcome,
  deadLetterOutcome,
  type Outcome,
  presenceOutcome,
  punchOutcome,
  replyOutcome,
  willOutcome,
} from './message.ts'

/** What the demo shows of a record of `cams.attendance.v1`. */
export interface PunchRecord {
  readonly eventId: string
  readonly deviceSn: string
  readonly userId: string
  readonly eventTime: number
  readonly deviceLocalTime: string | null
  readonly utcOffsetMinutes: number | null
  readonly timeZone: string | null
  readonly timeSource: string
  readonly timeRaw: string
  readonly state: string
  readonly stateRaw: string | null
  readonly flags: readonly string[]
}

export interface PresenceRecord {
  readonly eventId: string
  readonly deviceSn: string
  readonly status: string
  readonly reason: string
  readonly deviceTime: number | null
  readonly ingestTime: number
}

export interface DeadLetterRecord {
  readonly eventId: string
  readonly reasonCode: string
  readonly mqttTopic: string
  readonly payloadSha256: string
  readonly batchIndex: number | null
}

export type Arrival =
  | { readonly kind: 'punch'; readonly record: PunchRecord; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'presence'; readonly record: PresenceRecord; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'deadLetter'; readonly record: DeadLetterRecord; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'status'; readonly record: StatusRecord; readonly outcomes: readonly Outcome[] }

const kinds: Readonly<Record<string, Arrival['kind']>> = {
  'cams.attendance.v1': 'punch',
  'cams.presence.v1': 'presence',
  'cams.deadletter.v1': 'deadLetter',
  'cams.command-status.v1': 'status',
}

/** An ordinary consumer: kafkajs and the registry client as they come, none of the bridge's own code. */
export class KafkaReader {
  readonly #consumer: Consumer
  readonly #admin: Admin
  readonly #registry: SchemaRegistry
  readonly #arrived: (arrival: Arrival) => void
  /** Why it failed last; kafkajs tries again by itself. */
  failure: string | null = null
  /** Topic and partition to the offset that is read next. */
  readonly #next = new Map<string, number>()

  constructor(brokers: readonly string[], registryUrl: string, arrived: (arrival: Arrival) => void) {
    const kafka = new Kafka({ clientId: 'demo', brokers: [...brokers], logLevel: logLevel.NOTHING })
    this.#consumer = kafka.consumer({ groupId: 'demo-reader', maxWaitTimeInMs: 50 })
    this.#admin = kafka.admin()
    this.#registry = new SchemaRegistry({ host: registryUrl })
    this.#arrived = arrived
  }

  /** Resolves when it reads: it has its partitions. */
  async open(): Promise<void> {
    await Promise.all([this.#consumer.connect(), this.#admin.connect()])
    await this.#consumer.subscribe({ topics: Object.keys(kinds), fromBeginning: true })
    const joined = new Promise<void>((resolve) => {
      this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => resolve())
    })
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => {
      this.failure = payload.error.message
    })
    await this.#consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) {
          if (value !== null) this.#arrived(await this.#decode(batch.topic, value))
        }
        this.#next.set(`${batch.topic}/${batch.partition}`, Number(batch.lastOffset()) + 1)
      },
    })
    await joined
  }

  /** Whether everything that Kafka holds has been read. */
  async isAtEnd(): Promise<boolean> {
    for (const topic of Object.keys(kinds)) {
      for (const { partition, high } of await this.#admin.fetchTopicOffsets(topic)) {
        if ((this.#next.get(`${topic}/${partition}`) ?? 0) < Number(high)) return false
      }
    }
    return true
  }

  async close(): Promise<void> {
    await Promise.all([this.#consumer.disconnect(), this.#admin.disconnect()])
  }

  async #decode(topic: string, value: Buffer): Promise<Arrival> {
    const kind = kinds[topic]
    const record: unknown = await this.#registry.decode(value)
    if (kind === 'punch') return punchOf(record as PunchRecord)
    if (kind === 'status') return statusOf(record as StatusRecord)
    return kind === 'presence' ? presenceOf(record as PresenceRecord) : deadLetterOf(record as DeadLetterRecord)
  }
}

function punchOf(record: PunchRecord): Arrival {
  const outcome = punchOutcome(record.deviceSn, record.userId, record.timeRaw, record.stateRaw)
  return { kind: 'punch', record, outcomes: [outcome] }
}

function presenceOf(record: PresenceRecord): Arrival {
  const { deviceSn, status, reason, deviceTime } = record
  const isWill = reason === 'LAST_WILL' && deviceTime !== null
  const outcome = isWill ? willOutcome(deviceSn, deviceTime) : presenceOutcome(deviceSn, status, deviceTime)
  return { kind: 'presence', record, outcomes: [outcome] }
}

function deadLetterOf(record: DeadLetterRecord): Arrival {
  const { reasonCode, mqttTopic, payloadSha256, batchIndex } = record
  return { kind: 'deadLetter', record, outcomes: [deadLetterOutcome(reasonCode, mqttTopic, payloadSha256, batchIndex)] }
}

/** What the operator may count on at the least: more may follow PUBLISHED, but need not. */
const ends = new Set(['PUBLISHED', 'REJECTED', 'NO_SUBSCRIBER', 'EXPIRED', 'FAILED', 'SUCCEEDED'])
const answers = new Set(['DELIVERED', 'FAILED', 'SUCCEEDED'])

function statusOf(record: StatusRecord): Arrival {
  const { deviceSn, commandId, status, errorCode } = record
  const ended = ends.has(status) ? [commandOutcome(deviceSn, commandId)] : []
  // FAILED with an error code is the broker's word, not the device's.
  const answered = answers.has(status) && errorCode === null ? [replyOutcome(deviceSn, commandId, status)] : []
  return { kind: 'status', record, outcomes: [...ended, ...answered] }
}
