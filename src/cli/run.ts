import { closestName } from '../config/closest-name.ts'
import type { LoadedConfig } from '../config/load.ts'
import { configOf, configOptions, configOptionsText, noWords, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

export const roleNames = ['ingest', 'command', 'fleet', 'http'] as const
export type RoleName = (typeof roleNames)[number]

/** Runs the roles until a signal ends them; resolves to the exit code. */
export type RunRoles = (config: LoadedConfig, roles: readonly RoleName[], io: CommandIo) => Promise<number>

/** `bridge run`. */
export function runCommand(runRoles: RunRoles): Command {
  return {
    name: 'run',
    summary: 'runs the bridge',
    help: `Usage: bridge run [--role ROLES] [options]

Runs until SIGTERM or Ctrl-C, which finish what is in flight (worker.drainSeconds); a second one stops at once.

Options:
  --role ROLES     some of ${roleNames.join(',')}; when absent all,
                   fleet and http only with fleet.enabled
${configOptionsText}
${exitCodesText}
Example:
  bridge run --config bridge.yaml --role ingest --set mqtt.slot=3
`,
    run: async (args, io) => {
      const { values, positionals } = readArguments(args, {
        ...configOptions,
        role: { type: 'string', multiple: true },
      })
      noWords(positionals)
      const asked = rolesOf(values.role ?? [])
      const config = configOf(values, io)
      return runRoles(config, asked ?? defaultRoles(config), io)
    },
  }
}

function defaultRoles({ settings }: LoadedConfig): readonly RoleName[] {
  return settings.fleet.enabled ? roleNames : ['ingest', 'command']
}

/** Null when none was named. */
function rolesOf(given: readonly string[]): readonly RoleName[] | null {
  if (given.length === 0) return null
  const names = given.flatMap((text) => text.split(',')).map((name) => name.trim())
  for (const name of names) {
    if (roleNames.some((role) => role === name)) continue
    const near = closestName(name, roleNames)
    throw new UsageError(
      `there is no role ${JSON.stringify(name)}; allowed: ${roleNames.join(', ')}${near === null ? '' : `. Did you mean ${near}?`}`,
    )
  }
  return roleNames.filter((role) => names.includes(role))
}
