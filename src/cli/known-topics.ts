import type { Settings } from '../config/settings.ts'
import { newKafka } from '../kafka/client.ts'
import { partitionCounts } from '../kafka/topics.ts'
import { Failure } from '../kernel/failure.ts'
import type { ChannelName } from '../records/catalogue.ts'
import { topicsOf } from '../records/topics.ts'
import { adminDeadlineMs, kafkaClientOptions } from '../roles/kafka-side.ts'

const unreachable: ReadonlySet<string> = new Set(['connection', 'timeout', 'no_answer'])

/** Number of partitions by topic. Names what to do about a topic that is not there: nothing here waits for it. */
export async function knownTopics(
  settings: Settings,
  channels: readonly ChannelName[],
): Promise<ReadonlyMap<string, number>> {
  const topics = topicsOf(settings)
  const kafka = await newKafka(kafkaClientOptions(settings), () => undefined)
  try {
    return await partitionCounts(
      kafka,
      channels.map((channel) => topics[channel]),
      adminDeadlineMs(settings),
    )
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    if (unreachable.has(error.code)) throw new Failure(error.kind, error.code, `${error.message}; see kafka.brokers`)
    if (error.code !== 'unknown_topic') throw error
    throw new Failure('fatal', error.code, `there is no topic ${error.message}; create it with: bridge topics apply`)
  }
}
