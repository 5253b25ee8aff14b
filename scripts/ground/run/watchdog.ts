import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { groundScripts } from '../place.ts'

/**
 * A shell process of 1 MB that outlives us by a moment: when our end of its standard input closes (exit, signal,
 * uncaught error, kill -9), it kills the process groups named to it and removes the folder. So nothing else here needs
 * exit hooks or signal handlers.
 */
export class Watchdog {
  readonly #child: ChildProcessByStdio<Writable, null, null>

  /** `folder`: removed at the end, null for none. */
  constructor(folder: string | null) {
    this.#child = spawn('sh', [join(groundScripts(), 'run/watchdog.sh'), folder ?? ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#child.unref()
    ;(this.#child.stdin as Socket).unref()
  }

  add(pid: number): void {
    this.#child.stdin.write(`add ${pid}\n`)
  }

  /** Its pid may be given to another process from now on: never kill it any more. */
  drop(pid: number): void {
    this.#child.stdin.write(`drop ${pid}\n`)
  }

  /** Resolves when everything still named is killed and the folder is gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.ref()
    const exited = once(this.#child, 'exit')
    this.#child.stdin.end()
    await exited
  }
}
