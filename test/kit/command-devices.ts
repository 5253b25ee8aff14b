import { connect, type IPublishPacket, type MqttClient } from 'mqtt'
import { Latch, patienceMs } from './latch.ts'

export interface TakenCommand {
  readonly deviceSn: string
  readonly id: string
  readonly op: string
  readonly text: string
  readonly packet: IPublishPacket
  /** Epoch milliseconds. */
  readonly at: number
}

/** Devices behind one MQTT connection: they take commands, keep them in order, and answer when told to. */
export class CommandDevices {
  readonly taken: TakenCommand[] = []
  readonly client: MqttClient
  readonly #latch = new Latch()
  /** The answer to a command, published on `evt`; null answers nothing. */
  answer: (command: TakenCommand) => object | null = () => null

  /** `serials`: those that subscribe; none subscribes for all. It comes back by itself when the broker does. */
  static async connect(url: string, clientId: string, serials: readonly string[] = ['+']): Promise<CommandDevices> {
    const client = connect(url, {
      protocolVersion: 5,
      clientId,
      clean: false,
      properties: { sessionExpiryInterval: 600 },
      reconnectPeriod: 100,
      resubscribe: false,
    })
    const devices = new CommandDevices(client)
    const subscribe = () =>
      client.subscribeAsync(
        serials.map((sn) => `api/mqtt/v1/${sn}/cmd`),
        { qos: 1 },
      )
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject)
      client.on('connect', () => {
        subscribe().then(() => resolve(), reject)
      })
    })
    client.on('error', () => undefined)
    return devices
  }

  private constructor(client: MqttClient) {
    this.client = client
    client.on('message', (topic, payload, packet) => this.#take(topic, payload, packet))
  }

  of(deviceSn: string): TakenCommand[] {
    return this.taken.filter((command) => command.deviceSn === deviceSn)
  }

  async until(what: string, holds: () => boolean, timeoutMs = patienceMs): Promise<void> {
    await this.#latch.until(what, holds, timeoutMs)
  }

  /** Resolves with the first delivery of this command. */
  async takes(id: string, timeoutMs = patienceMs): Promise<TakenCommand> {
    const find = () => this.taken.find((command) => command.id === id)
    await this.until(`the device takes ${id}`, () => find() !== undefined, timeoutMs)
    return find() as TakenCommand
  }

  async say(deviceSn: string, leaf: string, body: object): Promise<void> {
    await this.client.publishAsync(`api/mqtt/v1/${deviceSn}/${leaf}`, JSON.stringify(body), { qos: 1 })
  }

  /** Takes its session with it, or the broker would go on saying that there is a subscriber. */
  async close(): Promise<void> {
    await this.client.endAsync(!this.client.connected, { properties: { sessionExpiryInterval: 0 } })
  }

  #take(topic: string, payload: Buffer, packet: IPublishPacket): void {
    const text = payload.toString()
    const { id, op } = JSON.parse(text) as { id: string; op: string }
    const command = { deviceSn: topic.split('/')[3] ?? '', id, op, text, packet, at: Date.now() }
    this.taken.push(command)
    const answer = this.answer(command)
    if (answer !== null) this.say(command.deviceSn, 'evt', answer).catch(() => undefined)
    this.#latch.look()
  }
}
