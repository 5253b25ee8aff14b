import type { FleetResult } from '../records/generated/fleet-result.ts'

/** How long an answer is given again instead of doing the work again (fleets 2.8). */
const REMEMBER_MS = 24 * 3_600_000

/** The answers of the last day by record key and requestId, whatever the topic and the operation. */
export class ResultsMemory {
  readonly #byKey = new Map<string | null, Map<string, FleetResult>>()
  /** Oldest first, so that forgetting looks at the front only. */
  #order: { readonly key: string | null; readonly result: FleetResult }[] = []
  #front = 0

  /** The first answer to this request, when it is less than a day old. */
  recall(key: string | null, requestId: string, now: number): FleetResult | null {
    const result = this.#byKey.get(key)?.get(requestId)
    return result !== undefined && now - result.occurredAt < REMEMBER_MS ? result : null
  }

  /** Takes a record of the results topic; repeats of an answer do not prolong it. */
  remember(key: string | null, result: FleetResult): void {
    if (result.duplicate) return
    let ofKey = this.#byKey.get(key)
    if (ofKey === undefined) {
      ofKey = new Map()
      this.#byKey.set(key, ofKey)
    }
    ofKey.set(result.requestId, result)
    this.#order.push({ key, result })
  }

  /** Drops what is too old to be asked for. Call it now and then. */
  forget(now: number): void {
    for (;;) {
      const oldest = this.#order[this.#front]
      if (oldest === undefined || now - oldest.result.occurredAt < REMEMBER_MS) break
      this.#front += 1
      const ofKey = this.#byKey.get(oldest.key)
      if (ofKey?.get(oldest.result.requestId) !== oldest.result) continue
      ofKey.delete(oldest.result.requestId)
      if (ofKey.size === 0) this.#byKey.delete(oldest.key)
    }
    if (this.#front > 1000 && this.#front * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#front)
      this.#front = 0
    }
  }
}
