import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import { codecOf } from '../../src/records/codec.ts'
import { WIRE_HEADER_BYTES } from '../../src/records/wire.ts'
import { FaultProxy } from '../../test/kit/fault-proxy.ts'
import type { CommandProducer } from '../load/commands.ts'
import { MeasuredBridge } from './bridge.ts'
import { CommandSink } from './command-sink.ts'
import { saidReady } from './controls.ts'
import type { Contender, Measured } from './measured.ts'
import { compiled, type Stage } from './stage.ts'

/** A program that takes commands from Kafka to the broker. Each start has a topic of its own, which holds no history. */
export interface Commander<M extends Measured = Measured> extends Contender<M> {
  /** Of the program that was started last. */
  readonly topic: string
  /** All devices, at the broker of the program that was started last. */
  readonly sink: CommandSink
  /** Whether it is a control: one that failed by itself is measured again. */
  readonly isControl: boolean
  /** Says whether so many commands came to their devices, each once. */
  fault(commands: number): string | null
  /** Of a program that was stopped: milliseconds from Kafka's append to the PUBACK, in the order of the PUBACKs. */
  agesMs(measured: M, count: number): Promise<readonly number[]>
}

abstract class CommanderBase {
  protected readonly stage: Stage
  readonly #producer: CommandProducer
  readonly #partitions: number
  readonly #prefix: string
  readonly #linkMs: number
  #starts = 0
  #sink: CommandSink | null = null
  #link: FaultProxy | null = null

  /** `linkMs`: how long bytes to the broker are on their way, and bytes from it; 0: no proxy in between. */
  constructor(stage: Stage, producer: CommandProducer, partitions: number, name: string, linkMs: number) {
    this.stage = stage
    this.#producer = producer
    this.#partitions = partitions
    this.#prefix = `${name}-${linkMs}`
    this.#linkMs = linkMs
  }

  get base(): string {
    return `bench.${this.#prefix}-${this.#starts}`
  }

  get topic(): string {
    return `${this.base}.command`
  }

  get sink(): CommandSink {
    if (this.#sink === null) throw new Error('nothing was started yet')
    return this.#sink
  }

  async load(_broker: MosquittoServer, from: number, count: number): Promise<void> {
    await this.#producer.send(this.topic, from, count)
  }

  async backlog(
    _measured: Measured,
    _broker: MosquittoServer,
    from: number,
    count: number,
  ): Promise<() => Promise<void>> {
    return this.#producer.sendHidden(this.topic, from, count)
  }

  /** Topics of their own, made, devices at the broker, and the link to it. Resolves with the address of the link. */
  protected async prepare(broker: MosquittoServer, leaves: readonly string[]): Promise<string> {
    this.#starts += 1
    for (const leaf of leaves) {
      await this.stage.stored.createTopic(`${this.base}.${leaf}`, this.#partitions)
      // Waits for the leaders.
      await this.stage.stored.count(`${this.base}.${leaf}`)
    }
    this.#sink?.close()
    this.#sink = await CommandSink.open(broker.port)
    await this.#link?.close()
    this.#link = null
    if (this.#linkMs === 0) return broker.url
    this.#link = await FaultProxy.start(broker.port)
    this.#link.slow({ delayMs: this.#linkMs })
    return `mqtt://127.0.0.1:${this.#link.port}`
  }

  fault(commands: number): string | null {
    const { different, repeated } = this.sink
    if (different === commands && repeated === 0) return null
    return `${this.#prefix}: devices got ${different} of ${commands} commands, and ${repeated} twice`
  }

  async close(): Promise<void> {
    this.#sink?.close()
    await this.#link?.close()
  }
}

/** The real thing: `bridge run --role command` with the default settings. */
export class CommandBridge extends CommanderBase implements Commander<MeasuredBridge> {
  readonly name = 'bridge'
  readonly isControl = false
  readonly #nodeOptions: readonly string[]

  /** `nodeOptions`: for the node that runs it. */
  constructor(
    stage: Stage,
    producer: CommandProducer,
    partitions: number,
    linkMs: number,
    nodeOptions: readonly string[] = [],
  ) {
    super(stage, producer, partitions, 'bridge', linkMs)
    this.#nodeOptions = nodeOptions
  }

  async start(broker: MosquittoServer): Promise<MeasuredBridge> {
    const url = await this.prepare(broker, ['command', 'status'])
    const { base, topic, stage } = this
    const set = {
      'mqtt.url': url,
      'kafka.topics.command': topic,
      'kafka.topics.commandStatus': `${base}.status`,
      'kafka.groupPrefix': base,
    }
    // Done is a command whose ACCEPTED and PUBLISHED Kafka has stored.
    const count = async (): Promise<number> => Math.floor((await stage.stored.count(`${base}.status`)) / 2)
    return MeasuredBridge.start(stage, 'command', set, this.#nodeOptions, count)
  }

  async ready(measured: MeasuredBridge): Promise<void> {
    await measured.process.until('ready', () => measured.isReady())
  }

  /** By the PUBLISHED statuses, whose time is that of the PUBACK. */
  async agesMs(_measured: MeasuredBridge, count: number): Promise<readonly number[]> {
    const { stored } = this.stage
    const asked = await stored.after(this.topic, await fromTheStart(this.stage, this.topic), count)
    const idOf = (value: Buffer): string => (JSON.parse(String(value)) as { commandId: string }).commandId
    const appendedAt = new Map(asked.map((record) => [idOf(record.value), record.appendedAt]))
    const topic = `${this.base}.status`
    const statuses = await stored.after(topic, await fromTheStart(this.stage, topic), 2 * count)
    return statuses
      .map(({ value }) => codecOf('CommandStatus').decode(value.subarray(WIRE_HEADER_BYTES)))
      .filter(({ status }) => status === 'PUBLISHED')
      .sort((one, other) => one.statusTime - other.statusTime)
      .map(({ commandId, statusTime }) => statusTime - (appendedAt.get(commandId) ?? Number.NaN))
  }
}

/** See controls/one-by-one.ts. */
export class OneByOne extends CommanderBase implements Commander {
  readonly name = 'one by one'
  readonly isControl = true
  readonly ready = saidReady

  constructor(stage: Stage, producer: CommandProducer, partitions: number, linkMs: number) {
    super(stage, producer, partitions, 'one-by-one', linkMs)
  }

  async start(broker: MosquittoServer): Promise<Measured> {
    const url = await this.prepare(broker, ['command'])
    const args = [compiled('controls/one-by-one.js'), url, this.stage.kafka.brokers[0] ?? '', this.topic]
    const process = await this.stage.start('one-by-one', args)
    // By itself it counts again what it takes again after its group has lost it.
    return { process, count: () => Promise.resolve(this.sink.different) }
  }

  async agesMs({ process }: Measured): Promise<readonly number[]> {
    const line = process
      .log()
      .split('\n')
      .find((each) => each.startsWith('['))
    return Promise.resolve(JSON.parse(line ?? '[]') as number[])
  }
}

async function fromTheStart({ stored }: Stage, topic: string): Promise<ReadonlyMap<number, string>> {
  return new Map([...(await stored.ends(topic)).keys()].map((partition) => [partition, '0']))
}
