import type { MqttClient } from 'mqtt'

/**
 * Pings of one link as barriers: a broker handles the packets of a connection in order, so everything that it sent
 * because of what we wrote before a PINGREQ is here when the PINGRESP is. The keep-alive pings on its own, so answers
 * are counted.
 */
export class Pings {
  readonly #client: MqttClient
  #sent = 0
  #answered = 0
  readonly #waiting: { readonly number: number; readonly resolve: (answered: boolean) => void }[] = []

  constructor(client: MqttClient) {
    this.#client = client
    client.on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') this.#sent += 1
    })
    client.on('packetreceive', ({ cmd }) => {
      if (cmd !== 'pingresp') return
      this.#answered += 1
      this.#tell(({ number }) => number <= this.#answered, true)
    })
    client.once('close', () => this.#tell(() => true, false))
  }

  /** Sends a PINGREQ. Resolves with true at its PINGRESP, with false when the link is over before that. */
  async barrier(): Promise<boolean> {
    if (!this.#client.connected) return false
    return new Promise((resolve) => {
      this.#client.sendPing()
      this.#waiting.push({ number: this.#sent, resolve })
    })
  }

  #tell(isTold: (waiting: { readonly number: number }) => boolean, answered: boolean): void {
    for (let first = this.#waiting[0]; first !== undefined && isTold(first); first = this.#waiting[0]) {
      this.#waiting.shift()
      first.resolve(answered)
    }
  }
}
