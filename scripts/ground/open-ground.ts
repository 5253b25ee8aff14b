import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Say, sayOnStderr } from './fetch/part.ts'
import { Watchdog } from './run/watchdog.ts'
import { type ArtemisOptions, type ArtemisServer, prepareArtemis } from './servers/artemis.ts'
import { Certificates } from './servers/certificates.ts'
import { type Cluster, prepareCluster } from './servers/cluster.ts'
import { type HivemqOptions, type HivemqServer, prepareHivemq } from './servers/hivemq.ts'
import { type KafkaOptions, type KafkaServer, prepareKafka } from './servers/kafka.ts'
import { type MosquittoOptions, type MosquittoServer, prepareMosquitto } from './servers/mosquitto.ts'
import { type PrometheusOptions, type PrometheusServer, preparePrometheus } from './servers/prometheus.ts'
import { prepareRegistry, type RegistryOptions, type RegistryServer } from './servers/registry.ts'
import type { Surroundings } from './servers/surroundings.ts'

/**
 * Real servers for as long as it is open: on free ports of 127.0.0.1, data in a throw-away folder. Each method fetches
 * what it needs if it is not there, starts the server and resolves when it answers.
 */
export class Ground {
  readonly folder: string
  readonly #watchdog: Watchdog
  readonly #surroundings: Surroundings
  readonly #servers: { kill(): Promise<void> }[] = []
  #certificates: Promise<Certificates> | null = null
  #closed = false

  constructor(folder: string, say: Say) {
    this.folder = folder
    this.#watchdog = new Watchdog(folder)
    this.#surroundings = { folder, watchdog: this.#watchdog, say, certificates: () => this.certificates() }
  }

  async kafka(options: KafkaOptions = {}): Promise<KafkaServer> {
    return this.#started(prepareKafka(this.#surroundings, options))
  }

  async registry(options: RegistryOptions = {}): Promise<RegistryServer> {
    return this.#started(prepareRegistry(this.#surroundings, options))
  }

  async mosquitto(options: MosquittoOptions = {}): Promise<MosquittoServer> {
    return this.#started(prepareMosquitto(this.#surroundings, options))
  }

  async artemis(options: ArtemisOptions = {}): Promise<ArtemisServer> {
    return this.#started(prepareArtemis(this.#surroundings, options))
  }

  async hivemq(options: HivemqOptions = {}): Promise<HivemqServer> {
    return this.#started(prepareHivemq(this.#surroundings, options))
  }

  async prometheus(options: PrometheusOptions): Promise<PrometheusServer> {
    return this.#started(preparePrometheus(this.#surroundings, options))
  }

  /** A Kubernetes without machines. Not fetched but compiled, which takes long: only where that was asked for. */
  async cluster(): Promise<Cluster> {
    return this.#started(prepareCluster(this.#surroundings))
  }

  /** The authority that signed the servers' certificates, made on first use. */
  certificates(): Promise<Certificates> {
    this.#certificates ??= Certificates.make(this.folder)
    return this.#certificates
  }

  /** Kills every server and removes the data. The same happens when this process ends, however it ends. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#servers.map((server) => server.kill()))
    await this.#watchdog.close()
  }

  async #started<S extends { start(): Promise<void>; kill(): Promise<void> }>(preparing: Promise<S>): Promise<S> {
    const server = await preparing
    if (this.#closed) throw new Error('the ground was closed meanwhile')
    this.#servers.push(server)
    await server.start()
    return server
  }
}

/** `say` gets a line about each step of fetching; to standard error by default. */
export async function openGround(say: Say = sayOnStderr): Promise<Ground> {
  return new Ground(await mkdtemp(join(tmpdir(), 'ground-')), say)
}
