import { Failure } from '../kernel/failure.ts'

/** A PUBLISH as it stands in the buffer it was read into. `packetId` is 0 for QoS 0. Source: MQTT 5, section 3.3. */
export interface PublishFrame {
  readonly topic: string
  readonly payload: Buffer
  readonly packetId: number
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  readonly traceparent: string | null
}

const traceparentName = Buffer.from('traceparent')

function malformed(what: string): Failure {
  return new Failure('lost', 'malformed_publish', `the broker sent a PUBLISH that MQTT 5 does not allow: ${what}`)
}

/**
 * Reads one whole PUBLISH. `start` is its first byte, `bodyStart` the byte after the remaining length, `end` the byte
 * after the packet. Throws a Failure of kind `lost` when it is no MQTT 5 PUBLISH: such a connection cannot go on.
 */
export function readPublish(buffer: Buffer, start: number, bodyStart: number, end: number): PublishFrame {
  const flags = buffer[start] ?? 0
  const qos = (flags >> 1) & 3
  if (qos === 3) throw malformed('QoS 3')
  if (bodyStart + 2 > end) throw malformed('no topic')
  let at = bodyStart + 2
  const topicEnd = at + buffer.readUInt16BE(bodyStart)
  if (topicEnd > end) throw malformed('topic longer than the packet')
  const topic = buffer.toString('utf8', at, topicEnd)
  at = topicEnd
  let packetId = 0
  if (qos > 0) {
    if (at + 2 > end) throw malformed('no packet identifier')
    packetId = buffer.readUInt16BE(at)
    if (packetId === 0) throw malformed('packet identifier 0')
    at += 2
  }
  let traceparent: string | null = null
  const propertiesLength = buffer[at]
  if (propertiesLength === undefined || at >= end) throw malformed('no property length')
  if (propertiesLength === 0) {
    at += 1
  } else {
    const length = readVariableInteger(buffer, at, end)
    if (length === null) throw malformed('property length')
    const propertiesEnd = length.next + length.value
    if (propertiesEnd > end) throw malformed('properties longer than the packet')
    traceparent = findTraceparent(buffer, length.next, propertiesEnd)
    at = propertiesEnd
  }
  return {
    topic,
    payload: buffer.subarray(at, end),
    packetId,
    qos: qos === 0 ? 0 : qos === 1 ? 1 : 2,
    retain: (flags & 1) === 1,
    dup: (flags & 8) === 8,
    traceparent,
  }
}

/** A variable byte integer (MQTT 5, 1.5.5), or null when it is not complete before `end`. Throws when over four bytes. */
export function readVariableInteger(buffer: Buffer, at: number, end: number): { value: number; next: number } | null {
  let value = 0
  for (let i = 0; i < 4; i += 1) {
    if (at + i >= end) return null
    const byte = buffer[at + i] ?? 0
    value += (byte & 0x7f) * 128 ** i
    if (byte < 0x80) return { value, next: at + i + 1 }
  }
  throw new Failure('lost', 'malformed_packet', 'the broker sent a length of more than four bytes')
}

/** Sizes of the PUBLISH properties by identifier; `text` and `pair` are length-prefixed. Source: MQTT 5, 3.3.2.3. */
const propertySizes: Readonly<Record<number, 1 | 2 | 4 | 'text' | 'pair' | 'integer'>> = {
  0x01: 1,
  0x02: 4,
  0x03: 'text',
  0x08: 'text',
  0x09: 'text',
  0x0b: 'integer',
  0x23: 2,
  0x26: 'pair',
}

function findTraceparent(buffer: Buffer, from: number, end: number): string | null {
  let found: string | null = null
  let at = from
  while (at < end) {
    const size = propertySizes[buffer[at] ?? 0]
    at += 1
    if (size === undefined) throw malformed('unknown property')
    if (size === 'integer') {
      const integer = readVariableInteger(buffer, at, end)
      if (integer === null) throw malformed('subscription identifier')
      at = integer.next
    } else if (size === 'text') {
      at = textEnd(buffer, at, end)
    } else if (size === 'pair') {
      const nameEnd = textEnd(buffer, at, end)
      const valueEnd = textEnd(buffer, nameEnd, end)
      if (found === null && traceparentName.equals(buffer.subarray(at + 2, nameEnd))) {
        found = buffer.toString('utf8', nameEnd + 2, valueEnd)
      }
      at = valueEnd
    } else {
      at += size
    }
  }
  if (at !== end) throw malformed('property longer than the properties')
  return found
}

function textEnd(buffer: Buffer, at: number, end: number): number {
  if (at + 2 > end) throw malformed('property cut short')
  const next = at + 2 + buffer.readUInt16BE(at)
  if (next > end) throw malformed('property cut short')
  return next
}

const PUBACK = 0x40
const PUBREC = 0x50
/** Beyond the sixteen bits of a packet id: the message came with QoS 2. */
const qos2 = 0x1_0000

/** By what number the message is acknowledged: its packet id, marked when it came with QoS 2. */
export function receiptOf({ packetId, qos }: Pick<PublishFrame, 'packetId' | 'qos'>): number {
  return qos === 2 ? packetId | qos2 : packetId
}

/**
 * PUBACK packets for these receipts, PUBREC for those of QoS 2, with reason code 0 (left out, as MQTT 5, 3.4.2.1 and
 * 3.5.2.1 allow), for one socket write.
 */
export function writeReceipts(receipts: readonly number[]): Buffer {
  const buffer = Buffer.allocUnsafe(receipts.length * 4)
  let at = 0
  for (const receipt of receipts) {
    buffer[at] = receipt >= qos2 ? PUBREC : PUBACK
    buffer[at + 1] = 2
    buffer[at + 2] = (receipt >> 8) & 0xff
    buffer[at + 3] = receipt & 0xff
    at += 4
  }
  return buffer
}
