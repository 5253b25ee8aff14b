import { randomBytes } from 'node:crypto'
import { type ChannelName, catalogue, channelNames } from '../../src/records/catalogue.ts'
import { IngestNames, type IngestServers, ingestSettings, type SettingsTree } from './ingest-worker.ts'
import { createTopics } from './topic-reader.ts'

/** Topics, groups and client ids of one test of things, so that tests can share servers. */
export class FleetNames extends IngestNames {
  readonly prefix: string

  constructor(what: string) {
    super(`${what}-${randomBytes(2).toString('hex')}`)
    this.prefix = `${this.name}.fleet.`
  }

  topic(channel: ChannelName): string {
    return `${this.prefix}${catalogue[channel].topic}`
  }

  /** `counts` by channel, where it is not `partitions`; `configs` by channel, such as a small `max.message.bytes`. */
  async create(
    brokers: readonly string[],
    partitions = 4,
    counts: Readonly<Partial<Record<ChannelName, number>>> = {},
    configs: Readonly<Partial<Record<ChannelName, Readonly<Record<string, string>>>>> = {},
  ): Promise<void> {
    const fleet = channelNames.filter((channel) => catalogue[channel].room === 'fleet')
    await createTopics(brokers, [
      ...[...this.written, this.device].map((topic) => ({ topic, partitions: 1 })),
      ...fleet.map((channel) => ({
        topic: this.topic(channel),
        partitions: counts[channel] ?? partitions,
        config: configs[channel] ?? {},
      })),
    ])
  }
}

/** Short waits, so that a test need not wait long; `changes` has the last word. */
export function fleetSettings(servers: IngestServers, names: FleetNames, changes: SettingsTree = {}): SettingsTree {
  const { attendance, presence, deadLetter, commandReply, device } = names
  const kafka = {
    topics: { attendance, presence, deadLetter, commandReply, device },
    // A machine that stands still for a moment must not look like a consumer that left its group.
    sessionTimeoutMs: 20_000,
    rebalanceTimeoutMs: 20_000,
    heartbeatIntervalMs: 300,
    fetchMaxWaitMs: 20,
    ...(changes['kafka'] as SettingsTree | undefined),
  }
  const fleet = { enabled: true, topicPrefix: names.prefix, ...(changes['fleet'] as SettingsTree | undefined) }
  // Registering for the first time takes a busy registry longer than being asked again does.
  const registry = { timeoutMs: 15_000, ...(changes['registry'] as SettingsTree | undefined) }
  return ingestSettings(servers, names, { ...changes, kafka, fleet, registry })
}
