import type { Settings } from '../config/settings.ts'
import { publicationFilters } from '../fleet/topics.ts'
import type { ChannelName } from '../records/catalogue.ts'
import { neededChannels, topicsOf } from '../records/topics.ts'
import {
  commandChannels,
  fleetChannels,
  httpChannels,
  ingestChannels,
  ingestThingChannels,
  operatorChannels,
  operatorThingChannels,
  type RoleChannels,
} from './channels.ts'
import { sessionsOfSlot, snapshotConnection } from './mqtt-connections.ts'

/**
 * Who needs something of the servers: the roles of a worker, `setup` (topics, schemas, and looking at both) and
 * `operator` (`bridge command`).
 */
export const needyNames = ['ingest', 'command', 'fleet', 'http', 'setup', 'operator'] as const
export type NeedyName = (typeof needyNames)[number]

type KafkaOperation = 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs'

/** One line of an access list of Kafka. Read and Write include Describe. */
export interface KafkaGrant {
  readonly resource: 'topic' | 'group' | 'transactional-id'
  readonly name: string
  /** The name is the first part of names that are not known beforehand. */
  readonly prefix: boolean
  readonly operation: KafkaOperation
}

export interface Needs {
  /** In order, without repeats. */
  readonly kafka: readonly KafkaGrant[]
  readonly mqtt: {
    /** Filters as they are subscribed, share group included. */
    readonly subscriptions: readonly string[]
    /** Filters of the topics that are published to. */
    readonly publications: readonly string[]
  }
  /** Channels whose topics, and subjects at the schema registry, must be there. */
  readonly channels: readonly ChannelName[]
}

/**
 * Everything that the configuration and these roles need to be allowed, and nothing else. `bridge acl` prints
 * it, `bridge doctor` asks for it; `test/system/access-lists.test.ts` shows that it suffices and that less does not.
 */
export function needsOf(names: readonly NeedyName[], settings: Settings): Needs {
  const all = names.map((name) => needsOfOne(name, settings))
  const unique = <T>(lists: readonly (readonly T[])[], textOf: (item: T) => string): readonly T[] => [
    ...new Map(lists.flat().map((item) => [textOf(item), item])).values(),
  ]
  return {
    kafka: unique(
      all.map((needs) => needs.kafka),
      ({ resource, name, prefix, operation }) => [resource, name, prefix, operation].join(' '),
    ),
    mqtt: {
      subscriptions: unique(
        all.map((needs) => needs.mqtt.subscriptions),
        (filter) => filter,
      ),
      publications: unique(
        all.map((needs) => needs.mqtt.publications),
        (filter) => filter,
      ),
    },
    channels: unique(
      all.map(({ channels }) => channels),
      (channel) => channel,
    ),
  }
}

function needsOfOne(name: NeedyName, settings: Settings): Needs {
  const { fleet } = settings
  const prefix = settings.kafka.groupPrefix
  switch (name) {
    case 'ingest': {
      const snapshot = snapshotConnection({ ...settings, mqtt: { ...settings.mqtt, slot: 0 } })
      const connections = sessionsOfSlot(settings, 0)
      return {
        ...workerNeeds(settings, fleet.enabled ? joined(ingestChannels, ingestThingChannels) : ingestChannels, [
          tables(prefix),
        ]),
        mqtt: {
          subscriptions: [...connections, ...(snapshot === null ? [] : [snapshot])].flatMap(({ filters }) => filters),
          publications: [],
        },
      }
    }
    case 'command':
      return {
        ...workerNeeds(settings, commandChannels, [group(`${prefix}-command`)]),
        mqtt: { subscriptions: [], publications: ['api/mqtt/v1/+/cmd'] },
      }
    case 'fleet':
      return {
        ...workerNeeds(settings, fleetChannels, [
          group(`${prefix}-fleet`),
          group(`${prefix}-outbox`),
          tables(prefix),
          { resource: 'transactional-id', name: `${prefix}-fleet-`, prefix: true, operation: 'Write' },
        ]),
        mqtt: { subscriptions: [], publications: publicationFilters(fleet) },
      }
    case 'http':
      return workerNeeds(settings, httpChannels, [tables(prefix)])
    case 'setup': {
      const channels = neededChannels(settings)
      const operations = ['Create', 'Describe', 'DescribeConfigs'] as const
      return {
        kafka: operations.flatMap((operation) => channels.map((channel) => topic(settings, channel, operation))),
        mqtt: { subscriptions: [], publications: [] },
        channels,
      }
    }
    case 'operator':
      return workerNeeds(settings, fleet.enabled ? joined(operatorChannels, operatorThingChannels) : operatorChannels, [
        { resource: 'group', name: `${prefix}-cli-`, prefix: true, operation: 'Read' },
      ])
  }
}

function workerNeeds(settings: Settings, { reads, writes }: RoleChannels, others: readonly KafkaGrant[]): Needs {
  return {
    kafka: [
      ...reads.map((channel) => topic(settings, channel, 'Read')),
      ...writes.map((channel) => topic(settings, channel, 'Write')),
      ...others,
    ],
    mqtt: { subscriptions: [], publications: [] },
    channels: [...reads, ...writes],
  }
}

function joined(one: RoleChannels, other: RoleChannels): RoleChannels {
  return { reads: [...one.reads, ...other.reads], writes: [...one.writes, ...other.writes] }
}

function topic(settings: Settings, channel: ChannelName, operation: KafkaOperation): KafkaGrant {
  return { resource: 'topic', name: topicsOf(settings)[channel], prefix: false, operation }
}

function group(name: string): KafkaGrant {
  return { resource: 'group', name, prefix: false, operation: 'Read' }
}

/** Throw-away groups of those who read all of a compacted topic. */
function tables(groupPrefix: string): KafkaGrant {
  return { resource: 'group', name: `${groupPrefix}-table-`, prefix: true, operation: 'Read' }
}
