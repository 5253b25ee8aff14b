import type { SessionEnd } from '../mqtt/consumer.ts'
import type { Emit } from '../observe/events/event.ts'

export interface OrphanOptions {
  /** The slot of this worker. */
  readonly own: number
  /** Slots to look after: 0 to this, exclusive. */
  readonly slots: number
  /** Where the worker of a slot answers, with `{slot}` for its number. */
  readonly peerUrl: string
  /** Silent for this long is gone. */
  readonly afterMs: number
}

export interface OrphanDeps {
  readonly emit: Emit
  /** Whether what is adopted could be stored now. */
  readonly canTake: () => boolean
  /** Reads the sessions of a slot empty and ends them: how each was left, by client id. */
  readonly adopt: (slot: number, signal: AbortSignal) => Promise<ReadonlyMap<string, SessionEnd>>
}

/** How long a worker may take to answer. Any answer will do, also that it is not well. */
const answerMs = 2000
/**
 * Slots that are over are looked at again after so many times `afterMs`: a worker that came and went between two looks
 * has left sessions again.
 */
const looksAnewAfter = 10

/**
 * Finds slots that nobody runs. A broker goes on giving an absent member its share of the messages, so what is sent to
 * such a slot would wait for nobody.
 *
 * There is no service that coordinates: each worker asks all others whether they are there, and of those that are, the
 * slot's number chooses who adopts it. Should two choose differently, or the slot's own worker come back meanwhile,
 * the broker gives the session to whoever came last, with all that is in it, and the other one leaves it alone.
 */
export class OrphanSlots {
  readonly #options: OrphanOptions
  readonly #deps: OrphanDeps
  readonly #stop = new AbortController()
  /** When each slot was last seen to be run, of `performance.now()`. */
  readonly #seenAt = new Map<number, number>()
  /** Orphans whose sessions are over, and since when, of `performance.now()`; nothing comes to them any more. */
  readonly #over = new Map<number, number>()
  #looking: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: OrphanOptions, deps: OrphanDeps) {
    this.#options = options
    this.#deps = deps
  }

  open(): void {
    for (const slot of this.#others()) this.#seenAt.set(slot, performance.now())
    this.#again()
  }

  /** Ends an adoption that is under way; its session stays at the broker. */
  async close(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#looking
  }

  #again(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch((error: unknown) => {
          this.#deps.emit({ event: 'unexpected_error', where: 'orphan_slots', error: String(error) })
        })
        .then(() => {
          if (!this.#stop.signal.aborted) this.#again()
        })
    }, this.#options.afterMs / 4)
  }

  async #look(): Promise<void> {
    const { own, afterMs } = this.#options
    const { emit, canTake, adopt } = this.#deps
    const { signal } = this.#stop
    const present = await this.#present()
    if (signal.aborted) return
    const now = performance.now()
    for (const slot of present) {
      this.#seenAt.set(slot, now)
      this.#over.delete(slot)
    }
    if (!present.includes(own)) {
      emit({ event: 'slots_unclear', address: this.#address(own) })
      return
    }
    // Those of the other workers are theirs to count, too: nobody else knows when they are over.
    const ours = this.#others().filter((slot) => this.#isSilent(slot) && adopterOf(slot, present) === own)
    for (const slot of ours) {
      if (now - (this.#over.get(slot) ?? Number.NEGATIVE_INFINITY) < looksAnewAfter * afterMs) continue
      // To adopt the one before may have taken long: a worker that is back must not be thrown out.
      if (await this.#answers(slot)) this.#seenAt.set(slot, performance.now())
      else if (signal.aborted || !canTake()) break
      else await this.#adopt(slot, adopt)
    }
    const left = ours.filter((slot) => !this.#over.has(slot) && this.#isSilent(slot))
    emit({ event: 'slots_looked_at', orphans: left.length })
  }

  async #adopt(slot: number, adopt: OrphanDeps['adopt']): Promise<void> {
    const { emit } = this.#deps
    const { signal } = this.#stop
    const began = performance.now()
    const ends = await adopt(slot, signal)
    const those = (end: SessionEnd): string[] => [...ends].flatMap(([id, of]) => (of === end ? [id] : []))
    if (those('taken_over').length > 0) {
      // Whoever took it is there, whether it answers us or not: it has all the time of a worker that was just seen.
      this.#seenAt.set(slot, performance.now())
      emit({ event: 'slot_returned', slot })
    } else if (those('kept').length > 0) {
      if (!signal.aborted) emit({ event: 'slot_adoption_failed', slot, sessions: those('kept') })
    } else {
      this.#over.set(slot, performance.now())
      const sessions = those('emptied').length
      if (sessions === 0) return
      emit({ event: 'slot_adopted', slot, sessions, durationMs: Math.round(performance.now() - began) })
    }
  }

  #isSilent(slot: number): boolean {
    const now = performance.now()
    return now - (this.#seenAt.get(slot) ?? now) >= this.#options.afterMs
  }

  /** The slots whose workers answer. */
  async #present(): Promise<number[]> {
    const { own } = this.#options
    const slots = [...new Set([own, ...this.#others()])]
    const answers = await Promise.all(slots.map((slot) => this.#answers(slot)))
    return slots.filter((_, i) => answers[i])
  }

  async #answers(slot: number): Promise<boolean> {
    // Not AbortSignal.any of AbortSignal.timeout: Node.js 20 may collect such a timeout, and it then never comes.
    const abort = new AbortController()
    const end = (): void => abort.abort()
    const timer = setTimeout(end, answerMs)
    this.#stop.signal.addEventListener('abort', end, { once: true })
    if (this.#stop.signal.aborted) end()
    try {
      const response = await fetch(this.#address(slot), { signal: abort.signal, redirect: 'manual' })
      await response.body?.cancel()
      return true
    } catch {
      return false
    } finally {
      clearTimeout(timer)
      this.#stop.signal.removeEventListener('abort', end)
    }
  }

  #address(slot: number): string {
    return this.#options.peerUrl.replaceAll('{slot}', String(slot))
  }

  #others(): readonly number[] {
    const { own, slots } = this.#options
    return Array.from({ length: slots }, (_, slot) => slot).filter((slot) => slot !== own)
  }
}

/** Which of the workers that are there takes an orphan: all of them come to the same answer. */
function adopterOf(slot: number, present: readonly number[]): number | undefined {
  const sorted = [...present].sort((a, b) => a - b)
  return sorted[slot % sorted.length]
}
