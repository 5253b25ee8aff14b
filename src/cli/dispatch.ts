import { closestName } from '../config/closest-name.ts'
import { ConfigError } from '../config/config-error.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Command, CommandIo } from './command.ts'
import { exitCodeOf, exitCodes, exitCodesText } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

/** Finds the command, runs it, and turns every way it can end into an exit code and words on standard error. */
export async function dispatch(commands: readonly Command[], args: readonly string[], io: CommandIo): Promise<number> {
  const [word, ...rest] = args
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    return showHelp(commands, word === undefined ? [] : rest, word === undefined, io)
  }
  const name = word === '--version' ? 'version' : word
  const command = commands.find((known) => known.name === name)
  if (command === undefined) return unknownCommand(commands, name, io)
  if (asksForHelp(rest)) {
    io.stdout.write(command.help)
    return exitCodes.ok
  }
  try {
    return await command.run(rest, io)
  } catch (error) {
    io.stderr.write(`${reportOf(command.name, error)}\n`)
    return exitCodeOf(error)
  }
}

function showHelp(commands: readonly Command[], words: readonly string[], isMistake: boolean, io: CommandIo): number {
  const [name] = words
  const command = commands.find((known) => known.name === name)
  if (name !== undefined && command === undefined) return unknownCommand(commands, name, io)
  const text = command?.help ?? overview(commands)
  const out = isMistake ? io.stderr : io.stdout
  out.write(text)
  return isMistake ? exitCodes.usage : exitCodes.ok
}

function unknownCommand(commands: readonly Command[], name: string, io: CommandIo): number {
  const near = closestName(
    name,
    commands.map((command) => command.name),
  )
  const hint = near === null ? 'See: bridge --help' : `Did you mean: bridge ${near}?`
  io.stderr.write(`bridge: there is no command ${name}. ${hint}\n`)
  return exitCodes.usage
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  const rows = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return `bridge: between EMQX (MQTT 5) and Kafka

Usage: bridge <command> [options]

Commands:
${rows.join('\n')}

Example:
  bridge run --config bridge.yaml --role ingest

More on one of them: bridge <command> --help
${exitCodesText}`
}

/** Words after a lone `--` are not options. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const options = end === -1 ? args : args.slice(0, end)
  return options.includes('--help') || options.includes('-h')
}

function reportOf(name: string, error: unknown): string {
  if (error instanceof UsageError) return `bridge ${name}: ${error.message}\nSee: bridge ${name} --help`
  if (error instanceof ConfigError) {
    const faults = error.faults.length
    return `bridge ${name}: the configuration has ${faults === 1 ? 'a fault' : `${faults} faults`}:\n${indent(error.message)}`
  }
  if (error instanceof Failure) return `bridge ${name}: ${error.message} (${error.code})`
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error)
  return `bridge ${name}: an error nobody planned for, please report it:\n${indent(stack)}`
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
