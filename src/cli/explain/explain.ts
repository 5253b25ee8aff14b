import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { ConfigError } from '../../config/config-error.ts'
import { layOver } from '../../config/layers.ts'
import { type LoadedConfig, loadConfig } from '../../config/load.ts'
import { parseSettings } from '../../config/parse.ts'
import type { Surroundings } from '../../config/substitution.ts'
import { messageOf } from '../../kernel/failure.ts'
import { readTextSync } from '../../kernel/read-text.ts'
import { type InputLine, LineFault, readInputLine } from './input-line.ts'
import { Simulation } from './simulation.ts'
import { textLines } from './text-lines.ts'

const UNDERSTOOD = 0
const NOT_UNDERSTOOD = 2

/** What the command may take from the world; the defaults are those of the real one. */
export interface ExplainOptions {
  readonly bridgeVersion?: string
  /** Epoch milliseconds, asked once: for a first line that says no time. */
  readonly now?: () => number
  /** What a configuration file may refer to. */
  readonly surroundings?: Surroundings
}

const PROCESS: Surroundings = { env: process.env, readFile: readTextSync }

/**
 * `bridge explain [--config FILE]`: reads inputs as NDJSON, prints what the bridge makes of them as NDJSON. Nothing is
 * connected. Resolves to the exit status: 0 when every line was understood, 2 when a line, an argument or the
 * configuration was not; the reason goes to `stderr`. Rejects on a bug or when a stream fails.
 */
export async function runExplain(
  args: readonly string[],
  stdin: AsyncIterable<Uint8Array | string>,
  stdout: NodeJS.WritableStream,
  stderr: NodeJS.WritableStream,
  options: ExplainOptions = {},
): Promise<number> {
  let place = 'bridge explain'
  try {
    const explained = new Explanation(readConfigFile(args, options.surroundings ?? PROCESS), options)
    let number = 0
    for await (const bytes of textLines(stdin)) {
      number += 1
      place = `line ${number}`
      for (const output of explained.lines(number, bytes)) await write(stdout, `${output}\n`)
    }
    return UNDERSTOOD
  } catch (error) {
    if (!(error instanceof LineFault) && !(error instanceof ConfigError)) throw error
    await write(stderr, `${place}: ${messageOf(error)}\n`)
    return NOT_UNDERSTOOD
  }
}

/** One run: the clock of the lines so far, and the bridge that they talk to. */
class Explanation {
  readonly #file: LoadedConfig
  readonly #options: ExplainOptions
  #simulation: Simulation | null = null
  #clock = -Infinity

  constructor(file: LoadedConfig, options: ExplainOptions) {
    this.#file = file
    this.#options = options
  }

  /** The output lines of one input line. Throws when the line is not understood, before any output of its own. */
  *lines(number: number, bytes: Buffer): Generator<string> {
    if (!isUtf8(bytes)) throw new LineFault('not UTF-8')
    const text = bytes.toString('utf8')
    if (text.trim() === '') return
    const line = readInputLine(text)
    const simulation = this.#simulationFor(line)
    if (line.at !== null) {
      if (line.at < this.#clock) throw new LineFault('at goes back')
      this.#clock = line.at
    }
    yield* simulation.step(number, line, this.#clock)
  }

  #simulationFor(line: InputLine): Simulation {
    if (this.#simulation !== null) {
      if (line.settings !== undefined) throw new LineFault('settings may only stand on the first line')
      return this.#simulation
    }
    const settings =
      line.settings === undefined ? this.#file.settings : parseSettings(layOver(this.#file.given, line.settings))
    const bridgeVersion = this.#options.bridgeVersion ?? ''
    this.#simulation = new Simulation(settings, { bridgeVersion, randomUuid: randomUUID })
    if (line.at === null) this.#clock = (this.#options.now ?? Date.now)()
    return this.#simulation
  }
}

/** The configuration of the file that the arguments name, checked; the defaults when they name none. */
function readConfigFile(args: readonly string[], surroundings: Surroundings): LoadedConfig {
  const path = configPath(args)
  return loadConfig({ files: path === null ? [] : [path], overrides: [] }, surroundings)
}

function configPath(args: readonly string[]): string | null {
  let path: string | null = null
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (arg === '--config') {
      at += 1
      path = args[at] ?? null
      if (path === null) throw new LineFault('--config needs the name of a file')
    } else if (arg.startsWith('--config=')) path = arg.slice('--config='.length)
    else throw new LineFault(`unknown argument ${arg}; usage: bridge explain [--config FILE] < inputs.ndjson`)
  }
  return path
}

/** Writes a line and waits until the stream takes more. */
async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error)))
  })
}
