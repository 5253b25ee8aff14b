import { setTimeout as pause } from 'node:timers/promises'
import { Kafka, logLevel, type Message, Partitioners, type Producer, type Sender } from 'kafkajs'
import { deviceCount, serialOf } from './punches.ts'

/** Bytes of the value of every command. */
export const commandBytes = 200

/** Command number `n`, for device `n` modulo their count, as an operator with a plain producer writes it. */
function commandOf(n: number): Message {
  const deviceSn = serialOf(n % deviceCount)
  const data = { user_id: String(100_000 + n), name: '', privilege: 0, card: String(4_000_000 + n) }
  const text = JSON.stringify({ deviceSn, commandId: String(n), op: 'sync_user', data })
  const name = 'n'.repeat(commandBytes - text.length)
  return { key: deviceSn, value: text.replace('"name":""', `"name":"${name}"`) }
}

/** Whoever asks for commands: producers of its own. */
export class CommandProducer {
  readonly #kafka: Kafka
  readonly #producer: Producer

  static async connect(brokers: readonly string[]): Promise<CommandProducer> {
    // The first transaction of a new Kafka is always told to ask again. What fails for good is thrown.
    const kafka = new Kafka({ clientId: 'bench-load', brokers: [...brokers], logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    return new CommandProducer(kafka, producer)
  }

  private constructor(kafka: Kafka, producer: Producer) {
    this.#kafka = kafka
    this.#producer = producer
  }

  /** Sends commands number `from` and on; resolves when Kafka has all of them. */
  async send(topic: string, from: number, count: number): Promise<void> {
    await sendInParts(this.#producer, topic, from, count)
  }

  /**
   * Sends commands in a transaction, which consumers see nothing of before it is committed. Resolves when Kafka has all
   * of them, to what commits it.
   */
  async sendHidden(topic: string, from: number, count: number): Promise<() => Promise<void>> {
    const producer = this.#kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: `${topic}-backlog`,
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await sendInParts(transaction, topic, from, count)
    return async () => {
      await transaction.commit()
      await producer.disconnect()
    }
  }

  /** Sends `count` commands from number 0 on, as each becomes due. */
  async sendAtRate(topic: string, count: number, perSecond: number): Promise<void> {
    const began = performance.now()
    for (let n = 0; n < count; ) {
      const due = Math.min(count, Math.floor(((performance.now() - began) * perSecond) / 1000))
      if (due > n) await this.send(topic, n, due - n)
      n = Math.max(n, due)
      await pause(1)
    }
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
  }
}

async function sendInParts(sender: Sender, topic: string, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n += 5000) {
    const size = Math.min(5000, from + count - n)
    await sender.send({ topic, acks: -1, messages: Array.from({ length: size }, (_, i) => commandOf(n + i)) })
  }
}
