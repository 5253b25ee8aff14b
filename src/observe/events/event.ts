import { brokerEvents } from './broker-events.ts'
import { commandEvents } from './command-events.ts'
import { credentialEvents } from './credential-events.ts'
import type { EventSpec, ValuesOf } from './define-event.ts'
import { deviceEvents } from './device-events.ts'
import { fleetEvents } from './fleet-events.ts'
import { flowEvents } from './flow-events.ts'
import { kafkaEvents } from './kafka-events.ts'
import { mqttEvents } from './mqtt-events.ts'
import { processEvents } from './process-events.ts'
import { registryEvents } from './registry-events.ts'
import { slotEvents } from './slot-events.ts'

/** Every event of the bridge. Nothing is logged or counted but through one of them. Page: docs/events.md. */
export const events = {
  ...processEvents,
  ...credentialEvents,
  ...flowEvents,
  ...mqttEvents,
  ...brokerEvents,
  ...slotEvents,
  ...kafkaEvents,
  ...registryEvents,
  ...deviceEvents,
  ...commandEvents,
  ...fleetEvents,
} as const

type Events = typeof events
type EventName = keyof Events

/** One event that happened: its name and exactly its fields. */
export type BridgeEvent = {
  [Name in EventName]: Events[Name] extends EventSpec<infer F> ? { readonly event: Name } & ValuesOf<F> : never
}[EventName]

/** The one way to log and to count. Cheap enough for once a batch, not for once a message. */
export type Emit = (event: BridgeEvent) => void
