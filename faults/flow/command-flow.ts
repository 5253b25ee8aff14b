import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs, { type Producer } from 'kafkajs'
import type { TakenCommand } from '../../test/kit/command-devices.ts'
import type { PlainCommand } from '../../test/kit/command-records.ts'
import { kafkaOf } from '../../test/kit/topic-reader.ts'

/** The devices that take commands. */
export const commandDevices: readonly string[] = Array.from({ length: 12 }, (_, i) => `FAULT${i}`)

const batchMs = 200
/** Longer than any jump of a clock: what a wrong clock says about an expiry is wrong, and nothing can mend that. */
const lifeMs = 24 * 3_600_000

function checkOf(deviceSn: string, id: string): string {
  return createHash('sha256').update(`${deviceSn}|${id}`).digest('hex').slice(0, 12)
}

/** Whether a device got what was asked for. */
export function isSoundCommand({ deviceSn, id, text }: TakenCommand): boolean {
  const { data } = JSON.parse(text) as { readonly data?: { readonly check?: unknown } }
  return data?.check === checkOf(deviceSn, id)
}

/** An operator who produces commands at a steady rate and tries each batch again until Kafka has taken it. */
export class CommandFlow {
  /** Commands that Kafka has taken, in their order. */
  readonly produced: PlainCommand[] = []
  readonly #producer: Producer
  readonly #topic: string
  readonly #perSecond: number
  #next = 1
  #going = false
  #closed = false
  #round: Promise<void> = Promise.resolve()

  static async open(brokers: readonly string[], topic: string, perSecond: number): Promise<CommandFlow> {
    const createPartitioner = kafkajs.Partitioners.DefaultPartitioner
    // Patience is ours: kafkajs waits up to half a minute between its own attempts.
    const retry = { initialRetryTime: 50, maxRetryTime: 300, retries: 3 }
    const producer = kafkaOf(brokers).producer({ createPartitioner, retry })
    await producer.connect()
    return new CommandFlow(producer, topic, perSecond)
  }

  private constructor(producer: Producer, topic: string, perSecond: number) {
    this.#producer = producer
    this.#topic = topic
    this.#perSecond = perSecond
  }

  start(): void {
    this.#going = true
    this.#round = this.#run()
  }

  /** No more commands. Resolves when Kafka has the last ones. */
  async stop(): Promise<void> {
    this.#going = false
    await this.#round
  }

  async close(): Promise<void> {
    this.#going = false
    this.#closed = true
    await this.#producer.disconnect().catch(() => undefined)
    await this.#round
  }

  async #run(): Promise<void> {
    while (this.#going) {
      const commands = Array.from({ length: Math.ceil((this.#perSecond * batchMs) / 1000) }, () => this.#command())
      const messages = commands.map((command) => ({ key: command.deviceSn, value: JSON.stringify(command) }))
      while (!this.#closed) {
        try {
          await this.#producer.send({ topic: this.#topic, messages })
          this.produced.push(...commands)
          break
        } catch {
          await pause(batchMs)
        }
      }
      await pause(batchMs)
    }
  }

  #command(): PlainCommand {
    const number = this.#next
    this.#next += 1
    const deviceSn = commandDevices[number % commandDevices.length] ?? ''
    const commandId = `c${number}`
    const data = { check: checkOf(deviceSn, commandId) }
    return { deviceSn, commandId, op: 'ping', data, expiresAt: Date.now() + lifeMs }
  }
}
