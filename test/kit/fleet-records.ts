import type { Consumer, Message } from 'kafkajs'
import { installCodecs } from '../../src/kafka/codecs.ts'
import { type ChannelName, catalogue } from '../../src/records/catalogue.ts'
import { codecOf } from '../../src/records/codec.ts'
import { type SchemaName, schemaTexts } from '../../src/records/generated/schemas.ts'
import { fromPlain } from '../../src/records/plain.ts'
import { produceRaw } from './command-records.ts'
import type { FleetNames } from './fleet-names.ts'
import { Latch, patienceMs } from './latch.ts'
import { kafkaOf } from './topic-reader.ts'

type Members = Readonly<Record<string, unknown>>

/** Writes what operators write, by the partitioner that all clients share. */
export class FleetOperator {
  readonly #brokers: readonly string[]
  readonly #registryUrl: string
  readonly #names: FleetNames
  readonly #ids = new Map<ChannelName, Promise<number>>()
  /** Ids of all requests so far. */
  readonly requestIds: string[] = []

  constructor(brokers: readonly string[], registryUrl: string, names: FleetNames) {
    this.#brokers = brokers
    this.#registryUrl = registryUrl
    this.#names = names
  }

  async register(...things: readonly string[]): Promise<void> {
    const records = things.map((thing) => [thing, { thingName: thing, mqttClientId: thing }] as const)
    await this.write('thingRegistry', records)
  }

  /** The key is the thing's name, or the job's id for requests that speak of a job. */
  async ask(channel: 'shadowRequests' | 'commandRequests' | 'jobRequests', ...requests: Members[]): Promise<void> {
    const key = channel === 'jobRequests' ? 'jobId' : 'thingName'
    this.requestIds.push(...requests.map((request) => String(request['requestId'])))
    await this.write(
      channel,
      requests.map((request) => [String(request[key]), request]),
    )
  }

  async setDesired(thingName: string, requestId: string, desired: object): Promise<void> {
    const desiredJson = JSON.stringify(desired)
    await this.ask('shadowRequests', { op: 'SET_DESIRED', requestId, thingName, desiredJson })
  }

  async command(thingName: string, requestId: string, more: Members = {}): Promise<void> {
    await this.ask('commandRequests', { op: 'SEND_COMMAND', requestId, thingName, action: 'reboot', ...more })
  }

  async write(channel: ChannelName, records: readonly (readonly [string, Members | null])[]): Promise<void> {
    await produceRaw(this.#brokers, this.#names.topic(channel), await this.messages(channel, records))
  }

  /** What `write` would write. */
  async messages(channel: ChannelName, records: readonly (readonly [string, Members | null])[]): Promise<Message[]> {
    const { schema } = catalogue[channel]
    if (schema === null) throw new Error(`${channel} has no schema`)
    const id = await this.#schemaId(channel, schema)
    return records.map(([key, value]) => ({ key, value: value === null ? null : framed(id, schema, value) }))
  }

  async #schemaId(channel: ChannelName, schema: SchemaName): Promise<number> {
    const known = this.#ids.get(channel) ?? this.#register(channel, schema)
    this.#ids.set(channel, known)
    return known
  }

  async #register(channel: ChannelName, schema: SchemaName): Promise<number> {
    const subject = encodeURIComponent(`${this.#names.topic(channel)}-value`)
    const response = await fetch(`${this.#registryUrl}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      // A schema that holds the text "{}" is not recognised by the registry; its escape means the same.
      body: JSON.stringify({ schema: schemaTexts[schema].replaceAll('"{}"', '"\\u007b\\u007d"') }),
    })
    const body = (await response.json()) as { id?: number }
    if (body.id === undefined) throw new Error(`the registry says ${response.status} ${JSON.stringify(body)}`)
    return body.id
  }
}

function framed(id: number, schema: SchemaName, plain: Members): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, codecOf(schema).encode(fromPlain(schema, plain) as never)])
}

export interface FleetRecord {
  readonly channel: ChannelName
  readonly place: string
  readonly key: string
  readonly value: Members | null
}

const watched: readonly ChannelName[] = [
  'results',
  'shadowState',
  'shadowChanges',
  'commandExecutions',
  'jobExecutions',
  'jobState',
  'jobProgress',
  'fleetEvents',
  'fleetDeadLetter',
  'mqttOutbox',
]

/** Follows what the bridge writes as any consumer that reads committed records only. */
export class FleetLog {
  /** By partition in the order of their offsets; over partitions as they came. */
  readonly all: FleetRecord[] = []
  readonly #places = new Set<string>()
  readonly #consumer: Consumer
  readonly #latch = new Latch()

  /** `more`: channels to follow beside those that tell what the bridge decided. */
  static async open(
    brokers: readonly string[],
    names: FleetNames,
    more: readonly ChannelName[] = [],
  ): Promise<FleetLog> {
    installCodecs()
    const consumer = kafkaOf(brokers).consumer({
      groupId: `log-${names.name}`,
      maxWaitTimeInMs: 20,
      sessionTimeout: 20_000,
    })
    const log = new FleetLog(consumer)
    const channels = new Map([...watched, ...more].map((channel) => [names.topic(channel), channel]))
    await consumer.connect()
    await consumer.subscribe({ topics: [...channels.keys()], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        const channel = channels.get(topic)
        if (channel === undefined) return
        for (const { key, value, offset } of messages) log.#take(channel, `${topic}/${partition}/${offset}`, key, value)
        log.#latch.look()
      },
    })
    return log
  }

  private constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  /** The values on a channel that have all of these members, a tombstone as null when there are none. */
  of(channel: ChannelName, members: Members = {}): Members[] {
    return this.all.flatMap(({ channel: on, value }) =>
      on === channel && value !== null && has(value, members) ? [value] : [],
    )
  }

  async until(channel: ChannelName, members: Members, timeoutMs = patienceMs): Promise<Members> {
    const what = `${channel} ${JSON.stringify(members)}`
    await this.holds(what, () => this.of(channel, members).length > 0, timeoutMs)
    return this.of(channel, members)[0] as Members
  }

  async holds(what: string, holds: () => boolean, timeoutMs = patienceMs): Promise<void> {
    await this.#latch.until(what, holds, timeoutMs)
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect()
  }

  #take(channel: ChannelName, place: string, key: Buffer | null, value: Buffer | null): void {
    if (this.#places.has(place)) return
    this.#places.add(place)
    const { schema } = catalogue[channel]
    if (schema === null) return
    const read = value === null ? null : (codecOf(schema).decode(value.subarray(5)) as unknown as Members)
    this.all.push({ channel, place, key: String(key), value: read })
  }
}

function has(value: Members, members: Members): boolean {
  return Object.entries(members).every(([name, wanted]) => value[name] === wanted)
}
