import type { Socket } from 'node:net'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure } from '../kernel/failure.ts'
import { type KafkaClientOptions, newKafka } from './client.ts'
import { kafkaFailure } from './errors.ts'
import { FieldReader, FieldWriter } from './wire-fields.ts'

/** A request in a version before the flexible ones (KIP-482), so that its header is the short one. */
interface Question {
  readonly apiKey: number
  readonly apiVersion: number
  readonly body: FieldWriter
}

/**
 * One logged-in connection to one broker, for questions that kafkajs cannot ask: what this user may do.
 *
 * kafkajs connects and logs in as always, over a socket that we opened. Then its ears are taken off the socket, and
 * requests of ours are written to it, one at a time. No private part of kafkajs is touched, and every way to log in
 * that the bridge knows works here too; `test/system/doctor-kafka.test.ts` holds it.
 */
export class DirectLine {
  /** `host:port` it was opened to. */
  readonly address: string
  readonly #socket: Socket
  readonly #deadlineMs: number
  readonly #end: () => void
  #correlation = 0
  #received = Buffer.alloc(0)
  #waiting: { readonly resolve: (answer: Buffer) => void; readonly reject: (error: Failure) => void } | null = null

  /** Rejects with a Failure: `transient`, its code says what is wrong. */
  static async open(options: KafkaClientOptions, address: string, deadlineMs: number): Promise<DirectLine> {
    const sockets: Socket[] = []
    const kafka = await newKafka(
      { ...options, brokers: [address] },
      () => undefined,
      (socket) => sockets.push(socket),
    )
    const admin = kafka.admin({ retry: { retries: 0 } })
    const end = (): void => {
      admin.disconnect().catch(() => undefined)
      for (const socket of sockets) socket.destroy()
    }
    try {
      await withDeadline(admin.connect(), deadlineMs, address)
      const socket = sockets.at(-1)
      if (socket === undefined) throw new Failure('transient', 'connection', `${address}: no connection`)
      return new DirectLine(address, socket, deadlineMs, end)
    } catch (error) {
      end()
      throw kafkaFailure(error)
    }
  }

  private constructor(address: string, socket: Socket, deadlineMs: number, end: () => void) {
    this.address = address
    this.#socket = socket
    this.#deadlineMs = deadlineMs
    this.#end = end
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('close', () => this.#waiting?.reject(new Failure('transient', 'connection', 'the connection is closed')))
  }

  /** The body of the answer. Rejects with a `transient` Failure; the line is of no use then. */
  async ask(what: string, { apiKey, apiVersion, body }: Question): Promise<FieldReader> {
    this.#correlation += 1
    const header = new FieldWriter().int16(apiKey).int16(apiVersion).int32(this.#correlation).text('bridge-doctor')
    const request = Buffer.concat([header.bytes(), body.bytes()])
    const answered = new Promise<Buffer>((resolve, reject) => {
      this.#waiting = { resolve, reject }
      if (this.#socket.destroyed) reject(new Failure('transient', 'connection', 'the connection is closed'))
    })
    this.#received = Buffer.alloc(0)
    this.#socket.write(Buffer.concat([new FieldWriter().int32(request.length).bytes(), request]))
    const reader = new FieldReader(await withDeadline(answered, this.#deadlineMs, what))
    // Its number: there is one question at a time.
    reader.int32()
    return reader
  }

  close(): void {
    this.#end()
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    if (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      this.#waiting?.resolve(this.#received.subarray(4))
    }
  }
}
