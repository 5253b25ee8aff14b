import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import mqttPacket from 'mqtt-packet'

const idMark = Buffer.from('{"id":"')

/**
 * All devices behind one subscription of QoS 0: the broker has somebody to hand commands to, so it answers 0x00, and
 * neither it nor this machine spends time on acknowledging them. Remembers which commands came, by number.
 */
export class CommandSink {
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #seen = new Uint8Array(1 << 20)
  #received = 0
  #different = 0

  static async open(port: number): Promise<CommandSink> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    const protocol = { protocolVersion: 5 }
    socket.write(
      mqttPacket.generate(
        { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, clientId: 'devices', keepalive: 0 },
        protocol,
      ),
    )
    await once(socket, 'data')
    const subscriptions = [{ topic: 'api/mqtt/v1/+/cmd', qos: 0 as const }]
    socket.write(mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions }, protocol))
    await once(socket, 'data')
    return new CommandSink(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  /** Different commands that came. */
  get different(): number {
    return this.#different
  }

  /** Commands that came once more. */
  get repeated(): number {
    return this.#received - this.#different
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Every packet from here on is a PUBLISH (MQTT 5, 3.3); its payload begins with the id. */
  #take(chunk: Buffer): void {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at + 3 <= buffer.length) {
      const [one = 0, two = 0] = [buffer[at + 1], buffer[at + 2]]
      const end = one < 0x80 ? at + 2 + one : at + 3 + (one & 0x7f) + two * 128
      if (end > buffer.length) break
      const mark = buffer.indexOf(idMark, at)
      const number = Number.parseInt(buffer.toString('latin1', mark + idMark.length, mark + idMark.length + 12), 10)
      this.#received += 1
      if (this.#seen[number] === 0) this.#different += 1
      this.#seen[number] = 1
      at = end
    }
    this.#rest = buffer.subarray(at)
  }
}
