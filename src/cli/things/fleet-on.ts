import { ConfigError } from '../../config/config-error.ts'
import type { LoadedConfig } from '../../config/load.ts'
import type { Settings } from '../../config/settings.ts'

/** The settings of a bridge that serves things. Throws ConfigError when this one does not. */
export function settingsWithFleet({ settings, origins }: LoadedConfig): Settings {
  if (settings.fleet.enabled) return settings
  throw new ConfigError([
    {
      path: 'fleet.enabled',
      origin: origins.of(['fleet', 'enabled'])?.where ?? null,
      problem: 'is off: with this configuration the bridge serves no things',
      allowed: null,
      next: 'Set it to true, or name the configuration of the bridge that serves them with --config',
    },
  ])
}
