import { AckWindow } from '../flow/ack-window.ts'
import type { Pump } from '../flow/pump.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import { type PublishFrame, receiptOf } from './publish-frame.ts'
import type { Tap, TapListener } from './tap.ts'

export interface IntakeDeps {
  readonly pump: Pump
  readonly clock: Clock
  readonly emit: Emit
  readonly connection: string
  readonly receiveMaximum: number
}

/** Reading stops at this multiple of Receive Maximum, which only a broker that overruns it can reach. */
const overrunFactor = 4

/** A window that is full for a moment is how a busy connection looks; it is worth a line after this long. */
const fullForMs = 5000

/** What one link takes in, and what of it is not acknowledged yet. It ends with the link. */
export class Intake implements TapListener {
  readonly #deps: IntakeDeps
  readonly #tap: Tap
  readonly #window: AckWindow
  #accepting = true
  /** Since when the window has been full, and whether that has been said. */
  #full: { readonly since: number; said: boolean } | null = null
  #heldSince: number | null = null
  #bytes = 0
  #received = 0
  #receivedBefore = 0
  #lastReadAt = 0
  #acknowledged = 0
  #redelivered = 0
  /** When the oldest message of the current run was taken in; 0 when everything is acknowledged. */
  #waitingSince = 0

  constructor(tap: Tap, deps: IntakeDeps) {
    this.#deps = deps
    this.#tap = tap
    this.#window = new AckWindow((receipts) => this.#acknowledge(receipts), deps.receiveMaximum)
  }

  get pending(): number {
    return this.#window.pending
  }

  /** Share of the window that is taken; above 1 when the broker overruns it. */
  get used(): number {
    return this.#window.pending / this.#deps.receiveMaximum
  }

  /** Messages that have been acknowledged on this link. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** For how long the oldest unacknowledged message has been here, at most; 0 when there is none. */
  get oldestMs(): number {
    return this.#window.pending === 0 ? 0 : Math.max(0, this.#deps.clock.now() - this.#waitingSince)
  }

  /** Messages that this link has brought. */
  get received(): number {
    return this.#received
  }

  /** When it last brought one, of `performance.now()`; 0 before the first. */
  get lastReadAt(): number {
    return this.#lastReadAt
  }

  publish(frame: PublishFrame): void {
    // While draining, what still arrives is left to the broker: it was not acknowledged, so it comes again.
    if (!this.#accepting) return
    const receivedAt = this.#deps.clock.now()
    this.#received += 1
    this.#bytes += frame.payload.length
    if (frame.dup) this.#redelivered += 1
    const { topic, payload, qos, retain, dup, traceparent } = frame
    const message = { topic, payload, qos, retain, dup, traceparent, receivedAt }
    if (qos === 0) {
      this.#deps.pump.offer(message, null, 0)
      return
    }
    if (this.#window.pending === 0) this.#waitingSince = receivedAt
    this.#deps.pump.offer(message, this.#window, this.#window.enter(receiptOf(frame)))
  }

  endOfRead(): void {
    const { pump, emit, connection, receiveMaximum, clock } = this.#deps
    if (this.#bytes > 0 || this.#redelivered > 0) {
      emit({ event: 'mqtt_received', bytes: this.#bytes, redelivered: this.#redelivered })
      this.#bytes = 0
      this.#redelivered = 0
    }
    if (this.#received > this.#receivedBefore) {
      this.#receivedBefore = this.#received
      this.#lastReadAt = performance.now()
    }
    pump.endOfRead()
    // Messages that were ignored on purpose are settled without a batch.
    this.flush()
    const { pending } = this.#window
    if (pending >= receiveMaximum) this.#noteFull()
    if (pending >= receiveMaximum * overrunFactor && this.#heldSince === null) {
      this.#heldSince = clock.now()
      this.#tap.hold()
      emit({ event: 'mqtt_overrun_held', connection, unacknowledged: pending, receiveMaximum })
    }
  }

  /** Sends the acknowledgements that are due. */
  flush(): void {
    this.#window.flush()
    const { emit, connection, receiveMaximum, clock } = this.#deps
    const { pending } = this.#window
    if (pending < receiveMaximum) this.#noteOpen()
    if (this.#heldSince !== null && pending < receiveMaximum) {
      emit({ event: 'mqtt_overrun_released', connection, afterMs: clock.now() - this.#heldSince })
      this.#heldSince = null
      this.#tap.resumeReading()
    }
  }

  /** Takes nothing more in; what is in the window is still acknowledged. */
  stopAccepting(): void {
    this.#accepting = false
  }

  /** The link is over. Returns how many messages the broker will repeat. */
  close(): number {
    this.#accepting = false
    this.#noteOpen()
    return this.#window.close()
  }

  #noteFull(): void {
    if (this.#full !== null) return
    const full = { since: this.#deps.clock.now(), said: false }
    this.#full = full
    const { emit, connection } = this.#deps
    setTimeout(() => {
      if (this.#full !== full) return
      full.said = true
      emit({ event: 'mqtt_window_full', connection, unacknowledged: this.#window.pending })
    }, fullForMs).unref()
  }

  #noteOpen(): void {
    const full = this.#full
    this.#full = null
    if (full === null || !full.said) return
    const afterMs = this.#deps.clock.now() - full.since
    this.#deps.emit({ event: 'mqtt_window_open', connection: this.#deps.connection, afterMs })
  }

  #acknowledge(receipts: readonly number[]): void {
    this.#tap.acknowledge(receipts)
    this.#acknowledged += receipts.length
    const now = this.#deps.clock.now()
    const oldestMs = Math.max(0, now - this.#waitingSince)
    // An upper bound from here on: the exact time of each message is not worth a field per message.
    if (this.#window.pending > receipts.length) this.#waitingSince = now
    this.#deps.emit({ event: 'mqtt_acknowledged', messages: receipts.length, stale: 0, oldestMs })
  }
}
