import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Child } from '../../scripts/ground/run/child.ts'
import type { Watchdog } from '../../scripts/ground/run/watchdog.ts'

/** One run of a program of Node, in a process of its own that ends with us. Its output goes to a file. */
export class StartedProcess {
  readonly child: Child
  readonly #process: ChildProcess
  readonly #logPath: string

  /** `nodeArgs`: the program and its arguments, and options of node before them. */
  static async start(nodeArgs: readonly string[], logPath: string, watchdog: Watchdog): Promise<StartedProcess> {
    const log = openSync(logPath, 'w')
    try {
      const process_ = spawn(process.execPath, nodeArgs, {
        stdio: ['ignore', log, log, 'ipc'],
        detached: true,
        env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
      })
      return new StartedProcess(process_, await Child.of(process_, watchdog), logPath)
    } finally {
      closeSync(log)
    }
  }

  private constructor(process_: ChildProcess, child: Child, logPath: string) {
    this.#process = process_
    this.child = child
    this.#logPath = logPath
  }

  get pid(): number {
    return this.child.pid
  }

  log(): string {
    return readFileSync(this.#logPath, 'utf8')
  }

  /** Resolves when `holds` does. Throws with the end of the log when the process ends before or it takes too long. */
  async until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 240_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!(await holds())) {
      if (this.child.exit !== null) throw new Error(`the process ended before it was ${what}:\n${this.#logTail()}`)
      if (performance.now() > deadline) throw new Error(`not ${what} in ${timeoutMs} ms:\n${this.#logTail()}`)
      await pause(20)
    }
  }

  /** Sends it a message and resolves to the number that it answers. */
  async ask(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#process.once('message', (answer) => resolve(Number(answer)))
      this.tell(reject)
    })
  }

  tell(failed: (error: Error) => void = () => undefined): void {
    this.#process.send('', (error) => {
      if (error !== null) failed(error)
    })
  }

  freeze(): void {
    this.child.signalGroup('SIGSTOP')
  }

  thaw(): void {
    this.child.signalGroup('SIGCONT')
  }

  async stop(): Promise<void> {
    const { code, signal } = await this.child.stop()
    if (code !== 0) throw new Error(`ended with ${signal ?? `exit code ${code}`}:\n${this.#logTail()}`)
  }

  #logTail(): string {
    return this.log().trimEnd().split('\n').slice(-15).join('\n')
  }
}
