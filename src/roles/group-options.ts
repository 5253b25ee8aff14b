import type { Settings } from '../config/settings.ts'
import type { GroupOptions } from '../kafka/group-source.ts'
import { Failure } from '../kernel/failure.ts'
import type { ChannelName } from '../records/catalogue.ts'
import { topicsOf } from '../records/topics.ts'
import { adminDeadlineMs, kafkaClientOptions } from './kafka-side.ts'

/** Options of a consumer group that owns whole partition numbers of these channels. */
export function groupOptions(
  settings: Settings,
  name: string,
  channels: readonly ChannelName[],
  partitions: number,
): GroupOptions {
  const { kafka } = settings
  const topics = topicsOf(settings)
  return {
    client: kafkaClientOptions(settings),
    groupId: `${kafka.groupPrefix}-${name}`,
    topics: channels.map((channel) => topics[channel]),
    partitions,
    sessionTimeoutMs: kafka.sessionTimeoutMs,
    rebalanceTimeoutMs: kafka.rebalanceTimeoutMs,
    heartbeatIntervalMs: kafka.heartbeatIntervalMs,
    maxWaitMs: kafka.fetchMaxWaitMs,
    maxBytesPerPartition: kafka.fetchMaxBytes,
    deadlineMs: adminDeadlineMs(settings),
  }
}

/**
 * The one number of partitions that these channels' topics must have, because a key's state lies on one worker only
 * then. Throws a `fatal` Failure that names the topics when they differ.
 */
export function coPartitionCount(
  channels: readonly ChannelName[],
  settings: Settings,
  counts: ReadonlyMap<string, number>,
): number {
  const topics = topicsOf(settings)
  const found = channels.map((channel) => ({ topic: topics[channel], count: counts.get(topics[channel]) ?? 0 }))
  const [first] = found
  if (first === undefined || found.some(({ count }) => count !== first.count)) {
    const text = found.map(({ topic, count }) => `${topic} ${count}`).join(', ')
    const next = 'create them anew with the same number: bridge topics plan'
    throw new Failure('fatal', 'partitions_differ', `these topics must have one number of partitions: ${text}; ${next}`)
  }
  return first.count
}
