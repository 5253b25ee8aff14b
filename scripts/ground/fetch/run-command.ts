import { execFile } from 'node:child_process'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Added to the error: what the reader should try next. */
  readonly next?: string
}

/** Runs a command to its end and gives its standard output. Throws with the end of what it wrote when it fails. */
export function runCommand(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { cwd: options.cwd, env: { ...process.env, ...options.env }, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout)
        const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-12).join('\n')
        const next = options.next === undefined ? '' : `\nNext: ${options.next}`
        reject(new Error(`${file} ${args.join(' ')} failed:\n${tail}${next}`))
      },
    )
    child.stdin?.end(options.input)
  })
}
