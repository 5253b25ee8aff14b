import { readdir } from 'node:fs/promises'
import { median } from '../../bench/measure/quantile.ts'
import type { IngestWorker } from '../../test/kit/ingest-worker.ts'

interface Sample {
  readonly residentMb: number
  /** Open files and sockets. */
  readonly handles: number
  /** Lines of `/metrics`. */
  readonly series: number
}

/**
 * What the median of the last quarter may be more than that of the second. The first quarter is for warming up. Series
 * come into being with the first event of their kind, from closed sets; memory breathes with the garbage collector.
 */
const mayGrow: Readonly<Record<keyof Sample, (before: number) => number>> = {
  residentMb: (before) => Math.max(30, before * 0.2),
  handles: () => 5,
  series: (before) => before * 0.1,
}

const everyMs = 1000
const atLeast = 12

/** Looks at a worker once a second, when nothing of a fault is on its way, and says whether it stayed as it was. */
export class FlatWatch {
  readonly #samples: Sample[] = []
  readonly #worker: IngestWorker
  readonly #isAtRest: () => boolean
  readonly #timer: NodeJS.Timeout
  #failed: unknown = null

  constructor(worker: IngestWorker, isAtRest: () => boolean) {
    this.#worker = worker
    this.#isAtRest = isAtRest
    this.#timer = setInterval(() => {
      this.#look().catch((error: unknown) => {
        this.#failed = error
      })
    }, everyMs)
  }

  /** What does not hold; prints what was seen. */
  stop(say: (text: string) => void): string[] {
    clearInterval(this.#timer)
    const samples = this.#samples
    if (samples.length < atLeast) return [`only ${samples.length} looks at the worker: ${String(this.#failed)}`]
    const quarter = samples.length / 4
    const [second, last] = [samples.slice(quarter, quarter * 2), samples.slice(quarter * 3)]
    return (Object.keys(mayGrow) as (keyof Sample)[]).flatMap((what) => {
      const [before, after] = [second, last].map((part) => median(part.map((sample) => sample[what])))
      if (before === undefined || after === undefined) return []
      const limit = mayGrow[what](before)
      const told = `${what}: median ${before.toFixed(0)} in the second quarter, ${after.toFixed(0)} in the last, may grow by ${limit.toFixed(0)}`
      say(`${told} (${samples.length} looks)`)
      return after - before > limit ? [told] : []
    })
  }

  async #look(): Promise<void> {
    if (!this.#isAtRest()) return
    const { process } = this.#worker
    const [usage, handles, metrics] = await Promise.all([
      process.usage(),
      readdir(`/proc/${process.pid}/fd`),
      this.#worker.metrics(),
    ])
    this.#samples.push({ residentMb: usage.rssBytes / 1e6, handles: handles.length, series: metrics.size })
  }
}
