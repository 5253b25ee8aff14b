import { getHeapStatistics } from 'node:v8'
import { Conservation } from './conservation.ts'
import type { EventSpec } from './events/define-event.ts'
import { type BridgeEvent, type Emit, events } from './events/event.ts'
import { Log, type LogOptions } from './log.ts'
import { Meter } from './meter.ts'
import { type SetStanding, Standing } from './standing-gauges.ts'

export interface ObserverOptions extends LogOptions {
  /** Version of the bridge, for bridge_build_info. */
  readonly version: string
  /** Version of Node.js, likewise. */
  readonly node: string
}

type Spec = EventSpec

/** Turns events into log lines and metrics. One for each process; pass `emit` on. */
export class Observer {
  readonly conservation: Conservation
  /** Says where the values of a standing gauge come from. */
  readonly setStanding: SetStanding
  readonly #log: Log
  readonly #meter = new Meter()
  readonly #beforeScrape: (() => void)[] = []
  /** Event name, then subject, to the state that was logged last. Subjects are our own parts, so it stays small. */
  readonly #logged = new Map<string, Map<string, string>>()

  constructor(options: ObserverOptions) {
    this.#log = new Log(options)
    this.setStanding = new Standing(this.#meter.registry).set
    this.conservation = new Conservation(this.setStanding)
    const build = { version: options.version, node_version: options.node }
    this.setStanding('bridge_build_info', () => [[build, 1]])
    const { heap_size_limit: heapLimit } = getHeapStatistics()
    this.setStanding('bridge_heap_limit_bytes', () => [[{}, heapLimit]])
  }

  readonly emit: Emit = (event: BridgeEvent): void => {
    const spec = events[event.event] as unknown as Spec
    this.conservation.see(event)
    for (const move of spec.moves) this.#meter.apply(move, event)
    if (spec.clears !== undefined) this.#logged.get(spec.clears.event)?.delete(spec.clears.subject(event))
    if (spec.level === null) return
    const level = this.#isRepeat(event, spec) ? 'debug' : spec.level
    this.#log.write(level, event.event, event, Object.keys(spec.fields), spec.says)
  }

  /** Adds what Node.js and the operating system say about this process to the metrics. */
  watchProcess(): void {
    this.#meter.watchProcess()
  }

  /** `run` is called at the start of every scrape: the moment to emit counts that were collected on the side. */
  beforeScrape(run: () => void): void {
    this.#beforeScrape.push(run)
  }

  get contentType(): string {
    return this.#meter.registry.contentType
  }

  /** All metrics in Prometheus' text format. */
  async metricsText(): Promise<string> {
    for (const run of this.#beforeScrape) run()
    return this.#meter.registry.metrics()
  }

  #isRepeat(event: BridgeEvent, spec: Spec): boolean {
    if (spec.repeats === undefined) return false
    const subject = spec.repeats.subject(event)
    const state = spec.repeats.state(event)
    const subjects = this.#logged.get(event.event) ?? new Map<string, string>()
    this.#logged.set(event.event, subjects)
    if (subjects.get(subject) === state) return true
    subjects.set(subject, state)
    return false
  }
}
