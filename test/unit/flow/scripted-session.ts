import { AckWindow } from '../../../src/flow/ack-window.ts'

interface Unacknowledged {
  readonly packetId: number
  readonly message: string
}

/** What a broker and this side know of one connection of a session. It dies with the connection. */
interface Link {
  readonly window: AckWindow
  /** In the order in which they were sent. */
  readonly unacknowledged: Unacknowledged[]
}

/**
 * One MQTT session: what is not acknowledged when a connection ends is sent again on the next one, before anything
 * new, and packet ids begin anew there, so that the same id is another message.
 */
export class ScriptedSession {
  /** Messages in the order in which they were acknowledged. */
  readonly acknowledged: string[] = []
  readonly #onAcknowledged: (message: string) => void
  readonly #queue: string[] = []
  #link: Link
  #lastPacketId = 0
  /** Deliveries that the windows gave up when their connections ended, and those that the broker saw unacknowledged. */
  lost = { here: 0, there: 0 }

  constructor(onAcknowledged: (message: string) => void) {
    this.#onAcknowledged = onAcknowledged
    this.#link = this.#newLink()
  }

  get pending(): number {
    return this.#link.window.pending
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#link.unacknowledged.length === 0
  }

  enqueue(message: string): void {
    this.#queue.push(message)
  }

  /** The next message goes out: where it is on this connection. Null when none waits. */
  deliver(): { readonly message: string; readonly window: AckWindow; readonly sequence: number } | null {
    const message = this.#queue.shift()
    if (message === undefined) return null
    this.#lastPacketId += 1
    const { window, unacknowledged } = this.#link
    unacknowledged.push({ packetId: this.#lastPacketId, message })
    return { message, window, sequence: window.enter(this.#lastPacketId) }
  }

  flush(): void {
    this.#link.window.flush()
  }

  /** The connection ends, and another one stands. */
  cut(): void {
    const { window, unacknowledged } = this.#link
    this.lost = { here: this.lost.here + window.close(), there: this.lost.there + unacknowledged.length }
    this.#queue.unshift(...unacknowledged.map(({ message }) => message))
    this.#lastPacketId = 0
    this.#link = this.#newLink()
  }

  #newLink(): Link {
    const unacknowledged: Unacknowledged[] = []
    const link: Link = {
      window: new AckWindow((packetIds) => {
        for (const packetId of packetIds) {
          if (link !== this.#link) throw new Error(`${packetId} was acknowledged on a connection that is over`)
          const first = unacknowledged.shift()
          if (first?.packetId !== packetId) throw new Error(`${packetId} before ${first?.packetId}`)
          this.acknowledged.push(first.message)
          this.#onAcknowledged(first.message)
        }
      }, 4),
      unacknowledged,
    }
    return link
  }
}
