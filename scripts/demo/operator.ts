import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { idPrefix } from './command-answer.ts'
import type { CommandTally } from './command-tally.ts'
import type { Ledger } from './ledger.ts'
import { commandOutcome } from './message.ts'
import { type Order, orderNumber } from './orders.ts'
import type { DeviceProfile } from './roster.ts'

const topic = 'cams.command.v1'

/** Somebody who sends commands with an ordinary Kafka client, and counts on what Kafka has acknowledged to them. */
export class Operator {
  readonly #producer: Producer
  readonly #roster: readonly DeviceProfile[]
  readonly #ledger: Ledger
  readonly #tally: CommandTally
  readonly #everyMs: number
  readonly #runId = `${idPrefix}${Date.now().toString(36)}`
  readonly #underWay = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #count = 0
  /** Why Kafka did not take a command, at last. */
  failure: string | null = null

  constructor(
    brokers: readonly string[],
    roster: readonly DeviceProfile[],
    ledger: Ledger,
    tally: CommandTally,
    commandsPerSecond: number,
  ) {
    const kafka = new Kafka({ clientId: 'demo-operator', brokers: [...brokers], logLevel: logLevel.NOTHING })
    // Java's partitioner: the bridge looks for a device's commands where Java puts its key.
    this.#producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    this.#roster = roster
    this.#ledger = ledger
    this.#tally = tally
    this.#everyMs = 1000 / commandsPerSecond
  }

  async open(): Promise<void> {
    await this.#producer.connect()
  }

  start(): void {
    this.#timer = setInterval(() => {
      const sending = this.#send()
      this.#underWay.add(sending)
      void sending.finally(() => this.#underWay.delete(sending))
    }, this.#everyMs)
  }

  /** Sends no more; resolves when Kafka has answered for what was sent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
    await this.#producer.disconnect()
  }

  async #send(): Promise<void> {
    const now = Date.now()
    const { deviceSn } = this.#roster[Math.floor(Math.random() * this.#roster.length)]!
    const order: Order = orderNumber(this.#count, this.#runId, deviceSn, now)
    this.#count += 1
    const outcome = commandOutcome(order.deviceSn, order.commandId)
    // Its first status may be read before Kafka's answer is.
    this.#ledger.expecting(outcome, now)
    this.#tally.asked(order.deviceSn, order.commandId, now)
    try {
      await this.#producer.send({ topic, messages: [{ key: order.deviceSn, value: JSON.stringify(order) }] })
      this.#ledger.owed(outcome, Date.now())
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error)
    }
  }
}
