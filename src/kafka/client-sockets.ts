import type { Socket } from 'node:net'

/** The sockets of one kafkajs client. */
export class ClientSockets {
  readonly #open = new Set<Socket>()

  readonly add = (socket: Socket): void => {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
  }

  /**
   * Ends them, as a network would: kafkajs opens others for what it asks next and logs in anew, and asks again what had
   * no answer yet. Resolves when kafkajs has noticed.
   */
  async cut(): Promise<void> {
    for (const socket of this.#open) socket.destroy(new Error('ended to log in with renewed credentials'))
    this.#open.clear()
    // A request made before kafkajs has heard of it would be written to a socket that it then closes.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }
}
