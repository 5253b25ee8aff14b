import { setTimeout as pause } from 'node:timers/promises'
import { BridgeProcess } from '../../test/kit/bridge-process.ts'
import { freePorts } from '../ground/run/free-ports.ts'
import type { DeviceProfile } from './roster.ts'

export interface BridgeServers {
  readonly mqttUrl: string
  readonly brokers: readonly string[]
  readonly registryUrl: string
}

/** What `/metrics` and `/readyz` say now. */
export interface BridgeLook {
  readonly ready: boolean
  readonly cpuSeconds: number
  readonly rssMb: number
  readonly unsettled: number
  /** Must be 0. */
  readonly difference: number
  readonly acknowledged: number
}

const roles = 'ingest,command,fleet,http'

const newsMs = 15_000

/** The real bridge, as built, with a configuration file in a throw-away folder. */
export class DemoBridge {
  readonly config: object
  readonly healthUrl: string
  /** Where things read their shadows. */
  readonly apiUrl: string
  #process: BridgeProcess | null = null

  static async prepare(servers: BridgeServers, roster: readonly DeviceProfile[]): Promise<DemoBridge> {
    const [port = 0, apiPort = 0] = await freePorts(2)
    return new DemoBridge(servers, roster, port, apiPort)
  }

  private constructor(servers: BridgeServers, roster: readonly DeviceProfile[], port: number, apiPort: number) {
    this.healthUrl = `http://127.0.0.1:${port}`
    this.apiUrl = `http://127.0.0.1:${apiPort}`
    this.config = {
      devices: roster
        .filter(({ zoneFrom }) => zoneFrom === 'settings')
        .map(({ deviceSn, timeZone }) => ({ deviceSn, timeZone })),
      commands: { replyLeaves: ['rsp'] },
      fleet: { enabled: true },
      http: { host: '127.0.0.1', port: apiPort },
      mqtt: { url: servers.mqttUrl },
      // gzip is the one codec that kafkajs has without a package, and the demo reads like anybody.
      kafka: { brokers: servers.brokers, compression: 'gzip' },
      registry: { url: servers.registryUrl },
      observe: { host: '127.0.0.1', port },
    }
  }

  /** Runs a command such as `topics apply` to its end and gives the lines it wrote. Throws when it could not be done. */
  async command(...words: string[]): Promise<readonly string[]> {
    const run = await BridgeProcess.start({ args: [...words, '--config', '{config}'], config: this.config })
    try {
      const { code } = await run.exited
      // 1: some topic or subject is not as it should be, and the lines say which. `bridge run` stops if it is its own.
      if (code !== 0 && code !== 1) throw new Error(`bridge ${words.join(' ')} failed (exit ${code}):\n${run.tail()}`)
      return run.text
    } finally {
      await run.close()
    }
  }

  /** `bridge run`; resolves when it says it is ready. */
  async start(): Promise<void> {
    const run = await BridgeProcess.start({
      args: ['run', '--role', roles, '--config', '{config}'],
      config: this.config,
    })
    this.#process = run
    while (!(await this.#isReady())) {
      if (run.exit !== null) throw new Error(`the bridge ended (exit code ${run.exit.code}):\n${run.tail()}`)
      await pause(100)
    }
  }

  /** Its last words when it has ended although nobody asked it to, else null. */
  get obituary(): string | null {
    const run = this.#process
    return run === null || run.exit === null ? null : `exit ${JSON.stringify(run.exit)}\n${run.tail(15)}`
  }

  /** The last warning or error it logged, as long as it is news. */
  get lastWarning(): string | null {
    const line = this.#process?.logs.findLast(({ level }) => level === 'warn' || level === 'error' || level === 'fatal')
    if (line === undefined || Date.now() - Date.parse(String(line['time'])) > newsMs) return null
    return `${String(line['event'])}: ${String(line['msg'])}`
  }

  /** Null when it does not answer. */
  async look(): Promise<BridgeLook | null> {
    try {
      const [ready, text] = await Promise.all([this.#isReady(), this.#get('/metrics').then((answer) => answer.text())])
      const value = (name: string): number => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
      return {
        ready,
        cpuSeconds: value('process_cpu_seconds_total'),
        rssMb: value('process_resident_memory_bytes') / 1e6,
        unsettled: value('bridge_pending'),
        difference: value('bridge_conservation_difference'),
        acknowledged: value('bridge_mqtt_acknowledged_total'),
      }
    } catch {
      return null
    }
  }

  /** SIGTERM: it drains. Resolves to its exit code, null when a signal ended it. */
  async stop(): Promise<number | null> {
    return (await this.#process?.stop())?.code ?? null
  }

  /** Kills it if it still runs, and removes its folder. */
  async close(): Promise<void> {
    await this.#process?.close()
  }

  async #isReady(): Promise<boolean> {
    return this.#get('/readyz').then(
      (answer) => answer.ok,
      () => false,
    )
  }

  async #get(path: string): Promise<Response> {
    return fetch(`${this.healthUrl}${path}`, { signal: AbortSignal.timeout(2000) })
  }
}
