import type { LoadedConfig } from '../config/load.ts'
import { configOf, configOptions, configOptionsText, noWords, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { defaultRoles, namedRoles, type RoleName, roleNames } from './role-option.ts'

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
      const asked = namedRoles(values.role, roleNames)
      const config = configOf(values, io)
      return runRoles(config, asked ?? defaultRoles(config), io)
    },
  }
}
