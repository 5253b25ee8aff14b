import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Settings } from '../../src/config/settings.ts'
import { BridgeMetrics } from './bridge-metrics.ts'
import { type Measured, PunchTaker } from './measured.ts'
import { bridgeProgram, type Stage } from './stage.ts'
import type { StartedProcess } from './started-process.ts'

/** A running bridge. */
export class MeasuredBridge implements Measured {
  readonly process: StartedProcess
  readonly #port: number
  readonly #count: () => Promise<number>

  /**
   * `bridge run` with the default settings but for those of the stage and `set`.
   * @param nodeOptions for the node that runs it
   * @param count how many messages it has finished with
   */
  static async start(
    stage: Stage,
    role: string,
    set: Readonly<Record<string, string>>,
    nodeOptions: readonly string[],
    count: () => Promise<number>,
  ): Promise<MeasuredBridge> {
    const [port = 0] = await freePorts(1)
    const all = { ...set, 'observe.host': '127.0.0.1', 'observe.port': String(port) }
    const args = ['run', '--role', role, '--config', stage.configPath]
    for (const [path, value] of Object.entries(all)) args.push('--set', `${path}=${value}`)
    return new MeasuredBridge(await stage.start('bridge', [...nodeOptions, bridgeProgram, ...args]), port, count)
  }

  private constructor(process: StartedProcess, port: number, count: () => Promise<number>) {
    this.process = process
    this.#port = port
    this.#count = count
  }

  async count(): Promise<number> {
    return this.#count()
  }

  async isReady(): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.#port}/readyz`).then(
      (response) => response.status === 200,
      () => false,
    )
  }

  async metrics(): Promise<BridgeMetrics> {
    return BridgeMetrics.read(this.#port)
  }
}

/** The real thing: `bridge run --role ingest` with the default settings. */
export class Bridge extends PunchTaker<MeasuredBridge> {
  readonly name = 'bridge'
  readonly #settings: Settings
  readonly #nodeOptions: readonly string[]

  /** `nodeOptions`: for the node that runs it. */
  constructor(stage: Stage, settings: Settings, nodeOptions: readonly string[] = []) {
    super(stage)
    this.#settings = settings
    this.#nodeOptions = nodeOptions
  }

  get topic(): string {
    return this.#settings.kafka.topics.attendance
  }

  async start(broker: MosquittoServer): Promise<MeasuredBridge> {
    const { stored } = this.stage
    const base = await stored.count(this.topic)
    // Done is a punch that Kafka has stored.
    const count = async (): Promise<number> => (await stored.count(this.topic)) - base
    return MeasuredBridge.start(this.stage, 'ingest', { 'mqtt.url': broker.url }, this.#nodeOptions, count)
  }

  async ready(measured: MeasuredBridge): Promise<void> {
    await measured.process.until('ready', () => measured.isReady())
  }
}
