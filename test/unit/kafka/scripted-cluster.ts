import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { FieldReader, FieldWriter } from '../../../src/kafka/wire-fields.ts'

const PRODUCE = 0
const METADATA = 3
const API_VERSIONS = 18
const INIT_PRODUCER_ID = 22

/** The newest version that is answered, by request; kafkajs takes the newest that both know. */
const versions: readonly (readonly [apiKey: number, version: number])[] = [
  [PRODUCE, 3],
  [METADATA, 1],
  [API_VERSIONS, 0],
  [INIT_PRODUCER_ID, 0],
]

export const NOT_LEADER = 6

/** What a test decides about. */
export interface ClusterScript {
  /** Kafka's error code for a partition in a produce request to this broker; 0 stores it. */
  produce(node: number, partition: number): number
}

/**
 * Brokers of one topic that do as a test says: enough of Kafka's protocol for a producer of kafkajs. Stores nothing but
 * how often each partition was written.
 */
export class ScriptedCluster {
  readonly topic: string
  /** Node id of the leader of each partition: what metadata says at the moment. */
  leaders: number[]
  /** How many batches each partition has taken. */
  readonly stored = new Map<number, number>()
  readonly #script: ClusterScript
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(topic: string, leaders: readonly number[], script: ClusterScript) {
    this.topic = topic
    this.leaders = [...leaders]
    this.#script = script
  }

  /** `leaders` names nodes from 1, by partition. */
  static async open(topic: string, leaders: readonly number[], script: ClusterScript): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(topic, leaders, script)
    for (let node = 1; node <= Math.max(...leaders); node += 1) await cluster.#listen(node)
    return cluster
  }

  get brokers(): readonly string[] {
    return this.#ports.map((port) => `127.0.0.1:${port}`)
  }

  get #ports(): readonly number[] {
    return this.#servers.map((server) => (server.address() as AddressInfo).port)
  }

  close(): void {
    for (const server of this.#servers) server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  async #listen(node: number): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket)
      let received = Buffer.alloc(0)
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk])
        while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
          const end = 4 + received.readInt32BE(0)
          socket.write(this.#answer(node, received.subarray(4, end)))
          received = received.subarray(end)
        }
      })
    })
    this.#servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }

  #answer(node: number, request: Buffer): Buffer {
    const reader = new FieldReader(request)
    const apiKey = reader.int16()
    reader.int16()
    const answer = new FieldWriter().int32(reader.int32())
    reader.nullableText()
    if (apiKey === API_VERSIONS) {
      answer.int16(0).list(versions, ([key, version]) => answer.int16(key).int16(version).int16(version))
    } else if (apiKey === METADATA) this.#metadata(answer)
    else if (apiKey === INIT_PRODUCER_ID) answer.int32(0).int16(0).int64(1n).int16(0)
    else if (apiKey === PRODUCE) this.#produce(node, reader, answer)
    else throw new Error(`the script has no answer to request ${apiKey}`)
    const bytes = answer.bytes()
    return Buffer.concat([new FieldWriter().int32(bytes.length).bytes(), bytes])
  }

  #metadata(answer: FieldWriter): void {
    answer.list(this.#ports, (port) => {
      answer
        .int32(this.#ports.indexOf(port) + 1)
        .text('127.0.0.1')
        .int32(port)
        .text('rack')
    })
    answer.int32(1).list([this.topic], (topic) => {
      answer.int16(0).text(topic).flag(false)
      answer.list([...this.leaders.entries()], ([partition, leader]) => {
        answer.int16(0).int32(partition).int32(leader)
        answer.list([leader], (node) => answer.int32(node)).list([leader], (node) => answer.int32(node))
      })
    })
  }

  #produce(node: number, reader: FieldReader, answer: FieldWriter): void {
    reader.nullableText()
    reader.int16()
    reader.int32()
    const topics = reader.list(() => ({
      topic: reader.text(),
      partitions: reader.list(() => {
        const partition = reader.int32()
        reader.skipBytes()
        return partition
      }),
    }))
    answer.list(topics, ({ topic, partitions }) => {
      answer.text(topic).list(partitions, (partition) => {
        const error = this.#script.produce(node, partition)
        if (error === 0) this.stored.set(partition, (this.stored.get(partition) ?? 0) + 1)
        answer.int32(partition).int16(error).int64(0n).int64(-1n)
      })
    })
    answer.int32(0)
  }
}
