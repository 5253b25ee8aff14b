import { setTimeout as pause } from 'node:timers/promises'
import { DeviceClient } from '../../test/kit/device-client.ts'
import { evt } from '../../test/kit/ingest-worker.ts'
import { Latch } from '../../test/kit/latch.ts'
import { makePunch, type Punch } from './punch.ts'

/** What the broker said to the device about one punch. Times are epoch milliseconds. */
export interface SentPunch {
  readonly punch: Punch
  readonly sentAt: number
  acknowledgedAt: number | null
  /** Times that the device sent it again: the broker had nobody to give it to (0x10), or went without an answer. */
  again: number
}

const tickMs = 20
const devices = 24

/**
 * Devices that punch at a steady rate, straight to the broker. A punch counts from the moment the broker has
 * acknowledged it with 0x00; the device sends it again when the broker had no subscriber for it.
 */
export class PunchFlow {
  readonly sent = new Map<string, SentPunch>()
  readonly #device: DeviceClient
  readonly #perSecond: number
  readonly #acknowledged: (id: string) => void
  readonly #latch = new Latch()
  #next = 1
  #open = 0
  #closed = false
  #failure = 'none refused'
  #timer: NodeJS.Timeout | undefined

  static async open(
    url: string,
    clientId: string,
    perSecond: number,
    acknowledged: (id: string) => void,
  ): Promise<PunchFlow> {
    // It outlives a broker that dies: MQTT.js keeps what was not acknowledged and sends it again.
    const mqtt = { reconnectPeriod: 100, clean: false, properties: { sessionExpiryInterval: 600 } }
    const device = await DeviceClient.connect({ url, clientId, inFlight: 500, mqtt })
    return new PunchFlow(device, perSecond, acknowledged)
  }

  private constructor(device: DeviceClient, perSecond: number, acknowledged: (id: string) => void) {
    this.#device = device
    this.#perSecond = perSecond
    this.#acknowledged = acknowledged
  }

  start(): void {
    let owed = 0
    let at = performance.now()
    this.#timer = setInterval(() => {
      const now = performance.now()
      // A harness that could not run for a while does not make up for it in one burst.
      owed += (Math.min(now - at, 200) * this.#perSecond) / 1000
      at = now
      for (; owed >= 1; owed -= 1) this.send(makePunch(...this.place()))
    }, tickMs)
  }

  /** The number of the next punch and the device it belongs to. */
  place(): [number, string] {
    const number = this.#next
    this.#next += 1
    return [number, `FAULT${number % devices}`]
  }

  /** One message with one punch. */
  send(punch: Punch): void {
    this.sendBatch([punch], punch.payload)
  }

  /** One message with several punches of one device; `payload` holds them all. */
  sendBatch(punches: readonly Punch[], payload: string): void {
    const sents = punches.map((punch): SentPunch => ({ punch, sentAt: Date.now(), acknowledgedAt: null, again: 0 }))
    for (const sent of sents) this.sent.set(sent.punch.id, sent)
    this.#open += 1
    this.#publish(sents, payload).then(
      () => {
        this.#open -= 1
        this.#latch.look()
      },
      // It stays open then: `stop` tells.
      (error: unknown) => {
        this.#failure = String(error)
      },
    )
  }

  /** No more punches. Resolves when the broker has acknowledged every one. */
  async stop(timeoutMs: number): Promise<void> {
    clearInterval(this.#timer)
    await this.#latch.until(`the broker acknowledges every punch (${this.#failure})`, () => this.#open === 0, timeoutMs)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#device.client.endAsync(true)
  }

  async #publish(sents: readonly SentPunch[], payload: string): Promise<void> {
    const topic = evt(sents[0]?.punch.deviceSn ?? '')
    while (!this.#closed) {
      // A connection that closes before the PUBACK has said nothing: a device sends again then.
      const said = await this.#device.publish(topic, payload).catch(() => null)
      if (said === null || said.reasonCode === 0x10) {
        for (const sent of sents) sent.again += 1
        await pause(100)
        continue
      }
      if (said.reasonCode !== 0) throw new Error(`the broker refused ${topic} with ${said.reasonCode}`)
      for (const sent of sents) {
        sent.acknowledgedAt = said.acknowledgedAt
        this.#acknowledged(sent.punch.id)
      }
      return
    }
  }
}
