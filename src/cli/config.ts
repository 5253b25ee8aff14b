import { ConfigError } from '../config/config-error.ts'
import { configSchema } from '../config/json-schema.ts'
import { printSettings } from '../config/print.ts'
import { chosenAction, configOf, configOptions, configOptionsText, readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { exitCodes } from './exit-codes.ts'

/** `bridge config check|print|schema`: nothing is connected. */
export const configCommand: Command = {
  name: 'config',
  summary: 'checks, prints or describes the configuration',
  help: `Usage: bridge config check [--json] [options]
       bridge config print [--origin] [options]
       bridge config schema

  check   names everything that is wrong, with file and line
  print   prints the configuration in force as YAML, secrets left out
  schema  prints the JSON Schema of the configuration file

Options:
${configOptionsText}  --origin         print: where each value came from
  --json           check: the faults as one JSON object

Exit codes: 0 the configuration is right, 78 it is not.

Example:
  bridge config check --config bridge.yaml
  bridge config print --origin --config bridge.yaml --set mqtt.slot=3
`,
  run: async (args, io) => {
    const { values, positionals } = readArguments(args, {
      ...configOptions,
      origin: { type: 'boolean' },
      json: { type: 'boolean' },
    })
    const action = chosenAction(positionals, ['check', 'print', 'schema'])
    if (action === 'schema') {
      io.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`)
      return exitCodes.ok
    }
    if (action === 'check' && values.json === true) {
      const faults = faultsOf(() => configOf(values, io))
      io.stdout.write(`${JSON.stringify({ ok: faults.length === 0, faults })}\n`)
      return faults.length === 0 ? exitCodes.ok : exitCodes.config
    }
    const { settings, origins } = configOf(values, io)
    const isPrint = action === 'print'
    io.stdout.write(isPrint ? printSettings(settings, origins, values.origin === true) : 'the configuration is right\n')
    return exitCodes.ok
  },
}

function faultsOf(load: () => unknown): ConfigError['faults'] {
  try {
    load()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}
