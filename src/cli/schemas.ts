import type { LoadedConfig } from '../config/load.ts'
import { chosenAction, configOf, configOptions, configOptionsText, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'

export interface SchemasWork {
  readonly action: 'check' | 'register'
  readonly json: boolean
}

/** Asks the registry; writes what it found; resolves to the exit code. */
export type WorkOnSchemas = (config: LoadedConfig, work: SchemasWork, io: CommandIo) => Promise<number>

/** `bridge schemas check|register`. */
export function schemasCommand(workOnSchemas: WorkOnSchemas): Command {
  return {
    name: 'schemas',
    summary: 'checks or registers the schemas at the schema registry',
    help: `Usage: bridge schemas check [--json] [options]
       bridge schemas register [--json] [options]

  check     says which subjects are known, missing or would be refused; changes nothing
  register  registers what is missing and sets the compatibility of the subjects

Options:
${configOptionsText}  --json           one JSON object in place of text

Exit codes: 0 all schemas are known, 1 some are missing or refused, 69 the registry does not answer, 78 configuration.

Example:
  bridge schemas check --config bridge.yaml
`,
    run: async (args, io) => {
      const { values, positionals } = readArguments(args, { ...configOptions, json: { type: 'boolean' } })
      const action = chosenAction(positionals, ['check', 'register'])
      return workOnSchemas(configOf(values, io), { action, json: values.json === true }, io)
    },
  }
}
