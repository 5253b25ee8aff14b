import type { Settings } from '../../config/settings.ts'
import { CommandsEngine } from './commands-engine.ts'
import { DeviceEngine } from './device-engine.ts'
import type { Engine } from './engine.ts'
import { FleetEngine } from './fleet-engine.ts'

/** What the engines may not take from the world themselves. */
export interface Surroundings {
  readonly bridgeVersion: string
  readonly randomUuid: () => string
}

/** Every domain of the bridge, in the order in which inputs are offered to them. */
export function createEngines(settings: Settings, surroundings: Surroundings): readonly Engine[] {
  return [
    new FleetEngine(settings),
    new CommandsEngine(settings, surroundings.bridgeVersion),
    new DeviceEngine(settings, surroundings),
  ]
}
