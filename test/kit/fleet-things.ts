import { connect, type IPublishPacket, type MqttClient } from 'mqtt'
import { Latch, patienceMs } from './latch.ts'

export interface TakenPublication {
  readonly topic: string
  readonly json: Readonly<Record<string, unknown>>
  readonly packet: IPublishPacket
  /** Epoch milliseconds. */
  readonly at: number
}

/** Things behind one MQTT connection: they take what the bridge publishes, keep it in order, and speak when told to. */
export class FleetThings {
  readonly taken: TakenPublication[] = []
  readonly #client: MqttClient
  readonly #latch = new Latch()
  /** Called with every command request. */
  command: (thing: string, executionId: string) => void = () => undefined
  /** Called with everything that is taken, also what the things say themselves where topics are shared. */
  heard: (publication: TakenPublication) => void = () => undefined

  static async connect(url: string, clientId: string): Promise<FleetThings> {
    const client = connect(url, {
      protocolVersion: 5,
      clientId,
      clean: false,
      properties: { sessionExpiryInterval: 600, receiveMaximum: 500 },
      reconnectPeriod: 100,
    })
    const things = new FleetThings(client)
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject)
      client.once('connect', () => resolve())
    })
    client.on('error', () => undefined)
    await client.subscribeAsync(['$emqx/things/#', '$emqx/commands/things/#'], { qos: 1 })
    return things
  }

  private constructor(client: MqttClient) {
    this.#client = client
    client.on('message', (topic, payload, packet) => this.#take(topic, payload, packet))
  }

  /** What was taken on this topic of a thing; the things' own publications are among them where topics are shared. */
  on(thing: string, leaf: string): TakenPublication[] {
    return this.taken.filter(({ topic }) => topic === topicOf(thing, leaf))
  }

  /** Resolves with the first publication on this topic, from `from` on, that `holds`. */
  async takes(
    thing: string,
    leaf: string,
    holds: (json: Readonly<Record<string, unknown>>) => boolean = () => true,
    timeoutMs = patienceMs,
  ): Promise<TakenPublication> {
    const find = () => this.on(thing, leaf).find(({ json }) => holds(json))
    await this.#latch.until(`${thing} takes ${leaf}`, () => find() !== undefined, timeoutMs)
    return find() as TakenPublication
  }

  async until(what: string, holds: () => boolean, timeoutMs = patienceMs): Promise<void> {
    await this.#latch.until(what, holds, timeoutMs)
  }

  /** Resolves when the broker has taken it. */
  async say(thing: string, leaf: string, body: object): Promise<void> {
    await this.publish(topicOf(thing, leaf), body)
  }

  /** The same by the whole topic. */
  async publish(topic: string, body: object): Promise<void> {
    await this.#client.publishAsync(topic, JSON.stringify(body), { qos: 1 })
  }

  async report(thing: string, reported: object, more: object = {}): Promise<void> {
    await this.say(thing, 'shadow/update', { state: { reported }, ...more })
  }

  async respond(thing: string, executionId: string, body: object): Promise<void> {
    const topic = `$emqx/commands/things/${thing}/executions/${executionId}/response`
    await this.#client.publishAsync(topic, JSON.stringify(body), { qos: 1 })
  }

  /** Takes its session with it, or the broker would go on saying that there is a subscriber. */
  async close(): Promise<void> {
    await this.#client.endAsync(!this.#client.connected, { properties: { sessionExpiryInterval: 0 } })
  }

  #take(topic: string, payload: Buffer, packet: IPublishPacket): void {
    const json = JSON.parse(payload.toString()) as Record<string, unknown>
    const publication = { topic, json, packet, at: Date.now() }
    this.taken.push(publication)
    this.heard(publication)
    const [, , , thing = '', , executionId = '', leaf] = topic.split('/')
    if (topic.startsWith('$emqx/commands/') && leaf === 'request') this.command(thing, executionId)
    this.#latch.look()
  }
}

function topicOf(thing: string, leaf: string): string {
  return leaf.startsWith('executions/') ? `$emqx/commands/things/${thing}/${leaf}` : `$emqx/things/${thing}/${leaf}`
}
