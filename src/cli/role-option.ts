import { closestName } from '../config/closest-name.ts'
import type { LoadedConfig } from '../config/load.ts'
import { UsageError } from './usage-error.ts'

export const roleNames = ['ingest', 'command', 'fleet', 'http'] as const
export type RoleName = (typeof roleNames)[number]

/** The roles of a worker when none was named. */
export function defaultRoles({ settings }: LoadedConfig): readonly RoleName[] {
  return settings.fleet.enabled ? roleNames : ['ingest', 'command']
}

/** The names in `--role a,b --role c`, each once, in the order of `known`; null when none was given. Throws UsageError. */
export function namedRoles<Name extends string>(
  given: readonly string[] | undefined,
  known: readonly Name[],
): readonly Name[] | null {
  if (given === undefined || given.length === 0) return null
  const names = given.flatMap((text) => text.split(',')).map((name) => name.trim())
  for (const name of names) {
    if (known.some((role) => role === name)) continue
    const near = closestName(name, known)
    throw new UsageError(
      `there is no role ${JSON.stringify(name)}; allowed: ${known.join(', ')}${near === null ? '' : `. Did you mean ${near}?`}`,
    )
  }
  return known.filter((role) => names.includes(role))
}
