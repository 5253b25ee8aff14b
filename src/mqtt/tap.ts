import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { Failure } from '../kernel/failure.ts'
import { type PublishFrame, readPublish, readVariableInteger, writeReceipts } from './publish-frame.ts'

export interface TapListener {
  /** One PUBLISH, as it arrived. */
  publish(frame: PublishFrame): void
  /** The answer to a PUBLISH that was written past MQTT.js. Without this, PUBACKs are passed on to it. */
  puback?(packetId: number, reasonCode: number): void
  /** Everything that one socket read gave has been handed over. */
  endOfRead(): void
}

const PUBACK = 0x40
const PINGREQ = 0xc0
const PINGRESP = 0xd0
const pingresp = Buffer.from([PINGRESP, 0])

/**
 * The stream under MQTT.js: takes every PUBLISH, and every PUBACK that somebody listens for, for itself and passes all other
 * packets on.
 *
 * Why: MQTT.js handles one inbound packet at a time and acknowledges when the handler returns. Here a PUBACK is a
 * plain write on the socket that the PUBLISH came from, whenever Kafka is done, so no acknowledgement can ever reach
 * another connection, and no private part of MQTT.js is touched (`new MqttClient(() => duplex, options)` is public).
 *
 * Acknowledgements may be written between packets of MQTT.js, never inside one: it corks the stream around each
 * packet, so every `_writev` carries whole packets.
 */
export class Tap extends Duplex {
  readonly #socket: Socket
  #listener: TapListener = { publish: () => undefined, endOfRead: () => undefined }
  /** Chunks of a packet that is not complete yet, and how many bytes it needs (0: not known yet). */
  #partial: Buffer[] = []
  #partialLength = 0
  #needed = 0
  #held = false
  /** The client waits for a PINGRESP. */
  #pinged = false
  /** Answers of the broker that are still to come for pings that were answered here. */
  #owed = 0

  constructor(socket: Socket) {
    super({ autoDestroy: true, emitClose: true, allowHalfOpen: false })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => this.destroy(error))
    socket.on('end', () => this.push(null))
    socket.on('close', () => this.destroy())
  }

  /** Who gets the PUBLISH packets. To be called before the first byte can arrive. */
  listen(listener: TapListener): void {
    this.#listener = listener
  }

  /** Writes the acknowledgements of these receipts (`receiptOf`), in this order, at once. */
  acknowledge(receipts: readonly number[]): void {
    this.writePackets(writeReceipts(receipts))
  }

  /** Writes whole packets, at once and past MQTT.js. */
  writePackets(bytes: Buffer): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes)
  }

  /**
   * Stops reading the socket. The last resort against a broker that overruns Receive Maximum. The broker's PINGRESP
   * cannot be read meanwhile, so this tap answers the client's PINGREQ itself; the broker still gets it. That holds
   * for a PINGREQ that is on its way already: its answer stands behind the backlog.
   */
  hold(): void {
    this.#held = true
    this.#socket.pause()
    if (this.#pinged) this.#pong()
  }

  resumeReading(): void {
    this.#held = false
    this.#socket.resume()
  }

  override _read(): void {
    // What is passed on is rare and small (CONNACK, SUBACK, PINGRESP): it never needs to wait for the reader.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(chunks.length === 1 && chunks[0] ? chunks[0].chunk : Buffer.concat(chunks.map((c) => c.chunk)), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  #send(bytes: Buffer, done: (error?: Error | null) => void): void {
    if (bytes[0] === PINGREQ) {
      this.#pinged = true
      if (this.#held) this.#pong()
    }
    this.#socket.write(bytes, done)
  }

  #pong(): void {
    this.#pinged = false
    this.#owed += 1
    this.push(pingresp)
  }

  /** An answer that the client has had from us is not told again: it counts them. */
  #passPingresp(packet: Buffer): void {
    this.#pinged = false
    if (this.#owed > 0) this.#owed -= 1
    else this.push(packet)
  }

  #take(chunk: Buffer): void {
    try {
      const whole = this.#join(chunk)
      if (whole !== null) this.#split(whole)
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#listener.endOfRead()
  }

  /** Puts the chunk behind what is left of the last read; null while one packet is still incomplete. */
  #join(chunk: Buffer): Buffer | null {
    if (this.#partialLength === 0) return chunk
    this.#partial.push(chunk)
    this.#partialLength += chunk.length
    // A large packet arrives in many chunks: join once, when it is complete.
    if (this.#partialLength < this.#needed) return null
    const joined = Buffer.concat(this.#partial, this.#partialLength)
    this.#partial = []
    this.#partialLength = 0
    this.#needed = 0
    return joined
  }

  #split(buffer: Buffer): void {
    let start = 0
    while (start < buffer.length) {
      const first = buffer[start] ?? 0
      // Nearly every packet is shorter than 16 KiB: one or two bytes of length, read without an object.
      const one = buffer[start + 1]
      const two = buffer[start + 2]
      let body = start + 2
      let end = Number.POSITIVE_INFINITY
      if (one !== undefined && one < 0x80) {
        end = body + one
      } else if (one !== undefined && two !== undefined && two < 0x80) {
        body += 1
        end = body + (one & 0x7f) + two * 128
      } else {
        const length = readVariableInteger(buffer, start + 1, buffer.length)
        if (length !== null) {
          body = length.next
          end = body + length.value
        }
      }
      if (end > buffer.length) {
        this.#partial = [buffer.subarray(start)]
        this.#partialLength = buffer.length - start
        this.#needed = end === Number.POSITIVE_INFINITY ? 0 : end - start
        return
      }
      // QoS 2, too: it is never granted, but EMQX with `upgrade_qos` sends it. The PUBREL is left to MQTT.js, which
      // answers PUBCOMP to an id that it does not know.
      if (first >> 4 === 3) this.#listener.publish(readPublish(buffer, start, body, end))
      else if (first === PUBACK && this.#listener.puback !== undefined) this.#puback(buffer, body, end)
      else if (first === PINGRESP) this.#passPingresp(buffer.subarray(start, end))
      else this.push(buffer.subarray(start, end))
      start = end
    }
  }

  /** MQTT 5, 3.4: a reason code that is left out is 0x00. */
  #puback(buffer: Buffer, body: number, end: number): void {
    if (end - body < 2) throw new Failure('lost', 'malformed_packet', 'the broker sent a PUBACK without packet id')
    this.#listener.puback?.(buffer.readUInt16BE(body), end - body > 2 ? (buffer[body + 2] ?? 0) : 0)
  }
}
