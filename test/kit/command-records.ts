import type { Consumer } from 'kafkajs'
import kafkajs from 'kafkajs'
import { installCodecs } from '../../src/kafka/codecs.ts'
import { codecOf } from '../../src/records/codec.ts'
import type { CommandStatus } from '../../src/records/generated/command-status.ts'
import { Latch, patienceMs } from './latch.ts'
import { kafkaOf } from './topic-reader.ts'

/** A command as an operator with a plain producer writes it. */
export interface PlainCommand {
  readonly deviceSn: string
  readonly op: string
  readonly commandId?: string
  readonly data?: unknown
  readonly sensitive?: boolean
  readonly ifOffline?: 'FAIL' | 'WAIT'
  readonly expiresAt?: number
  readonly correlationId?: string
}

/** Writes commands as JSON, keyed by serial, by the partitioner that all clients share. */
export async function produceCommands(
  brokers: readonly string[],
  topic: string,
  commands: readonly PlainCommand[],
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const messages = commands.map((command) => ({ key: command.deviceSn, value: JSON.stringify(command), headers }))
  await produceRaw(brokers, topic, messages)
}

export async function produceRaw(brokers: readonly string[], topic: string, messages: kafkajs.Message[]) {
  const producer = kafkaOf(brokers).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    await producer.send({ topic, messages })
  } finally {
    await producer.disconnect()
  }
}

/** Follows the status topic from its first record on and keeps all that is written there. */
export class StatusLog {
  /** By partition in the order of their offsets; over partitions as they came. */
  readonly all: CommandStatus[] = []
  readonly #places = new Set<string>()
  readonly #consumer: Consumer
  readonly #latch = new Latch()

  static async open(brokers: readonly string[], topic: string): Promise<StatusLog> {
    installCodecs()
    const consumer = kafkaOf(brokers).consumer({ groupId: `log-${topic}`, maxWaitTimeInMs: 20, sessionTimeout: 20_000 })
    const log = new StatusLog(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        for (const { value, offset } of messages) log.#take(`${partition}/${offset}`, value)
        log.#latch.look()
      },
    })
    return log
  }

  private constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  of(commandId: string): CommandStatus[] {
    return this.all.filter((status) => status.commandId === commandId)
  }

  /** Names of the statuses of a command, in order. */
  names(commandId: string): string[] {
    return this.of(commandId).map(({ status }) => status)
  }

  /** Resolves with the first record of this status of the command. */
  async until(commandId: string, status: string, timeoutMs = patienceMs): Promise<CommandStatus> {
    const find = () => this.of(commandId).find((each) => each.status === status)
    await this.holds(
      `${commandId} ${status}, not only ${this.names(commandId).join()}`,
      () => find() !== undefined,
      timeoutMs,
    )
    return find() as CommandStatus
  }

  async holds(what: string | (() => string), holds: () => boolean, timeoutMs = patienceMs): Promise<void> {
    await this.#latch.until(what, holds, timeoutMs)
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect()
  }

  /** Nothing is committed: a consumer that had to join its group again reads everything anew. */
  #take(place: string, value: Buffer | null): void {
    if (value === null || this.#places.has(place)) return
    this.#places.add(place)
    this.all.push(codecOf('CommandStatus').decode(value.subarray(5)))
  }
}
