import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import mqttPacket from 'mqtt-packet'

/**
 * Publishes QoS 1 over one socket, as fast as the broker acknowledges. Frames are written by hand, so that loading
 * takes little of the machine that is being measured.
 */
export class Publisher {
  readonly #socket: Socket
  readonly #window: number
  #frames: Buffer[] = []
  #packetId = 0
  #unacknowledged = 0
  #wake: (() => void) | null = null
  #failure: Error | null = null

  private constructor(socket: Socket, window: number) {
    this.#socket = socket
    this.#window = window
    const parser = mqttPacket.parser({ protocolVersion: 5 })
    parser.on('packet', (packet) => this.#answered(packet))
    parser.on('error', (error: Error) => this.#fail(error))
    socket.on('data', (chunk: Buffer) => parser.parse(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the broker closed the connection of the load')))
  }

  static async connect(port: number): Promise<Publisher> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    socket.write(
      mqttPacket.generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        clientId: '',
        keepalive: 0,
      }),
    )
    const [connack] = (await once(socket, 'data')) as [Buffer]
    const window = await receiveMaximumOf(connack)
    return new Publisher(socket, Math.min(window, 1000))
  }

  /** Resolves when there is room for one more. */
  async room(): Promise<void> {
    while (this.#unacknowledged + this.#frames.length >= this.#window) {
      this.flush()
      await this.#answer()
    }
  }

  /** Takes one message; it goes out with the next `flush()`. */
  add(topic: string, payload: string): void {
    this.#packetId = (this.#packetId % 65_535) + 1
    this.#frames.push(publishFrame(topic, payload, this.#packetId))
  }

  flush(): void {
    if (this.#frames.length === 0) return
    this.#unacknowledged += this.#frames.length
    this.#socket.write(Buffer.concat(this.#frames))
    this.#frames = []
  }

  /** Resolves when the broker has acknowledged everything. */
  async settled(): Promise<void> {
    this.flush()
    while (this.#unacknowledged > 0) await this.#answer()
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.end(mqttPacket.generate({ cmd: 'disconnect' }, { protocolVersion: 5 }))
  }

  async #answer(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    if (this.#failure !== null) throw this.#failure
  }

  #answered(packet: mqttPacket.Packet): void {
    if (packet.cmd !== 'puback') {
      this.#fail(new Error(`the broker sent ${packet.cmd} to the load`))
      return
    }
    // 0x10 (nobody subscribes) is a failure too: the measured process would wait for a message that is gone.
    if ((packet.reasonCode ?? 0) !== 0) this.#fail(new Error(`PUBACK with reason code ${packet.reasonCode}`))
    this.#unacknowledged -= 1
    this.#woken()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#woken()
  }

  #woken(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}

function receiveMaximumOf(connack: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const parser = mqttPacket.parser({ protocolVersion: 5 })
    parser.on('packet', (packet) => {
      if (packet.cmd !== 'connack' || packet.reasonCode !== 0) reject(new Error(`no CONNACK: ${packet.cmd}`))
      else resolve(packet.properties?.receiveMaximum ?? 65_535)
    })
    parser.on('error', reject)
    parser.parse(connack)
  })
}

/** PUBLISH, QoS 1, no properties (MQTT 5, 3.3); payloads of the load are longer than 100 and shorter than 16,000 bytes. */
function publishFrame(topic: string, payload: string, packetId: number): Buffer {
  const topicLength = Buffer.byteLength(topic)
  const remaining = 2 + topicLength + 3 + Buffer.byteLength(payload)
  const lengthBytes = remaining < 128 ? 1 : 2
  const frame = Buffer.allocUnsafe(1 + lengthBytes + remaining)
  frame[0] = 0x32
  let at = 1
  if (lengthBytes === 2) {
    frame[at] = (remaining & 0x7f) | 0x80
    at += 1
  }
  frame[at] = lengthBytes === 2 ? remaining >> 7 : remaining
  at = frame.writeUInt16BE(topicLength, at + 1)
  at += frame.write(topic, at)
  at = frame.writeUInt16BE(packetId, at)
  frame[at] = 0
  frame.write(payload, at + 1)
  return frame
}
