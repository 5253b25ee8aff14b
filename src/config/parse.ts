import { ConfigError } from './config-error.ts'
import { faultsOf } from './faults.ts'
import { layOver } from './layers.ts'
import { Origins } from './origins.ts'
import { type Settings, settingsSchema } from './settings.ts'

/**
 * Lays a partial configuration over the defaults and checks it (docs/configuration.md).
 *
 * Objects and maps are merged, lists replace, a map entry that is null is no entry, any other null that is no value of
 * its own says nothing. `origins` says where the values came from. Throws ConfigError with every fault found.
 */
export function parseSettings(partial: unknown, origins: Origins = new Origins()): Settings {
  const given = layOver({}, partial ?? {})
  const result = settingsSchema.safeParse(given)
  if (result.success) return result.data
  throw new ConfigError(faultsOf(result.error.issues, given, origins))
}
