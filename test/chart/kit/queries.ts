import { collectDefaultMetrics, Registry } from 'prom-client'
import { type Metric, metrics } from '../../../src/observe/events/metrics.ts'
import { standingGauges } from '../../../src/observe/standing-gauges.ts'

/** What the scrape, the monitor and Prometheus itself add. */
const scraped = ['namespace', 'release', 'role', 'pod']

/** Label to its values; null: any. */
type LabelsOf = Readonly<Record<string, readonly string[] | null>>

const known = new Map<string, LabelsOf>([['up', {}]])
for (const { name, labels } of standingGauges) known.set(name, Object.fromEntries(labels.map((label) => [label, null])))
for (const [name, metric] of Object.entries<Metric>(metrics)) {
  if (metric.kind !== 'histogram') known.set(name, metric.labels)
  else
    for (const part of ['_bucket', '_sum', '_count'])
      known.set(name + part, { ...metric.labels, ...(part === '_bucket' && { le: null }) })
}
const ofProcess = new Registry()
collectDefaultMetrics({ register: ofProcess })
for (const { name } of await ofProcess.getMetricsAsJSON()) known.set(name, {})

const words = /\b(?:(?:bridge|process|nodejs)_[a-z0-9_]+|up(?=\{))/g

/** What a query asks for that there is not: metrics, labels, values of labels from a closed set. */
export function queryFaults(query: string): readonly string[] {
  const names = [...new Set(query.match(words) ?? [])]
  const faults = names.flatMap((name) => (known.has(name) ? [] : [`there is no metric ${name}`]))
  if (names.length === 0) faults.push('asks for nothing')
  for (const [, name = '', selector = ''] of query.matchAll(/([a-z0-9_]+)\{([^}]*)\}/g)) {
    const labels = known.get(name) ?? {}
    for (const [, label = '', operator = '', value = ''] of selector.matchAll(/([a-z_]+)(=~|!~|!=|=)"([^"]*)"/g)) {
      if (!scraped.includes(label) && !(label in labels)) faults.push(`${name} has no label ${label}`)
      const values = labels[label]
      if (values === null || values === undefined) continue
      const asked = operator.endsWith('~') ? value.split('|') : [value]
      for (const one of asked) if (!values.includes(one)) faults.push(`${name}: ${label} is never ${one}`)
    }
  }
  for (const [, list = ''] of query.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of list.split(',').map((text) => text.trim())) {
      const has = names.some((name) => label in (known.get(name) ?? {}))
      if (!has && !scraped.includes(label)) faults.push(`nothing has the label ${label}`)
    }
  }
  return faults
}
