import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Settings } from '../../src/config/settings.ts'
import { type Measured, PunchTaker } from './measured.ts'
import { compiled, type Stage } from './stage.ts'

export async function saidReady({ process }: Measured): Promise<void> {
  await process.until('ready', () => /^ready$/m.test(process.log()))
}

/** See controls/sixty-line-bridge.ts. */
export class SixtyLineBridge extends PunchTaker {
  readonly name = 'sixty-line bridge'
  readonly topic = 'bench.sixty-line'
  readonly ready = saidReady

  async start(broker: MosquittoServer): Promise<Measured> {
    const { stored, kafka } = this.stage
    const base = await stored.count(this.topic)
    const process = await this.stage.start('sixty-line', [
      compiled('controls/sixty-line-bridge.js'),
      broker.url,
      kafka.brokers[0] ?? '',
      this.topic,
    ])
    return { process, count: async () => (await stored.count(this.topic)) - base }
  }
}

/** See controls/receive-only.ts. */
export class ReceiveOnly extends PunchTaker {
  readonly name = 'MQTT.js receiving alone'
  readonly ready = saidReady
  readonly #settings: Settings

  constructor(stage: Stage, settings: Settings) {
    super(stage)
    this.#settings = settings
  }

  async start(broker: MosquittoServer): Promise<Measured> {
    const { connections, receiveMaximum } = this.#settings.mqtt
    const process = await this.stage.start('receive-only', [
      compiled('controls/receive-only.js'),
      broker.url,
      String(connections),
      String(receiveMaximum),
    ])
    return { process, count: () => process.ask() }
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
