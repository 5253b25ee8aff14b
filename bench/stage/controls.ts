import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Settings } from '../../src/config/settings.ts'
import { type Contender, frozenBacklog, type Measured } from './measured.ts'
import { compiled, type Stage } from './stage.ts'

export async function saidReady({ process }: Measured): Promise<void> {
  await process.until('ready', () => /^ready$/m.test(process.log()))
}

/** See controls/sixty-line-bridge.ts. */
export class SixtyLineBridge implements Contender {
  readonly name = 'sixty-line bridge'
  readonly topic = 'bench.sixty-line'
  readonly ready = saidReady
  readonly #stage: Stage

  constructor(stage: Stage) {
    this.#stage = stage
  }

  async start(broker: MosquittoServer): Promise<Measured> {
    const { stored, kafka } = this.#stage
    const base = await stored.count(this.topic)
    const process = await this.#stage.start('sixty-line', [
      compiled('controls/sixty-line-bridge.js'),
      broker.url,
      kafka.brokers[0] ?? '',
      this.topic,
    ])
    return { process, count: async () => (await stored.count(this.topic)) - base }
  }

  async load(broker: MosquittoServer, from: number, count: number): Promise<void> {
    await this.#stage.load(broker, { count, from })
  }

  async backlog(
    measured: Measured,
    broker: MosquittoServer,
    from: number,
    count: number,
  ): Promise<() => Promise<void>> {
    return frozenBacklog(measured, () => this.load(broker, from, count))
  }
}

/** See controls/receive-only.ts. */
export class ReceiveOnly implements Contender {
  readonly name = 'MQTT.js receiving alone'
  readonly ready = saidReady
  readonly #stage: Stage
  readonly #settings: Settings

  constructor(stage: Stage, settings: Settings) {
    this.#stage = stage
    this.#settings = settings
  }

  async start(broker: MosquittoServer): Promise<Measured> {
    const { connections, receiveMaximum } = this.#settings.mqtt
    const process = await this.#stage.start('receive-only', [
      compiled('controls/receive-only.js'),
      broker.url,
      String(connections),
      String(receiveMaximum),
    ])
    return { process, count: () => process.ask() }
  }

  async load(broker: MosquittoServer, from: number, count: number): Promise<void> {
    await this.#stage.load(broker, { count, from })
  }

  async backlog(
    measured: Measured,
    broker: MosquittoServer,
    from: number,
    count: number,
  ): Promise<() => Promise<void>> {
    return frozenBacklog(measured, () => this.load(broker, from, count))
  }
}

/** See controls/produce-only.ts. It needs no broker. */
export class ProduceOnly {
  readonly name = 'kafkajs producing alone'
  readonly topic = 'bench.produce-only'
  readonly #stage: Stage
  readonly #settings: Settings

  constructor(stage: Stage, settings: Settings) {
    this.#stage = stage
    this.#settings = settings
  }

  /** Ready to send these [key, value] over and over in batches of `batch`: `counts` of them, each time it is told. */
  async start(
    records: readonly (readonly [string, Buffer])[],
    batch: number,
    counts: readonly number[],
  ): Promise<Measured> {
    const { stored, kafka, ground } = this.#stage
    const path = join(ground.folder, 'records.json')
    await writeFile(path, JSON.stringify(records.map(([key, value]) => [key, value.toString('base64')])))
    const base = await stored.count(this.topic)
    const { compression, idempotent } = this.#settings.kafka
    const order = { broker: kafka.brokers[0], topic: this.topic, compression, idempotent, batch, counts, records: path }
    const process = await this.#stage.start('produce-only', [
      compiled('controls/produce-only.js'),
      JSON.stringify(order),
    ])
    const measured = { process, count: async () => (await stored.count(this.topic)) - base }
    await saidReady(measured)
    return measured
  }
}
