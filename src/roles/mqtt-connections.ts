import type { Settings } from '../config/settings.ts'
import { deviceFilters } from '../fleet/topics.ts'
import type { ConnectionOptions } from '../mqtt/connection.ts'

/**
 * The consuming connections of one worker. Client ids are fixed by the slot, so a worker that comes back finds its
 * sessions again. `evt` and everything else are kept apart, so that presence cannot hide behind a backlog of punches.
 */
function ingestConnections(settings: Settings): readonly ConnectionOptions[] {
  const { mqtt, commands, presence } = settings
  const filterOf = (leaf: string): string =>
    mqtt.mode === 'queue' ? `$queue/${mqtt.queues[leaf] ?? leaf}` : `$share/${mqtt.group}/api/mqtt/v1/+/${leaf}`
  const punches: ConnectionOptions[] = []
  for (let i = 0; i < mqtt.connections; i += 1) {
    const number = mqtt.slot * mqtt.connections + i
    punches.push({
      ...common(settings),
      clientId: `${clientIdBase(settings)}-evt-${number}`,
      filters: [filterOf('evt')],
    })
  }
  const rest = ['st', ...commands.replyLeaves].map(filterOf)
  if (presence.brokerEventTopic !== null) rest.push(`$share/${mqtt.group}/${presence.brokerEventTopic}`)
  return [...punches, { ...common(settings), clientId: `${clientIdBase(settings)}-st-${mqtt.slot}`, filters: rest }]
}

/** The connections that consume what things publish (fleets.md 2.2). */
function thingConnections(settings: Settings): readonly ConnectionOptions[] {
  const { mqtt, fleet } = settings
  if (!fleet.enabled) return []
  const filters = [...deviceFilters(fleet), ...fleet.presence.filters].map((filter) => `$share/${mqtt.group}/${filter}`)
  return Array.from({ length: mqtt.connections }, (_, i) => ({
    ...common(settings),
    clientId: `${clientIdBase(settings)}-things-${mqtt.slot * mqtt.connections + i}`,
    filters,
  }))
}

/** The sessions that a worker of this slot keeps at the broker. */
export function sessionsOfSlot(settings: Settings, slot: number): readonly ConnectionOptions[] {
  const ofSlot = { ...settings, mqtt: { ...settings.mqtt, slot } }
  return [...ingestConnections(ofSlot), ...thingConnections(ofSlot)]
}

/** The ordinary subscription that reads the retained presence once (attendance.md 9). One worker does it for all. */
export function snapshotConnection(settings: Settings): ConnectionOptions | null {
  if (!settings.presence.snapshot || settings.mqtt.slot !== 0) return null
  return { ...publishConnection(settings, 'snapshot'), filters: ['api/mqtt/v1/+/st'] }
}

/** A connection that only publishes: nothing is kept at the broker for it, what is not answered is published again. */
export function publishConnection(settings: Settings, purpose: string): ConnectionOptions {
  return {
    ...common(settings),
    clientId: `${clientIdBase(settings)}-${purpose}-${settings.mqtt.slot}`,
    cleanStart: true,
    sessionExpirySeconds: 0,
    filters: [],
  }
}

/** First part of all client ids of the group; the kind of connection and its number follow. */
export function clientIdBase({ mqtt }: Settings): string {
  return `${mqtt.clientIdPrefix}-${mqtt.group}`
}

function common({ mqtt }: Settings): Omit<ConnectionOptions, 'clientId' | 'filters'> {
  return {
    url: mqtt.url,
    username: mqtt.username,
    password: mqtt.password,
    passwordFile: mqtt.passwordFile,
    tls: mqtt.tls,
    cleanStart: false,
    sessionExpirySeconds: mqtt.sessionExpirySeconds,
    receiveMaximum: mqtt.receiveMaximum,
    keepaliveSeconds: mqtt.keepaliveSeconds,
    connectTimeoutMs: mqtt.connectTimeoutMs,
  }
}
