import kafkajs, { type Kafka } from 'kafkajs'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure } from '../kernel/failure.ts'
import type { Channel } from '../records/catalogue.ts'
import { kafkaFailure } from './errors.ts'

/** A topic as it should be. */
export interface WantedTopic {
  readonly topic: string
  readonly partitions: number
  /** Null: the cluster's default. */
  readonly replicationFactor: number | null
  readonly config: Readonly<Record<string, string>>
}

export type TopicFinding =
  | { readonly topic: string; readonly state: 'ok' }
  | { readonly topic: string; readonly state: 'missing'; readonly wanted: WantedTopic }
  /** It exists but differs. Never changed by us: an operator may have meant it. */
  | { readonly topic: string; readonly state: 'drift'; readonly differences: readonly string[] }

/** The settings of a channel's topic (attendance.md 13, fleets.md 9.2). */
export function wantedTopic(
  channel: Channel,
  topic: string,
  partitions: number,
  replicationFactor: number | null,
): WantedTopic {
  const config: Record<string, string> = { 'cleanup.policy': channel.cleanup }
  if (channel.retentionMs !== null) config['retention.ms'] = String(channel.retentionMs)
  if (channel.minCompactionLagMs !== null && channel.minCompactionLagMs > 0) {
    config['min.compaction.lag.ms'] = String(channel.minCompactionLagMs)
  }
  return { topic, partitions, replicationFactor, config }
}

/** Compares what is there with what is wanted. Reads only. Rejects with a `transient` Failure. */
export async function planTopics(kafka: Kafka, wanted: readonly WantedTopic[], timeoutMs: number) {
  return withAdmin(kafka, timeoutMs, async (admin): Promise<TopicFinding[]> => {
    const existing = new Set(await admin.listTopics())
    const present = wanted.filter(({ topic }) => existing.has(topic))
    const partitions = new Map<string, number>()
    const configs = new Map<string, Map<string, string>>()
    if (present.length > 0) {
      const metadata = await admin.fetchTopicMetadata({ topics: present.map(({ topic }) => topic) })
      for (const topic of metadata.topics) partitions.set(topic.name, topic.partitions.length)
      const described = await admin.describeConfigs({
        includeSynonyms: false,
        resources: present.map(({ topic, config }) => ({
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configNames: Object.keys(config),
        })),
      })
      for (const resource of described.resources) {
        const entries = resource.configEntries.map((e): [string, string] => [e.configName, e.configValue])
        configs.set(resource.resourceName, new Map(entries))
      }
    }
    return wanted.map((topic): TopicFinding => {
      if (!existing.has(topic.topic)) return { topic: topic.topic, state: 'missing', wanted: topic }
      const differences: string[] = []
      const count = partitions.get(topic.topic)
      if (count !== topic.partitions) differences.push(`partitions: ${count}, wanted ${topic.partitions}`)
      for (const [name, value] of Object.entries(topic.config)) {
        const is = configs.get(topic.topic)?.get(name)
        if (is !== value) differences.push(`${name}: ${is}, wanted ${value}`)
      }
      return differences.length === 0
        ? { topic: topic.topic, state: 'ok' }
        : { topic: topic.topic, state: 'drift', differences }
    })
  })
}

/** Creates the topics that are missing. Returns their names. A topic that appeared meanwhile is fine. */
export async function createTopics(kafka: Kafka, missing: readonly WantedTopic[], timeoutMs: number) {
  if (missing.length === 0) return []
  return withAdmin(kafka, timeoutMs, async (admin): Promise<string[]> => {
    await admin.createTopics({
      // kafkajs can fail while it waits for the leader of a topic that has been made: look for the topics instead.
      waitForLeaders: false,
      timeout: timeoutMs,
      topics: missing.map(({ topic, partitions, replicationFactor, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replicationFactor ?? -1,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    })
    return missing.map(({ topic }) => topic)
  })
}

/** Number of partitions of each topic. Rejects with a `transient` Failure `unknown_topic` that names the missing ones. */
export async function partitionCounts(
  kafka: Kafka,
  topics: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, number>> {
  return withAdmin(kafka, timeoutMs, async (admin) => {
    const existing = new Set(await admin.listTopics())
    const missing = topics.filter((topic) => !existing.has(topic))
    if (missing.length > 0) {
      throw new Failure('transient', 'unknown_topic', missing.join(' '))
    }
    const metadata = await admin.fetchTopicMetadata({ topics: [...topics] })
    return new Map(metadata.topics.map((topic) => [topic.name, topic.partitions.length]))
  })
}

async function withAdmin<T>(
  kafka: Kafka,
  timeoutMs: number,
  work: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1000 } })
  try {
    return await withDeadline(
      admin.connect().then(() => work(admin)),
      timeoutMs,
      'asking Kafka about topics',
    )
  } catch (error) {
    throw kafkaFailure(error)
  } finally {
    admin.disconnect().catch(() => undefined)
  }
}
