import mqttPacket, { type Parser } from 'mqtt-packet'
import type { Direction, LinkWatcher } from '../../test/kit/fault-proxy.ts'
import { Latch } from '../../test/kit/latch.ts'

/** The PUBACKs that the broker gives to what the bridge publishes, seen from a proxy in between. */
export class PubackTrace implements LinkWatcher {
  readonly #parsers = new Map<number, Parser>()
  readonly #latch = new Latch()
  #strike: () => void = () => undefined

  /** Calls `strike` at the very moment when the next PUBACK has gone to the bridge. Throws when none comes in time. */
  async strikeAt(strike: () => void, timeoutMs: number): Promise<void> {
    let struck = false
    this.#strike = () => {
      this.#strike = () => undefined
      struck = true
      strike()
    }
    await this.#latch.until('the broker acknowledges a publication', () => struck, timeoutMs)
  }

  opened(number: number): void {
    const parser = mqttPacket.parser({ protocolVersion: 5 })
    parser.on('packet', ({ cmd }) => {
      if (cmd === 'puback') this.#strike()
    })
    this.#parsers.set(number, parser)
  }

  forwarded(number: number, direction: Direction, bytes: Buffer): void {
    if (direction === 'up') return
    this.#parsers.get(number)?.parse(bytes)
    this.#latch.look()
  }

  closed(number: number): void {
    this.#parsers.delete(number)
  }
}
