import type { Settings } from '../../config/settings.ts'
import type { ClusterFacts, TopicFacts } from '../../kafka/cluster-facts.ts'
import { wantedTopic } from '../../kafka/topics.ts'
import { type ChannelName, catalogue } from '../../records/catalogue.ts'
import { topicsOf } from '../../records/topics.ts'
import type { Needs } from '../../roles/needs.ts'
import type { Report } from './finding.ts'
import { Grouped } from './grouped.ts'

/** Compares the topics that are there with those the roles need. Pure. */
export function checkTopics(
  report: Report,
  settings: Settings,
  channels: readonly ChannelName[],
  { topics }: ClusterFacts,
): void {
  const names = topicsOf(settings)
  const found = new Grouped('topics')
  const groups = new Map<string, Map<string, number>>()
  for (const channel of channels) {
    const topic = names[channel]
    const facts = topics.get(topic)
    if (facts === undefined || facts.state !== 'there') {
      found.add('fail', topic, absent(facts))
      continue
    }
    const { partitionGroup } = catalogue[channel]
    const count = facts.partitions.length
    if (partitionGroup !== null) {
      const group = groups.get(partitionGroup) ?? new Map<string, number>()
      groups.set(partitionGroup, group.set(topic, count))
    }
    const wanted = wantedOf(channel, settings).partitions
    if (count !== wanted) {
      found.add('warn', topic, {
        what: `${count} partitions, ${wanted} planned`,
        costs: `at most ${count} workers of a role share it; adding partitions later moves keys to other ones`,
        fix: `say so with kafka.partitions.${channel}: ${count}, or create the topic anew while it is empty`,
      })
    }
    if (facts.partitions.some(({ leader }) => leader < 0)) {
      found.add('fail', topic, {
        what: 'a partition has no leader',
        costs: 'it can be neither written nor read',
        fix: 'start the brokers that hold it: kafka-topics.sh --describe --unavailable-partitions',
      })
    }
  }
  for (const group of groups.values()) {
    if (new Set(group.values()).size < 2) continue
    found.add('fail', [...group].map(([topic, count]) => `${topic}=${count}`).join(' '), {
      what: 'these topics must have one number of partitions, and have not',
      costs: 'the state of a device or thing would lie with two workers: the role stops at its start',
      fix: 'create the ones that differ anew with the same number: bridge topics plan',
    })
  }
  found.say(report, `${channels.length} topics`, 'all there, with the planned partitions')
}

function absent(facts: TopicFacts | undefined) {
  const costs = 'the role waits for it and does nothing meanwhile'
  const fix = 'create it: bridge topics apply'
  if (facts?.state === 'hidden') {
    return { what: 'is not there, or the user may not know of it', costs, fix: `${fix}; or allow it: bridge acl` }
  }
  if (facts?.state === 'failed') return { what: 'Kafka cannot say what it is now', costs, fix: 'try again in a minute' }
  return { what: 'is not there', costs, fix }
}

function wantedOf(channel: ChannelName, settings: Settings) {
  const partitions = settings.kafka.partitions[channel] ?? catalogue[channel].partitions
  return wantedTopic(catalogue[channel], topicsOf(settings)[channel], partitions, settings.kafka.replicationFactor)
}

/** Compares the settings of topics with those the bridge relies on. Pure. `null`: the user may not see them. */
export function checkTopicSettings(
  report: Report,
  settings: Settings,
  needs: Needs,
  { topics }: ClusterFacts,
  described: ReadonlyMap<string, ReadonlyMap<string, string> | null>,
): void {
  const names = topicsOf(settings)
  const writes = new Set(needs.kafka.flatMap(({ operation, name }) => (operation === 'Write' ? [name] : [])))
  const found = new Grouped('settings')
  for (const channel of needs.channels) {
    const topic = names[channel]
    const is = described.get(topic)
    if (is === undefined) continue
    if (is === null) {
      found.add('warn', topic, {
        what: 'settings cannot be seen: the user may not DescribeConfigs',
        costs: 'retention, compaction and copies are not looked at',
        fix: 'run bridge doctor as a user that may: bridge acl --role setup',
      })
      continue
    }
    checkKept(found, topic, wantedOf(channel, settings).config, is)
    if (writes.has(topic)) checkWritten(found, topic, is, topics.get(topic)?.partitions ?? [], settings)
  }
  if (described.size > 0) found.say(report, `${described.size} topics`, 'kept and copied as the bridge relies on')
}

function alter(topic: string, name: string, value: string): string {
  return `kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${name}=${value}`
}

/** What is kept, and for how long. Longer than wanted is nobody's harm. */
function checkKept(
  found: Grouped,
  topic: string,
  wanted: Readonly<Record<string, string>>,
  is: ReadonlyMap<string, string>,
): void {
  for (const [name, value] of Object.entries(wanted)) {
    const now = is.get(name) ?? ''
    const words = { what: `${name} is ${now}, ${value} planned`, fix: alter(topic, name, value) }
    if (name === 'cleanup.policy') {
      if (now === value) continue
      const costs =
        value === 'compact'
          ? 'what the bridge must remember is deleted when it grows old'
          : 'of all records of one key only the last one stays'
      found.add('fail', topic, { ...words, costs })
    } else if (Number(now) >= 0 && Number(now) < Number(value)) {
      const costs =
        name === 'retention.ms'
          ? 'records are gone before a consumer that was away comes back'
          : 'steps that come fast after each other are lost to whoever reads late'
      found.add('warn', topic, { ...words, costs })
    }
  }
}

/** How many copies there are when `acks=all` is answered, and whether our batches are taken. */
function checkWritten(
  found: Grouped,
  topic: string,
  is: ReadonlyMap<string, string>,
  partitions: TopicFacts['partitions'],
  { kafka }: Settings,
): void {
  const minimum = Number(is.get('min.insync.replicas') ?? 1)
  const replicas = Math.min(...partitions.map((partition) => partition.replicas))
  const inSync = Math.min(...partitions.map((partition) => partition.inSync))
  if (inSync < minimum) {
    found.add('fail', topic, {
      what: `${inSync} replicas in sync, min.insync.replicas is ${minimum}`,
      costs: 'Kafka refuses to store anything there, so nothing is acknowledged',
      fix: 'start the brokers that are missing: kafka-topics.sh --describe --under-min-isr-partitions',
    })
  } else if (replicas === 1) {
    found.add('warn', topic, {
      what: 'one replica',
      costs: 'what the bridge has acknowledged is lost with one disk',
      fix: 'three replicas and min.insync.replicas=2, where there are three brokers (kafka.replicationFactor)',
    })
  } else if (minimum === 1) {
    found.add('warn', topic, {
      what: `${replicas} replicas, but min.insync.replicas is 1`,
      costs: 'a record counts as stored when one broker has it; that one can be lost',
      fix: alter('TOPIC', 'min.insync.replicas', '2'),
    })
  } else if (minimum === replicas) {
    found.add('warn', topic, {
      what: `min.insync.replicas is ${minimum}, as many as there are replicas`,
      costs: 'one broker away, for an upgrade too, and nothing is stored',
      fix: alter('TOPIC', 'min.insync.replicas', String(replicas - 1)),
    })
  }
  const largest = Number(is.get('max.message.bytes') ?? Number.POSITIVE_INFINITY)
  if (largest < kafka.batchMaxBytes) {
    found.add('warn', topic, {
      what: `max.message.bytes is ${largest}, kafka.batchMaxBytes is ${kafka.batchMaxBytes}`,
      costs: 'full batches are refused and sent again in halves; a record over the limit becomes a dead letter',
      fix: `set kafka.batchMaxBytes to ${largest} or less, or: ${alter('TOPIC', 'max.message.bytes', '1048588')}`,
    })
  }
}
