import { dirname, resolve } from 'node:path'
import { ConfigError, type ConfigFault } from './config-error.ts'
import { type Layer, readConfigText, readOverride } from './config-file.ts'
import { layOver } from './layers.ts'
import { readPath } from './option-path.ts'
import { Origins } from './origins.ts'
import { parseSettings } from './parse.ts'
import type { Settings } from './settings.ts'
import type { Surroundings } from './substitution.ts'

export interface ConfigSources {
  /** Paths of YAML files; a later one is laid over the earlier ones. */
  readonly files: readonly string[]
  /** `a.b=value`, laid over all files. */
  readonly overrides: readonly string[]
}

export interface LoadedConfig {
  readonly settings: Settings
  /** What was given, before defaults: to be laid under something else. */
  readonly given: unknown
  readonly origins: Origins
  /** The files it was read from. */
  readonly files: readonly string[]
}

/** Reads, merges and checks the configuration. Throws ConfigError with every fault found. */
export function loadConfig(sources: ConfigSources, surroundings: Surroundings): LoadedConfig {
  const layers = [
    ...sources.files.map((file) => readFileLayer(file, surroundings)),
    ...sources.overrides.map((override) => readOverrideLayer(override, surroundings)),
  ]
  const origins = new Origins()
  let given: unknown = {}
  for (const layer of layers) {
    given = layOver(given, layer.value)
    origins.lay(layer.origins)
  }
  const faults = layers.flatMap((layer) => layer.faults)
  if (faults.length > 0) throw new ConfigError(faults)
  return { settings: parseSettings(given, origins), given, origins, files: sources.files }
}

function readFileLayer(file: string, surroundings: Surroundings): Layer {
  let text: string
  try {
    text = surroundings.readFile(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    return failed({
      path: '',
      origin: file,
      problem: `cannot be read (${code})`,
      allowed: null,
      next: 'Check --config.',
    })
  }
  // A path in the file is meant from where the file lies, not from where the bridge was started.
  const readFile = (path: string): string => surroundings.readFile(resolve(dirname(file), path))
  return readConfigText(text, file, { env: surroundings.env, readFile })
}

function readOverrideLayer(override: string, surroundings: Surroundings): Layer {
  const path = readPath(override.slice(0, Math.max(0, override.indexOf('='))))
  if (path === null || path.some((part) => typeof part === 'number')) {
    return failed({
      path: '',
      origin: '--set',
      problem: 'has an override without a name',
      allowed: '--set a.b=value, such as --set mqtt.slot=3',
      next: null,
    })
  }
  return readOverride(override, path, surroundings)
}

function failed(fault: ConfigFault): Layer {
  return { value: {}, origins: new Origins(), faults: [fault] }
}
