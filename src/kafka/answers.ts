import type { RecordMetadata } from 'kafkajs'
import { Failure } from '../kernel/failure.ts'

/** What was handed to kafkajs: partition numbers by topic. */
type Sent = ReadonlyMap<string, ReadonlyMap<number, unknown>>

/**
 * Throws a `transient` Failure of code `no_answer` when Kafka has not answered for each partition that was sent.
 *
 * kafkajs 2.2.4 resolves such a send. When one of several brokers fails, it asks the others again only if they have not
 * answered yet (`sendMessages`); a partition whose leader has moved to one that has is then asked of nobody. And a
 * partition that the metadata does not have (a topic made anew with fewer) is left out (`findLeaderForPartitions`).
 */
export function requireAnswers(sent: Sent, answers: readonly RecordMetadata[]): void {
  const answered = new Set(answers.map(({ topicName, partition }) => `${topicName}/${partition}`))
  for (const [topic, partitions] of sent) {
    for (const partition of partitions.keys()) {
      if (answered.has(`${topic}/${partition}`)) continue
      const text = `Kafka was not asked to store ${topic}/${partition}: its leader moved, or there is no such partition`
      throw new Failure('transient', 'no_answer', text)
    }
  }
}
