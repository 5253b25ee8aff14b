import type { CommandIo } from './command.ts'
import { UsageError } from './usage-error.ts'

/** The text of a file that an option names. Throws UsageError that names the option. */
export function readTextFile(path: string, option: string, io: CommandIo): string {
  try {
    return io.readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new UsageError(`${option}: ${path} cannot be read (${code})`)
  }
}

/** A text as it stands on the command line, or with `@FILE` that of a file. Throws UsageError. */
export function readTextArgument(text: string, option: string, io: CommandIo): string {
  return text.startsWith('@') ? readTextFile(text.slice(1), option, io) : text
}
