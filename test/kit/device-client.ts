import { connect, type IClientOptions, type IClientPublishOptions, type MqttClient } from 'mqtt'

export interface DeviceOptions {
  readonly url: string
  readonly clientId: string
  /** QoS 1 messages under way; the broker's Receive Maximum lowers it. 20 by default. */
  readonly inFlight?: number
  /** Anything else MQTT.js takes. Reconnects are off unless `reconnectPeriod` says otherwise. */
  readonly mqtt?: IClientOptions
}

/** What the broker acknowledged. */
export interface Acknowledged {
  readonly topic: string
  readonly payload: string | Buffer
  /** 0x10 is "no subscriber"; 0x80 and above a refusal. */
  readonly reasonCode: number
  /** Epoch milliseconds with fractions: handed to MQTT.js, and its PUBACK. */
  readonly sentAt: number
  readonly acknowledgedAt: number
}

interface Waiting {
  readonly topic: string
  readonly payload: string | Buffer
  readonly options: IClientPublishOptions
  readonly resolve: (acknowledged: Acknowledged) => void
  readonly reject: (error: Error) => void
}

/** A device: publishes with QoS 1, never more at once than the broker allows, and remembers what it acknowledged. */
export class DeviceClient {
  /** In the order of their acknowledgements. */
  readonly acknowledged: Acknowledged[] = []
  readonly #client: MqttClient
  readonly #queue: Waiting[] = []
  readonly #underWay = new Set<Waiting>()
  #window = 0
  #reasonCode = 0

  static async connect(options: DeviceOptions): Promise<DeviceClient> {
    const defaults = {
      protocolVersion: 5,
      clientId: options.clientId,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
    } as const
    const client = connect(options.url, { ...defaults, ...options.mqtt })
    const device = new DeviceClient(client, options.inFlight ?? 20)
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error) => {
        client.end(true)
        reject(error)
      }
      client.once('error', refused)
      client.once('connect', () => {
        // A later failure is for the reconnect to mend.
        client.off('error', refused)
        resolve()
      })
      client.once('close', () => {
        if (client.options.reconnectPeriod === 0) reject(new Error(`${options.clientId}: closed without a CONNACK`))
      })
    })
    return device
  }

  private constructor(client: MqttClient, limit: number) {
    this.#client = client
    client.on('connect', (connack) => {
      this.#window = Math.min(limit, connack.properties?.receiveMaximum ?? 65_535)
      this.#pump()
    })
    // MQTT.js tells the reason of a refusal but not 0x10: it is read here, just before the callback.
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback') this.#reasonCode = packet.reasonCode ?? 0
    })
    client.on('error', () => {})
    client.on('close', () => {
      if (client.options.reconnectPeriod === 0) this.#failAll(new Error('the connection is closed'))
    })
  }

  /** The underlying client, to subscribe or to look at. */
  get client(): MqttClient {
    return this.#client
  }

  /** Resolves with the PUBACK, a refusal included. Rejects when the connection ends first and there is no reconnect. */
  publish(topic: string, payload: string | Buffer, options: IClientPublishOptions = {}): Promise<Acknowledged> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ topic, payload, options, resolve, reject })
      this.#pump()
    })
  }

  /** Says goodbye with DISCONNECT. Wait for your publishes first. */
  async end(): Promise<void> {
    await this.#client.endAsync()
  }

  /** Drops the TCP connection without a word: the broker sends the will. */
  drop(): void {
    this.#client.stream.destroy()
  }

  #pump(): void {
    while (this.#underWay.size < this.#window) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#send(next)
    }
  }

  #send(waiting: Waiting): void {
    const sentAt = performance.timeOrigin + performance.now()
    this.#underWay.add(waiting)
    this.#client.publish(waiting.topic, waiting.payload, { qos: 1, ...waiting.options }, (error) => {
      if (!this.#underWay.delete(waiting)) return
      const refusal = error === undefined || error === null ? null : reasonOf(error)
      if (refusal === null && error instanceof Error) {
        waiting.reject(error)
      } else {
        const { topic, payload } = waiting
        const acknowledgedAt = performance.timeOrigin + performance.now()
        const entry = { topic, payload, reasonCode: refusal ?? this.#reasonCode, sentAt, acknowledgedAt }
        this.acknowledged.push(entry)
        waiting.resolve(entry)
      }
      this.#pump()
    })
  }

  #failAll(error: Error): void {
    const lost = [...this.#underWay, ...this.#queue]
    this.#underWay.clear()
    this.#queue.length = 0
    for (const waiting of lost) waiting.reject(error)
  }
}

function reasonOf(error: Error): number | null {
  const code = (error as { code?: unknown }).code
  return typeof code === 'number' ? code : null
}
