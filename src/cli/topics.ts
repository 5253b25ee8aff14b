import type { LoadedConfig } from '../config/load.ts'
import { chosenAction, configOf, configOptions, configOptionsText, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'

export interface TopicsWork {
  readonly action: 'plan' | 'apply'
  readonly json: boolean
}

/** Asks Kafka; writes what it found or did; resolves to the exit code. */
export type WorkOnTopics = (config: LoadedConfig, work: TopicsWork, io: CommandIo) => Promise<number>

/** `bridge topics plan|apply`. */
export function topicsCommand(workOnTopics: WorkOnTopics): Command {
  return {
    name: 'topics',
    summary: 'compares the Kafka topics with what the bridge needs, or creates them',
    help: `Usage: bridge topics plan [--json] [options]
       bridge topics apply [--json] [options]

  plan   says what is missing and what differs; changes nothing
  apply  creates what is missing; never deletes, never changes a topic that exists

Options:
${configOptionsText}  --json           one JSON object in place of text

Exit codes: 0 all topics are as needed, 1 some are missing or differ, 69 Kafka does not answer, 78 configuration.

Example:
  bridge topics plan --config bridge.yaml
`,
    run: async (args, io) => {
      const { values, positionals } = readArguments(args, { ...configOptions, json: { type: 'boolean' } })
      const action = chosenAction(positionals, ['plan', 'apply'])
      return workOnTopics(configOf(values, io), { action, json: values.json === true }, io)
    },
  }
}
