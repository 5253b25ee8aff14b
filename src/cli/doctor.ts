import type { LoadedConfig } from '../config/load.ts'
import type { NeedyName } from '../roles/needs.ts'
import { needyNames } from '../roles/needs.ts'
import { configOf, configOptions, configOptionsText, noWords, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { defaultRoles, namedRoles } from './role-option.ts'
import { UsageError } from './usage-error.ts'

interface Examination {
  readonly roles: readonly NeedyName[]
  readonly json: boolean
  /** How long a server may take for one answer. */
  readonly deadlineMs: number
}

/** Looks at every server; writes what it found; resolves to the exit code. */
export type Examine = (config: LoadedConfig, examination: Examination, io: CommandIo) => Promise<number>

/** `bridge doctor`. */
export function doctorCommand(examine: Examine): Command {
  return {
    name: 'doctor',
    summary: 'looks at every server the bridge needs, and says what is wrong and what to do',
    help: `Usage: bridge doctor [--role ROLES] [--json] [--timeout SECONDS] [options]

Looks at the MQTT broker, Kafka and the schema registry as a worker would meet them: addresses, certificates, logins,
clock, what the broker grants, permissions, topics and schemas. Changes nothing. Each finding says what is wrong, what
that would cost, and what to do. The servers are looked at side by side, and one that does not answer is named.

To try permissions at the MQTT broker, it subscribes for a moment in a share group of its own, and publishes an empty
message that expires at once to a device that does not exist (api/mqtt/v1/doctor-…/cmd).

Options:
  --role ROLES     for whom: some of ${needyNames.join(',')};
                   when absent the roles that bridge run would run
  --json           one JSON object per line: level (ok, warn, fail), server, check, on, what, costs, fix
  --timeout SEC    how long a server may take for one answer (10)
${configOptionsText}
Exit codes: 0 nothing failed (warnings may be there), 1 something failed, 78 configuration.

Example:
  bridge doctor --config bridge.yaml --role ingest
`,
    run: async (args, io) => {
      const { values, positionals } = readArguments(args, {
        ...configOptions,
        role: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        timeout: { type: 'string' },
      })
      noWords(positionals)
      const asked = namedRoles(values.role, needyNames)
      const deadlineMs = 1000 * secondsOf(values.timeout ?? '10')
      const config = configOf(values, io)
      return examine(config, { roles: asked ?? defaultRoles(config), json: values.json === true, deadlineMs }, io)
    },
  }
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (Number.isFinite(seconds) && seconds >= 0.1 && seconds <= 600) return seconds
  throw new UsageError(`--timeout ${JSON.stringify(text)} is not a number of seconds from 0.1 to 600`)
}
