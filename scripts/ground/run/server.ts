import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Child, type Command, type Exit } from './child.ts'
import type { Watchdog } from './watchdog.ts'

export interface ServerSpec {
  readonly name: string
  readonly command: Command
  readonly logPath: string
  readonly watchdog: Watchdog
  /** Asks the server something only a working one answers. Rejects while it does not. */
  readonly probe: () => Promise<void>
  readonly startTimeoutMs?: number
}

/** A server that can be stopped and started again on the same ports and data. Also the base of each kind of server. */
export class Server {
  readonly name: string
  readonly #spec: ServerSpec
  #child: Child | null = null
  #startMs = 0

  constructor(spec: ServerSpec) {
    this.name = spec.name
    this.#spec = spec
  }

  /** The process id, null while it is down. */
  get pid(): number | null {
    return this.#child !== null && this.#child.exit === null ? this.#child.pid : null
  }

  /** From spawning to the first answer of the last start, milliseconds. */
  get startMs(): number {
    return this.#startMs
  }

  get logPath(): string {
    return this.#spec.logPath
  }

  /** Resolves when it answers. Throws with the end of its log when it exits or stays silent for too long. */
  async start(): Promise<void> {
    if (this.pid !== null) throw new Error(`${this.name} already runs`)
    const { command, logPath, watchdog, startTimeoutMs = 90_000 } = this.#spec
    const began = performance.now()
    const child = await Child.start(command, logPath, watchdog)
    this.#child = child
    let failure: unknown
    while (performance.now() - began < startTimeoutMs) {
      if (child.exit !== null) throw new Error(`${this.name} exited at start (${said(child.exit)}):\n${this.logTail()}`)
      try {
        await this.#spec.probe()
        this.#startMs = Math.round(performance.now() - began)
        return
      } catch (error) {
        failure = error
        await pause(40)
      }
    }
    await child.kill()
    throw new Error(`${this.name} did not answer in ${startTimeoutMs} ms (${String(failure)}):\n${this.logTail()}`)
  }

  /** SIGTERM and wait (SIGKILL after 15 s). How it ended; null when it never ran. */
  async stop(): Promise<Exit | null> {
    return (await this.#child?.stop()) ?? null
  }

  /** SIGKILL and wait. */
  async kill(): Promise<void> {
    await this.#child?.kill()
  }

  /** Same ports, same data. Stops it first if it runs; `how` says in what way. */
  async restart(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    await (how === 'stop' ? this.stop() : this.kill())
    await this.start()
  }

  /** SIGSTOP: connections stay open and nothing answers once this has returned. */
  freeze(): void {
    this.#running().freeze()
  }

  /** SIGCONT. */
  thaw(): void {
    this.#running().thaw()
  }

  signal(signal: NodeJS.Signals): void {
    this.#running().signal(signal)
  }

  /** The last lines it wrote, for the message when something is wrong with it. */
  logTail(lines = 15): string {
    return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }

  #running(): Child {
    if (this.#child === null || this.#child.exit !== null) throw new Error(`${this.name} does not run`)
    return this.#child
  }
}

function said(exit: Exit): string {
  return exit.signal ?? `exit code ${exit.code}`
}
