import { type ChannelName, catalogue, channelNames } from './catalogue.ts'
import { murmur2, partitionOf } from './murmur2.ts'

/** The part of the settings that names topics (attendance.md 15, fleets.md 9.2). */
export interface TopicSettings {
  readonly kafka: {
    readonly topics: {
      readonly attendance: string
      readonly presence: string
      readonly command: string
      readonly commandStatus: string
      readonly device: string
      readonly deadLetter: string
    }
  }
  readonly fleet: { readonly topicPrefix: string }
}

/** Topic of every channel. The internal reply topic of attendance devices has no setting. */
export function topicsOf(settings: TopicSettings): Readonly<Record<ChannelName, string>> {
  const named: Readonly<Partial<Record<ChannelName, string>>> = settings.kafka.topics
  const entries = channelNames.map((name): [ChannelName, string] => {
    const { topic, room } = catalogue[name]
    return [name, room === 'fleet' ? `${settings.fleet.topicPrefix}${topic}` : (named[name] ?? topic)]
  })
  return Object.fromEntries(entries) as Record<ChannelName, string>
}

/** The channels whose topics an installation needs: those of things only when it serves them. */
export function neededChannels(settings: { readonly fleet: { readonly enabled: boolean } }): readonly ChannelName[] {
  return channelNames.filter((name) => settings.fleet.enabled || catalogue[name].room === 'attendance')
}

/** Which channel a topic is; a topic of no channel is absent. Throws when two channels share a topic. */
export function channelsByTopic(topics: Readonly<Record<ChannelName, string>>): ReadonlyMap<string, ChannelName> {
  const channels = new Map<string, ChannelName>()
  for (const name of channelNames) {
    const other = channels.get(topics[name])
    if (other !== undefined) throw new Error(`topic ${topics[name]} is both ${other} and ${name}`)
    channels.set(topics[name], name)
  }
  return channels
}

/**
 * The partition of a record with this key. Keys `{thing}/{id}` go by the thing's name alone, so that all topics of
 * one thing are owned by one worker (fleets.md 1, Co-partitioning).
 */
export function partitionFor(channel: ChannelName, key: string, partitions: number): number {
  const kind = catalogue[channel].key
  const cut = kind === 'thingName/executionId' || kind === 'thingName/jobId' ? key.indexOf('/') : -1
  return partitionOf(murmur2(Buffer.from(cut < 0 ? key : key.slice(0, cut), 'utf8')), partitions)
}
