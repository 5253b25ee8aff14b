import { noWords, readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { exitCodes } from './exit-codes.ts'

/** `bridge version`. */
export function versionCommand(version: string): Command {
  return {
    name: 'version',
    summary: 'prints the version',
    help: `Usage: bridge version [--json]

Example:
  bridge version --json
`,
    run: async (args, io) => {
      const { values, positionals } = readArguments(args, { json: { type: 'boolean' } })
      noWords(positionals)
      const node = process.version
      io.stdout.write(values.json === true ? `${JSON.stringify({ version, node })}\n` : `${version}\n`)
      return exitCodes.ok
    },
  }
}
