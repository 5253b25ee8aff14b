import type { OutgoingMessage } from '../flow/outgoing-message.ts'

/** QoS 1, not retained, not a duplicate. */
const PUBLISH_QOS1 = 0x32
const PAYLOAD_FORMAT = 0x01
const MESSAGE_EXPIRY = 0x02
const CONTENT_TYPE = 0x03
const CORRELATION_DATA = 0x09
const USER_PROPERTY = 0x26

const longestExpirySeconds = 4_294_967_295
const longestText = 65_535
const longestPacket = 268_435_455
const chunkBytes = 64 * 1024

/** PUBLISH packets that are written together: a system call for each would cost more than all the rest. */
export class OutgoingFrames {
  #chunk = Buffer.allocUnsafe(chunkBytes)
  #start = 0
  #end = 0

  /** Bytes that have not been taken. */
  get size(): number {
    return this.#end - this.#start
  }

  /**
   * Appends the PUBLISH of a message (MQTT 5, 3.3).
   * @param now epoch milliseconds; the message expiry is the time left, in whole seconds and at least one
   * @param longest most bytes that the receiver takes in one packet; null: as many as MQTT allows
   * @returns false when the packet is longer than that; nothing is appended then
   * Throws RangeError when a text in it is longer than MQTT allows; nothing is appended then either.
   */
  append(message: OutgoingMessage, packetId: number, now: number, longest: number | null = null): boolean {
    const { topic, payload, contentType, correlationData, userProperties } = message
    const expirySeconds = secondsLeft(message, now)
    const names = Object.keys(userProperties)
    const topicBytes = bytesOf(topic)
    const contentTypeBytes = bytesOf(contentType)
    let properties = 2 + 3 + contentTypeBytes
    if (expirySeconds !== null) properties += 5
    if (correlationData !== null) properties += 3 + checked(correlationData.length)
    for (const name of names) properties += 5 + bytesOf(name) + bytesOf(userProperties[name] ?? '')
    const remaining = 2 + topicBytes + 2 + sizeOfInteger(properties) + properties + payload.length
    if (remaining > longestPacket) return false
    const bytes = 1 + sizeOfInteger(remaining) + remaining
    if (longest !== null && bytes > longest) return false
    const buffer = this.#reserve(bytes)

    let at = this.#end
    buffer[at] = PUBLISH_QOS1
    at = writeInteger(buffer, at + 1, remaining)
    at = writeText(buffer, at, topic, topicBytes)
    at = buffer.writeUInt16BE(packetId, at)
    at = writeInteger(buffer, at, properties)
    // The payload is UTF-8.
    buffer[at] = PAYLOAD_FORMAT
    buffer[at + 1] = 1
    at += 2
    if (expirySeconds !== null) {
      buffer[at] = MESSAGE_EXPIRY
      at = buffer.writeUInt32BE(expirySeconds, at + 1)
    }
    buffer[at] = CONTENT_TYPE
    at = writeText(buffer, at + 1, contentType, contentTypeBytes)
    if (correlationData !== null) {
      buffer[at] = CORRELATION_DATA
      at = buffer.writeUInt16BE(correlationData.length, at + 1)
      at += correlationData.copy(buffer, at)
    }
    for (const name of names) {
      const value = userProperties[name] ?? ''
      buffer[at] = USER_PROPERTY
      at = writeText(buffer, at + 1, name, bytesOf(name))
      at = writeText(buffer, at, value, bytesOf(value))
    }
    this.#end = at + payload.copy(buffer, at)
    return true
  }

  /** All packets since the last call. They are never written over: the socket may keep them for a while. */
  take(): Buffer {
    const bytes = this.#chunk.subarray(this.#start, this.#end)
    this.#start = this.#end
    return bytes
  }

  #reserve(more: number): Buffer {
    if (this.#end + more <= this.#chunk.length) return this.#chunk
    const waiting = this.take()
    this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, waiting.length + more))
    this.#start = 0
    this.#end = waiting.copy(this.#chunk)
    return this.#chunk
  }
}

function secondsLeft({ expiresAt, roundExpiry }: OutgoingMessage, now: number): number | null {
  if (expiresAt === null) return null
  const left = (expiresAt - now) / 1000
  return Math.min(longestExpirySeconds, Math.max(1, roundExpiry === 'up' ? Math.ceil(left) : Math.floor(left)))
}

function bytesOf(text: string): number {
  return checked(Buffer.byteLength(text, 'utf8'))
}

function checked(bytes: number): number {
  if (bytes > longestText) throw new RangeError(`MQTT takes no text of ${bytes} bytes`)
  return bytes
}

function writeText(buffer: Buffer, start: number, text: string, bytes: number): number {
  const at = buffer.writeUInt16BE(bytes, start)
  return at + buffer.write(text, at, bytes, 'utf8')
}

/** A variable byte integer (MQTT 5, 1.5.5). */
function writeInteger(buffer: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 0x7f) {
    buffer[at] = (rest & 0x7f) | 0x80
    at += 1
    rest >>>= 7
  }
  buffer[at] = rest
  return at + 1
}

function sizeOfInteger(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  return value < 0x20_0000 ? 3 : 4
}
