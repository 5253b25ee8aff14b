import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import type { Watchdog } from './watchdog.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One run of a command in a process group of its own that the watchdog knows. */
export class Child {
  readonly pid: number
  readonly exited: Promise<Exit>
  readonly #process: ChildProcess
  #exit: Exit | null = null

  /** Its output is appended to a file. Throws when it cannot be started at all (not there, not executable). */
  static async start(command: Command, logPath: string, watchdog: Watchdog): Promise<Child> {
    const log = openSync(logPath, 'a')
    try {
      const process_ = spawn(command.file, command.args, {
        stdio: ['ignore', log, log],
        detached: true,
        env: { ...process.env, ...command.env },
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      })
      return await Child.of(process_, watchdog)
    } finally {
      closeSync(log)
    }
  }

  /** For a process just spawned with `detached: true`. */
  static async of(process_: ChildProcess, watchdog: Watchdog): Promise<Child> {
    // Known to the watchdog before anything is awaited.
    const child = process_.pid === undefined ? null : new Child(process_, process_.pid, watchdog)
    await new Promise<void>((resolve, reject) => {
      process_.once('spawn', resolve)
      process_.once('error', reject)
    })
    if (child === null) throw new Error('the process has no pid')
    return child
  }

  private constructor(process_: ChildProcess, pid: number, watchdog: Watchdog) {
    this.pid = pid
    this.#process = process_
    watchdog.add(pid)
    this.exited = new Promise((resolve) => {
      const ended = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#exit = { code, signal }
        watchdog.drop(pid)
        resolve(this.#exit)
      }
      process_.once('exit', ended)
    })
  }

  get exit(): Exit | null {
    return this.#exit
  }

  /** To the process alone; nothing happens when it is gone. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exit === null) this.#process.kill(signal)
  }

  /** To the process and its children. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.#exit !== null) return
    try {
      process.kill(-this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  /** SIGSTOP to the process and its children. Returns when no thread of the process runs any more, 1 s at most. */
  freeze(): void {
    this.signalGroup('SIGSTOP')
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let ms = 0; ms < 1000 && isRunning(this.pid); ms += 1) Atomics.wait(pause, 0, 0, 1)
  }

  thaw(): void {
    this.signalGroup('SIGCONT')
  }

  /** SIGTERM, and SIGKILL when that did not end it within `graceMs`. A frozen process is thawed first. */
  async stop(graceMs = 15_000): Promise<Exit> {
    this.signal('SIGTERM')
    this.signalGroup('SIGCONT')
    const timer = setTimeout(() => this.signalGroup('SIGKILL'), graceMs)
    const exit = await this.exited
    clearTimeout(timer)
    return exit
  }

  async kill(): Promise<Exit> {
    this.signalGroup('SIGKILL')
    return this.exited
  }
}

/** Whether a thread has not reached the stop yet. False where there is no /proc and for a process that is gone. */
function isRunning(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      return !'TZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2))
    })
  } catch {
    return false
  }
}
