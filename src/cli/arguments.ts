import { type ParseArgsConfig, parseArgs } from 'node:util'
import { closestName } from '../config/closest-name.ts'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import type { Surroundings } from '../config/substitution.ts'
import { UsageError } from './usage-error.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** Options that every command has which reads the configuration. */
export const configOptions = {
  config: { type: 'string', multiple: true },
  set: { type: 'string', multiple: true },
} as const satisfies Options

export const configOptionsText = `  --config FILE    configuration file (YAML); may be repeated, later ones win
  --set KEY=VALUE  one setting, laid over all files; may be repeated
`

/** Reads the words and options after a command's name. Throws UsageError. */
export function readArguments<const O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    const unknown = args.find((arg) => arg.startsWith('--') && !(optionName(arg) in options))
    const near = unknown === undefined ? null : closestName(optionName(unknown), Object.keys(options))
    if (near !== null)
      throw new UsageError(`there is no option --${optionName(unknown ?? '')}. Did you mean --${near}?`)
    const message = error instanceof Error ? error.message.split('. ', 1)[0] : String(error)
    throw new UsageError(String(message))
  }
}

function optionName(argument: string): string {
  return argument.slice(2).split('=', 1)[0] ?? ''
}

/** The one word that chooses what a command does, such as `check` in `bridge config check`. Throws UsageError. */
export function chosenAction<const Action extends string>(
  words: readonly string[],
  actions: readonly Action[],
): Action {
  const [word, ...rest] = words
  const list = actions.join(', ')
  if (word === undefined) throw new UsageError(`says not what to do: one of ${list}`)
  const action = actions.find((known) => known === word)
  if (action === undefined) {
    const near = closestName(word, actions)
    throw new UsageError(`cannot ${word}; one of ${list}${near === null ? '' : `. Did you mean ${near}?`}`)
  }
  if (rest.length > 0) throw new UsageError(`does not know what to do with: ${rest.join(' ')}`)
  return action
}

/**
 * The action that the words begin with, looked for before the options are read, as it decides which options there are.
 * `options`: those of all actions together. Throws UsageError.
 */
export function actionOf<const Action extends string>(
  args: readonly string[],
  options: Options,
  actions: readonly Action[],
): Action {
  return chosenAction(readArguments(args, options).positionals.slice(0, 1), actions)
}

/** The one word that must be there, such as a name. Throws UsageError that asks for it. */
export function oneWord(words: readonly string[], what: string): string {
  const [word, ...rest] = words
  if (word === undefined) throw new UsageError(`needs ${what}`)
  noWords(rest)
  return word
}

/** Throws UsageError when there are words that no option took. */
export function noWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`does not know what to do with: ${words.join(' ')}`)
}

/** The configuration that `--config` and `--set` name. Throws ConfigError. */
export function configOf(
  values: { readonly config?: string[] | undefined; readonly set?: string[] | undefined },
  surroundings: Surroundings,
): LoadedConfig {
  return loadConfig({ files: values.config ?? [], overrides: values.set ?? [] }, surroundings)
}
