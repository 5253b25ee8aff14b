import { commandInputs } from '../engine/command-ports.ts'
import { fleetTopics } from '../engine/fleet-ports.ts'
import type { ChannelName } from '../records/catalogue.ts'

/** What a role reads from Kafka and writes to it. */
export interface RoleChannels {
  readonly reads: readonly ChannelName[]
  readonly writes: readonly ChannelName[]
}

export const ingestChannels: RoleChannels = {
  reads: ['device'],
  writes: ['attendance', 'presence', 'deadLetter', 'commandReply'],
}

/** What is added to those of ingest when things are served. */
export const ingestThingChannels: RoleChannels = {
  reads: ['thingRegistry'],
  writes: ['thingInbox', 'fleetDeadLetter'],
}

export const commandChannels: RoleChannels = {
  reads: commandInputs,
  writes: ['commandStatus', 'deadLetter'],
}

/** Writes in transactions; the outbox writes statuses without one. */
export const fleetChannels: RoleChannels = {
  reads: [...fleetTopics, 'mqttOutbox'],
  writes: [
    'results',
    'shadowState',
    'shadowChanges',
    'commandExecutions',
    'commandState',
    'jobExecutions',
    'jobExecutionState',
    'jobState',
    'jobProgress',
    'fleetEvents',
    'fleetPresence',
    'fleetDeadLetter',
    'thingInbox',
    'jobInbox',
    'mqttOutbox',
    'thingState',
  ],
}

export const httpChannels: RoleChannels = {
  reads: ['apiKeyRegistry', 'thingRegistry', 'shadowState'],
  writes: [],
}

/** The commands for people: of devices, and of things. */
export const operatorChannels: RoleChannels = { reads: ['commandStatus'], writes: ['command'] }

export const operatorThingChannels: RoleChannels = {
  reads: [
    'thingRegistry',
    'apiKeyRegistry',
    'results',
    'shadowState',
    'shadowChanges',
    'commandState',
    'commandExecutions',
    'jobState',
    'jobProgress',
    'jobExecutions',
    'jobExecutionState',
    'fleetPresence',
  ],
  writes: ['thingRegistry', 'apiKeyRegistry', 'shadowRequests', 'commandRequests', 'jobRequests'],
}
