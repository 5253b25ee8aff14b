import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { stringify } from 'yaml'
import { projectFolder } from '../../scripts/ground/place.ts'
import { Child, type Exit } from '../../scripts/ground/run/child.ts'
import { probeTcp } from '../../scripts/ground/run/probes.ts'
import { Watchdog } from '../../scripts/ground/run/watchdog.ts'
import { patienceMs } from './latch.ts'

export type LogLine = Readonly<Record<string, unknown>>

export interface BridgeOptions {
  /** Arguments. `{config}` stands for the path of the configuration file, `{folder}` for the folder it is in. */
  readonly args: readonly string[]
  /** Written as YAML to a file in a throw-away folder. */
  readonly config?: unknown
  /** `node dist/main.js` by default. */
  readonly command?: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
}

/** The bridge as a process of its own. It dies with the test, however that ends. */
export class BridgeProcess {
  /** Every line it wrote to standard output or standard error that is a JSON object, in order. */
  readonly logs: LogLine[] = []
  /** The other lines. */
  readonly text: string[] = []
  readonly folder: string
  /** When it has ended and all of its output is here. */
  readonly exited: Promise<Exit>
  readonly #child: Child
  readonly #watchdog: Watchdog
  readonly #look = new Set<() => void>()

  /** Resolves when it is spawned: wait for a log line or a port next. */
  static async start(options: BridgeOptions): Promise<BridgeProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'bridge-'))
    const watchdog = new Watchdog(folder)
    const config = join(folder, 'bridge.yaml')
    await writeFile(config, stringify(options.config ?? {}))
    const [file, ...before] = options.command ?? [process.execPath, join(projectFolder(), 'dist/main.js')]
    const args = options.args.map((arg) => arg.replace('{config}', config).replace('{folder}', folder))
    const spawned = spawn(file, [...before, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      cwd: projectFolder(),
      env: { ...process.env, ...options.env },
    })
    const closed = once(spawned, 'close')
    // A command that cannot be started is told by Child.of.
    closed.catch(() => {})
    const lines = [spawned.stdout, spawned.stderr].map((input) => createInterface({ input }))
    const child = await Child.of(spawned, watchdog)
    const bridge = new BridgeProcess(child, watchdog, folder, closed)
    for (const each of lines) each.on('line', (line) => bridge.#read(line))
    return bridge
  }

  private constructor(child: Child, watchdog: Watchdog, folder: string, closed: Promise<unknown>) {
    this.#child = child
    this.#watchdog = watchdog
    this.folder = folder
    this.exited = closed.then(async () => {
      const exit = await child.exited
      for (const look of this.#look) look()
      return exit
    })
  }

  get pid(): number {
    return this.#child.pid
  }

  get exit(): Exit | null {
    return this.#child.exit
  }

  /**
   * The first log line, from number `from` on, for which `wanted` holds; it may have come already. Throws when the
   * process ends or `timeoutMs` pass without it, with the last lines it wrote.
   */
  async log(wanted: (line: LogLine) => boolean, timeoutMs = patienceMs, from = 0): Promise<LogLine> {
    let next = from
    const deadline = AbortSignal.timeout(timeoutMs)
    return new Promise((resolve, reject) => {
      const look = () => {
        for (; next < this.logs.length; next += 1) {
          const line = this.logs[next]
          if (line === undefined || !wanted(line)) continue
          finish()
          return resolve(line)
        }
        const over = this.exit !== null ? `it ended (${JSON.stringify(this.exit)})` : null
        const late = deadline.aborted ? `${timeoutMs} ms passed` : null
        if (over === null && late === null) return
        finish()
        reject(new Error(`the log line did not come: ${over ?? late}\n${this.tail()}`))
      }
      const finish = () => {
        this.#look.delete(look)
        deadline.removeEventListener('abort', look)
      }
      this.#look.add(look)
      deadline.addEventListener('abort', look)
      // At once for lines that are here; for a process that has ended, when its last output is.
      if (this.exit === null || next < this.logs.length) look()
      else void this.exited.then(look)
    })
  }

  /** Resolves when a port of 127.0.0.1 accepts a connection. Throws when the process ends first. */
  async port(port: number, timeoutMs = patienceMs): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      try {
        return await probeTcp(port)
      } catch (error) {
        if (this.exit !== null || performance.now() > deadline) {
          throw new Error(`port ${port} did not open\n${this.tail()}`, { cause: error })
        }
        await pause(20)
      }
    }
  }

  /** The last lines of all it wrote. */
  tail(lines = 20): string {
    return [...this.text, ...this.logs.map((line) => JSON.stringify(line))].slice(-lines).join('\n')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.signal(signal)
  }

  /** SIGSTOP: connections stay open and nothing answers once this has returned. */
  freeze(): void {
    this.#child.freeze()
  }

  thaw(): void {
    this.#child.thaw()
  }

  /** kill -9. */
  async kill(): Promise<Exit> {
    await this.#child.kill()
    return this.exited
  }

  /** SIGTERM; SIGKILL when it takes longer than `graceMs`. */
  async stop(graceMs = 30_000): Promise<Exit> {
    await this.#child.stop(graceMs)
    return this.exited
  }

  /** Kills it if it still runs and removes its folder. For `afterEach` and `finally`. */
  async close(): Promise<void> {
    if (this.exit === null) await this.kill()
    await this.#watchdog.close()
  }

  /** CPU time so far in microseconds (user and system) and memory in bytes, from /proc. */
  async usage(): Promise<{ readonly cpuMicros: number; readonly rssBytes: number }> {
    const stat = await readFile(`/proc/${this.pid}/stat`, 'utf8')
    // Behind the name, which may hold spaces. The kernel counts in hundredths of a second and in pages.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { cpuMicros: (Number(fields[11]) + Number(fields[12])) * 10_000, rssBytes: Number(fields[21]) * 4096 }
  }

  #read(line: string): void {
    const parsed = line.startsWith('{') ? parse(line) : null
    if (parsed === null) this.text.push(line)
    else this.logs.push(parsed)
    for (const look of this.#look) look()
  }
}

function parse(line: string): LogLine | null {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return null
  }
}
