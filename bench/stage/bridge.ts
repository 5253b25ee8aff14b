import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Settings } from '../../src/config/settings.ts'
import { BridgeMetrics } from './bridge-metrics.ts'
import type { Contender, Measured } from './measured.ts'
import { bridgeProgram, type Stage } from './stage.ts'
import type { StartedProcess } from './started-process.ts'

/** A running bridge. */
export class MeasuredBridge implements Measured {
  readonly process: StartedProcess
  readonly #port: number
  readonly #count: () => Promise<number>

  constructor(process: StartedProcess, port: number, count: () => Promise<number>) {
    this.process = process
    this.#port = port
    this.#count = count
  }

  /** Punches that Kafka has stored since this bridge was started. */
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
export class Bridge implements Contender<MeasuredBridge> {
  readonly name = 'bridge'
  readonly #stage: Stage
  readonly #settings: Settings
  readonly #nodeOptions: readonly string[]

  /** `nodeOptions`: for the node that runs it. */
  constructor(stage: Stage, settings: Settings, nodeOptions: readonly string[] = []) {
    this.#stage = stage
    this.#settings = settings
    this.#nodeOptions = nodeOptions
  }

  get topic(): string {
    return this.#settings.kafka.topics.attendance
  }

  async start(broker: MosquittoServer): Promise<MeasuredBridge> {
    const [port = 0] = await freePorts(1)
    const base = await this.#stage.stored.count(this.topic)
    const set = [`mqtt.url=${broker.url}`, 'observe.host=127.0.0.1', `observe.port=${port}`]
    const args = [
      'run',
      '--role',
      'ingest',
      '--config',
      this.#stage.configPath,
      ...set.flatMap((each) => ['--set', each]),
    ]
    const process = await this.#stage.start('bridge', [...this.#nodeOptions, bridgeProgram, ...args])
    return new MeasuredBridge(process, port, async () => (await this.#stage.stored.count(this.topic)) - base)
  }

  async ready(measured: MeasuredBridge): Promise<void> {
    await measured.process.until('ready', () => measured.isReady())
  }
}
