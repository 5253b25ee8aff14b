import type { DirectLine } from './direct-line.ts'
import { FieldWriter } from './wire-fields.ts'

/** Numbers of Kafka's operations (AclOperation). Bits of "authorized operations" are counted from them. */
const operationBits = { Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10 } as const

/** What the user may do with a resource; null when the broker does not say. */
type Allowed = ReadonlySet<keyof typeof operationBits> | null

interface BrokerFacts {
  readonly id: number
  /** As the broker names itself to clients. */
  readonly address: string
}

interface PartitionFacts {
  readonly index: number
  /** Below 0: none. */
  readonly leader: number
  readonly replicas: number
  readonly inSync: number
}

export interface TopicFacts {
  /** `hidden`: the user may not describe it, so it may be there or not. */
  readonly state: 'there' | 'missing' | 'hidden' | 'failed'
  readonly partitions: readonly PartitionFacts[]
  readonly allowed: Allowed
}

export interface ClusterFacts {
  readonly brokers: readonly BrokerFacts[]
  readonly topics: ReadonlyMap<string, TopicFacts>
}

const TOPIC_AUTHORIZATION_FAILED = 29
const UNKNOWN_TOPIC = 3
const NOT_SAID = -2_147_483_648

/** Brokers and these topics (Metadata, version 8: Kafka 2.3 and later). Rejects with a `transient` Failure. */
export async function askCluster(line: DirectLine, topics: readonly string[]): Promise<ClusterFacts> {
  const body = new FieldWriter()
  body.list(topics, (topic) => body.text(topic))
  body.flag(false).flag(false).flag(true)
  const answer = await line.ask('brokers and topics', { apiKey: 3, apiVersion: 8, body })
  answer.int32()
  const brokers = answer.list((): BrokerFacts => {
    const id = answer.int32()
    const address = addressOf(answer.text(), answer.int32())
    answer.nullableText()
    return { id, address }
  })
  answer.nullableText()
  answer.int32()
  const found = answer.list((): [string, TopicFacts] => {
    const error = answer.int16()
    const name = answer.text()
    answer.flag()
    const partitions = answer.list((): PartitionFacts => {
      answer.int16()
      const index = answer.int32()
      const leader = answer.int32()
      answer.int32()
      const replicas = answer.list(() => answer.int32()).length
      const inSync = answer.list(() => answer.int32()).length
      answer.list(() => answer.int32())
      return { index, leader, replicas, inSync }
    })
    return [name, { state: stateOf(error), partitions, allowed: allowedIn(answer.int32()) }]
  })
  return { brokers, topics: new Map(found) }
}

function stateOf(error: number): TopicFacts['state'] {
  if (error === TOPIC_AUTHORIZATION_FAILED) return 'hidden'
  if (error === UNKNOWN_TOPIC) return 'missing'
  return error === 0 ? 'there' : 'failed'
}

function allowedIn(bits: number): Allowed {
  if (bits === NOT_SAID) return null
  const names = Object.keys(operationBits) as (keyof typeof operationBits)[]
  return new Set(names.filter((name) => (bits & (1 << operationBits[name])) !== 0))
}

/** Settings in force by topic; null when the user may not see them (DescribeConfigs, version 1). */
export async function askTopicSettings(
  line: DirectLine,
  topics: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string> | null>> {
  const body = new FieldWriter()
  body.list(topics, (topic) => {
    body.int8(2).text(topic)
    // Null: all of them.
    body.int32(-1)
  })
  body.flag(false)
  const answer = await line.ask('settings of topics', { apiKey: 32, apiVersion: 1, body })
  answer.int32()
  const results = answer.list((): [string, ReadonlyMap<string, string> | null] => {
    const error = answer.int16()
    answer.nullableText()
    answer.int8()
    const name = answer.text()
    const entries = answer.list((): [string, string] => {
      const entry: [string, string] = [answer.text(), answer.text()]
      answer.flag()
      answer.int8()
      answer.flag()
      answer.list(() => {
        answer.text()
        answer.nullableText()
        return answer.int8()
      })
      return entry
    })
    return [name, error === 0 ? new Map(entries) : null]
  })
  return new Map(results)
}

/**
 * Whether any record was ever written to partitions of a topic that this broker leads (ListOffsets, version 1); null
 * when it does not say of all of them.
 */
export async function hasRecords(
  line: DirectLine,
  topic: string,
  partitions: readonly number[],
): Promise<boolean | null> {
  const body = new FieldWriter().int32(-1)
  body.list([topic], (name) => {
    body.text(name)
    // -1: where the next record goes.
    body.list(partitions, (partition) => body.int32(partition).int64(-1n))
  })
  const answer = await line.ask(`records of ${topic}`, { apiKey: 2, apiVersion: 1, body })
  const ends = answer
    .list(() => {
      answer.text()
      return answer.list(() => {
        answer.int32()
        const error = answer.int16()
        answer.int64()
        const offset = answer.int64()
        return error === 0 ? offset : null
      })
    })
    .flat()
  if (ends.some((end) => end !== null && end > 0n)) return true
  return ends.includes(null) ? null : false
}

/** Whether the user may read as this consumer group; null when the broker does not say. Needs its coordinator. */
export async function mayUseGroup(line: DirectLine, group: string): Promise<boolean | null> {
  const body = new FieldWriter()
  body.list([group], (name) => body.text(name))
  body.flag(true)
  const answer = await line.ask(`group ${group}`, { apiKey: 15, apiVersion: 3, body })
  answer.int32()
  const [result] = answer.list(() => {
    const error = answer.int16()
    for (let i = 0; i < 4; i += 1) answer.text()
    answer.list(() => {
      for (let i = 0; i < 3; i += 1) answer.text()
      answer.skipBytes()
      answer.skipBytes()
    })
    return { error, allowed: allowedIn(answer.int32()) }
  })
  if (result === undefined) return null
  if (result.error === GROUP_AUTHORIZATION_FAILED) return false
  return result.error === 0 ? (result.allowed?.has('Read') ?? null) : null
}

const GROUP_AUTHORIZATION_FAILED = 30

/** Address of the broker that looks after a group; null when there is none yet, or the user may not know it. */
export async function coordinatorOf(line: DirectLine, group: string): Promise<string | null> {
  const body = new FieldWriter().text(group).int8(0)
  const answer = await line.ask(`coordinator of group ${group}`, { apiKey: 10, apiVersion: 1, body })
  answer.int32()
  const error = answer.int16()
  answer.nullableText()
  answer.int32()
  const address = addressOf(answer.text(), answer.int32())
  return error === 0 ? address : null
}

function addressOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

const TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53

/**
 * Whether the user may write under a transactional id. Asks to end a transaction in the name of a producer that nobody
 * can be (the largest id there is): the broker looks at the permission first and then refuses; nothing is changed.
 */
export async function mayUseTransactionalId(line: DirectLine, id: string): Promise<boolean> {
  const body = new FieldWriter().text(id).int64(0x7fff_ffff_ffff_ffffn).int16(0).flag(false)
  const answer = await line.ask(`transactional id ${id}`, { apiKey: 26, apiVersion: 1, body })
  answer.int32()
  return answer.int16() !== TRANSACTIONAL_ID_AUTHORIZATION_FAILED
}
