import type { Command, CommandIo } from './command.ts'

/** Reads inputs as NDJSON and prints what the bridge would make of them; resolves to the exit code. */
export type Explain = (
  args: readonly string[],
  stdin: CommandIo['stdin'],
  stdout: CommandIo['stdout'],
  stderr: CommandIo['stderr'],
) => Promise<number>

/** `bridge explain`: nothing is connected. */
export function explainCommand(explain: Explain): Command {
  return {
    name: 'explain',
    summary: 'shows what would become of messages and records, with nothing connected',
    help: `Usage: bridge explain [--config FILE] < inputs.ndjson > outputs.ndjson

Reads one input a line and prints one output a line: the records, publications and answers that the bridge would
make, by the code that the workers run. Members of an input line: at, mqtt, kafka, puback, http, and on the first
line settings.

Options:
  --config FILE  configuration file (YAML), laid over the defaults and under settings

Exit codes: 0 every line was understood, 2 one was not, or the configuration is wrong.

Example:
  echo '{"at":"2026-06-21T04:00:05.000Z","mqtt":{"topic":"api/mqtt/v1/SN1/evt","json":{"user_id":"1001","att_time":"2026-06-21T09:30:00+05:30","att_state":1}}}' | bridge explain
`,
    run: async (args, io) => explain(args, io.stdin, io.stdout, io.stderr),
  }
}
