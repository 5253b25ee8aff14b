import type { Socket } from 'node:net'

export interface PipeFault {
  /** Hold everything back. */
  halted?: boolean
  delayMs?: number
  bytesPerSecond?: number
}

interface Held {
  readonly due: number
  readonly bytes: Buffer
}

const holdAtMost = 64 * 1024
const tickMs = 10

/** One direction of a proxied connection: bytes from a socket to another, late, slowly, or not at all. */
export class FaultyPipe {
  forwarded = 0
  readonly #from: Socket
  readonly #to: Socket
  readonly #held: Held[] = []
  #heldBytes = 0
  #ended = false
  #halted = false
  #delayMs = 0
  #bytesPerSecond = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #left = Number.POSITIVE_INFINITY
  #spent: () => void = () => {}
  readonly #told: (bytes: Buffer) => void

  /** `told` gets what was forwarded. */
  constructor(from: Socket, to: Socket, told: (bytes: Buffer) => void = () => {}) {
    this.#from = from
    this.#to = to
    this.#told = told
    from.on('data', (bytes: Buffer) => {
      this.#held.push({ due: performance.now() + this.#delayMs, bytes })
      this.#heldBytes += bytes.length
      // A sender must feel the jam as it would on a real line.
      if (this.#heldBytes >= holdAtMost) from.pause()
      this.#forward()
    })
    from.on('end', () => {
      this.#ended = true
      this.#forward()
    })
    to.on('drain', () => this.#forward())
    to.on('close', () => this.#stopTimer())
    from.resume()
  }

  /** Bytes that have come and are not forwarded. */
  get held(): number {
    return this.#heldBytes
  }

  set(fault: PipeFault): void {
    this.#halted = fault.halted ?? false
    this.#delayMs = fault.delayMs ?? 0
    this.#bytesPerSecond = fault.bytesPerSecond ?? Number.POSITIVE_INFINITY
    this.#forward()
  }

  /** Calls `spent` when exactly so many more bytes have been forwarded; none after them. */
  stopAfter(bytes: number, spent: () => void): void {
    this.#left = bytes
    this.#spent = spent
    this.#forward()
  }

  #forward(): void {
    if (this.#timer !== null || this.#to.destroyed) return
    const share = Math.max(1, (this.#bytesPerSecond * tickMs) / 1000)
    let budget = share
    while (!this.#halted && budget >= 1 && !this.#to.writableNeedDrain) {
      const head = this.#held[0]
      if (head === undefined || head.due > performance.now() || this.#left === 0) break
      const size = Math.floor(Math.min(head.bytes.length, budget, this.#left))
      this.#send(head, size)
      budget -= size
    }
    if (this.#heldBytes < holdAtMost && this.#from.isPaused()) this.#from.resume()
    if (this.#left === 0) {
      // Handed to the kernel by now: the writes above found an empty socket.
      this.#left = Number.POSITIVE_INFINITY
      this.#to.write('', () => this.#spent())
      this.#halted = true
      return
    }
    if (this.#halted) return
    if (this.#ended && this.#held.length === 0) this.#to.end()
    const limited = Number.isFinite(this.#bytesPerSecond)
    const earlyMs = (this.#held[0]?.due ?? 0) - performance.now()
    if (this.#held.length > 0 && (limited || earlyMs > 0) && !this.#to.writableNeedDrain) {
      this.#timer = setTimeout(
        () => {
          this.#timer = null
          this.#forward()
        },
        limited ? tickMs : earlyMs,
      )
    }
  }

  #send(head: Held, size: number): void {
    const bytes = head.bytes.subarray(0, size)
    this.#to.write(bytes)
    this.#told(bytes)
    this.forwarded += size
    this.#heldBytes -= size
    this.#left -= size
    if (size === head.bytes.length) this.#held.shift()
    else this.#held[0] = { due: head.due, bytes: head.bytes.subarray(size) }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
