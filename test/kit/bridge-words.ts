import { Writable } from 'node:stream'
import { apiKeyCommand } from '../../src/cli/api-key.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import { fleetCommand } from '../../src/cli/fleet.ts'
import { jobCommand } from '../../src/cli/job.ts'
import { shadowCommand } from '../../src/cli/shadow.ts'
import { thingCommand } from '../../src/cli/thing.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

const commands = [thingCommand, shadowCommand, fleetCommand, jobCommand, apiKeyCommand]

/** Runs a command on things as `bridge` does, in this process. `files`: what it can read, by path. */
export async function bridgeSays(
  words: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []]
  const collect = (into: string[]): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        into.push(chunk.toString())
        done()
      },
    })
  const code = await dispatch(commands, words, {
    stdin: process.stdin,
    stdout: collect(out),
    stderr: collect(err),
    env: { USER: 'tester' },
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' })
      return text
    },
  })
  return { code, out: out.join(''), err: err.join('') }
}

/** The objects of NDJSON. */
export function objectsOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
