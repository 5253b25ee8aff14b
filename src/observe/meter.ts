import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Move } from './events/define-event.ts'
import { type Labels, type MetricName, metrics } from './events/metrics.ts'

/** A label with more values than this is not written as zero before its first event. */
const mostInitialSeries = 64

/** Gauges of prom-client that end in `_total`, which only counters may. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

type Values = Readonly<Record<string, unknown>>

/** Keeps the metrics of the catalogue, in a registry of its own. */
export class Meter {
  readonly registry = new Registry()
  readonly #counters = new Map<string, Counter>()
  readonly #gauges = new Map<string, Gauge>()
  readonly #histograms = new Map<string, Histogram>()

  constructor() {
    const registers = [this.registry]
    for (const [name, metric] of Object.entries(metrics)) {
      const labels: Labels = metric.labels
      const options = { name, help: metric.help, labelNames: Object.keys(labels), registers }
      if (metric.kind === 'counter') {
        const counter = new Counter(options)
        for (const zero of combinations(labels)) counter.inc(zero, 0)
        this.#counters.set(name, counter)
      } else if (metric.kind === 'gauge') {
        const gauge = new Gauge(options)
        for (const zero of combinations(labels)) gauge.set(zero, 0)
        this.#gauges.set(name, gauge)
      } else {
        this.#histograms.set(name, new Histogram({ ...options, buckets: [...metric.buckets] }))
      }
    }
  }

  /** Adds what Node.js and the operating system say about this process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry })
    for (const name of misnamed) this.registry.removeSingleMetric(name)
  }

  apply(move: Move<Values>, values: Values): void {
    const { metric } = move
    if (move.how === 'tally') {
      const { each } = move
      if (each === null) return
      for (const [key, count] of each.of(values)) {
        this.#counters.get(metric)?.inc(closed(metric, { [each.label]: key }), count)
      }
      return
    }
    const by = move.by(values)
    if (by === null) return
    const labels = move.labels === null ? {} : closed(metric, move.labels(values))
    if (typeof by !== 'number') {
      for (const one of by) this.#histograms.get(metric)?.observe(labels, one)
      return
    }
    if (move.how === 'add') this.#counters.get(metric)?.inc(labels, by)
    else if (move.how === 'change') this.#gauges.get(metric)?.inc(labels, by)
    else if (move.how === 'set') this.#gauges.get(metric)?.set(labels, by)
    else this.#histograms.get(metric)?.observe(labels, by)
  }
}

/** A label value outside its closed set becomes `other`. */
function closed(metric: MetricName, labels: Readonly<Record<string, string>>): Record<string, string> {
  const sets: Labels = metrics[metric].labels
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(labels)) {
    result[name] = sets[name]?.includes(value) === true ? value : 'other'
  }
  return result
}

function combinations(labels: Labels): Record<string, string>[] {
  let rows: Record<string, string>[] = [{}]
  for (const [name, values] of Object.entries(labels)) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })))
  }
  return rows.length <= mostInitialSeries ? rows : []
}
