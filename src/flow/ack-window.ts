/**
 * The un-acknowledged deliveries of one MQTT connection, in order of arrival.
 *
 * Deliveries may be settled in any order; acknowledgements leave as the contiguous settled prefix, as MQTT 5 (4.6)
 * asks. The window belongs to one connection and dies with it: what is settled after `close()` is forgotten, because
 * on the next connection the same packet id may be another message. The broker repeats what it did not see acked.
 *
 * A ring of packet ids, so that the good path allocates nothing.
 */
export class AckWindow {
  readonly #release: (packetIds: readonly number[]) => void
  /** Packet id of the delivery with sequence `s` at `s & mask`; negative once it is settled. */
  #ring: Int32Array
  #mask: number
  #head = 0
  #tail = 0
  #closed = false

  /** `release` gets the packet ids that may be acknowledged now, in arrival order. */
  constructor(release: (packetIds: readonly number[]) => void, capacity = 1024) {
    this.#release = release
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)))
    this.#ring = new Int32Array(size)
    this.#mask = size - 1
  }

  /** Deliveries that have not been acknowledged yet. */
  get pending(): number {
    return this.#tail - this.#head
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Takes a delivery in; returns its sequence number on this connection. Packet ids are positive, of up to 31 bits. */
  enter(packetId: number): number {
    if (this.pending > this.#mask) this.#grow()
    const sequence = this.#tail
    this.#ring[sequence & this.#mask] = packetId
    this.#tail += 1
    return sequence
  }

  /** Marks a delivery as settled. Nothing is sent before `flush()`. Throws when it was settled before. */
  settle(sequence: number): void {
    if (this.#closed) return
    const at = sequence & this.#mask
    const packetId = this.#ring[at] ?? 0
    if (sequence < this.#head || sequence >= this.#tail || packetId < 0) {
      throw new Error(`delivery ${sequence} was settled twice or never entered`)
    }
    this.#ring[at] = -packetId
  }

  /** Releases the contiguous settled prefix, if there is one. */
  flush(): void {
    if (this.#closed) return
    const ids: number[] = []
    while (this.#head < this.#tail) {
      const packetId = this.#ring[this.#head & this.#mask] ?? 0
      if (packetId > 0) break
      ids.push(-packetId)
      this.#head += 1
    }
    if (ids.length > 0) this.#release(ids)
  }

  /** The connection is gone. Returns how many deliveries the broker will repeat. */
  close(): number {
    if (this.#closed) return 0
    this.#closed = true
    const lost = this.pending
    this.#head = this.#tail
    return lost
  }

  #grow(): void {
    const bigger = new Int32Array(this.#ring.length * 2)
    const mask = bigger.length - 1
    for (let s = this.#head; s < this.#tail; s += 1) bigger[s & mask] = this.#ring[s & this.#mask] ?? 0
    this.#ring = bigger
    this.#mask = mask
  }
}
