import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands for the health addresses of the workers of a group: a test says whose answers. */
export class PeerDoors {
  readonly #server: Server
  readonly #present: Set<number>
  readonly #silent = new Set<number>()

  /** `present` are the slots whose workers answer at first. */
  static async start(present: readonly number[]): Promise<PeerDoors> {
    const doors = new PeerDoors(new Set(present))
    doors.#server.listen(0, '127.0.0.1')
    await once(doors.#server, 'listening')
    return doors
  }

  private constructor(present: Set<number>) {
    this.#present = present
    this.#server = createServer((request, response) => {
      const slot = Number(request.url?.slice(1))
      if (this.#present.has(slot)) response.writeHead(200).end()
      else if (!this.#silent.has(slot)) request.socket.destroy()
    })
  }

  /** For `mqtt.orphans.peerUrl`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/{slot}`
  }

  shut(slot: number): void {
    this.#present.delete(slot)
  }

  /** Takes questions and never answers. */
  silence(slot: number): void {
    this.#present.delete(slot)
    this.#silent.add(slot)
  }

  open(slot: number): void {
    this.#present.add(slot)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
