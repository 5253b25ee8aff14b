import type { EventSpec } from './events/define-event.ts'
import { events } from './events/event.ts'
import { type Labels, metrics } from './events/metrics.ts'
import { standingGauges } from './standing-gauges.ts'

const intro = `# Events and metrics

<!-- Made by scripts/events-page.ts from src/observe. Do not edit. -->

The bridge logs and counts only through the events below: each is one line of JSON on standard output (\`level\`, \`time\`,
\`event\`, its fields, \`msg\`), or none, and what it does to the metrics on \`/metrics\`. Good work is silent; a change of
state is one line. An event that repeats without a change is logged at debug. No device, user, topic or error text is
ever a label: what is not in the closed set of a label counts as \`other\`.
`

/** docs/events.md. */
export function eventsPage(): string {
  const specs = Object.entries(events) as unknown as readonly (readonly [string, EventSpec])[]
  const eventRows = specs.map(([name, spec]) => {
    const fields = Object.entries(spec.fields).map(([field, { says }]) => `\`${field}\`: ${says}`)
    const moved = [...new Set(spec.moves.map((move) => `\`${move.metric}\``))]
    return `| \`${name}\` | ${spec.level ?? 'silent'} | ${spec.says} | ${fields.join('<br>')} | ${moved.join('<br>')} |`
  })
  const metricRows = Object.entries(metrics).map(([name, metric]) => {
    const labels = Object.keys(metric.labels satisfies Labels).map((label) => `\`${label}\``)
    return `| \`${name}\` | ${metric.kind} | ${labels.join(', ')} | ${metric.help} |`
  })
  const standing = standingGauges.map(
    ({ name, labels, help }) => `| \`${name}\` | gauge | ${labels.map((l) => `\`${l}\``).join(', ')} | ${help} |`,
  )
  const labelRows = Object.entries(labelSets()).map(
    ([label, values]) => `| \`${label}\` | ${[...values].map((value) => `\`${value}\``).join(', ')} |`,
  )
  return [
    intro,
    '## Events\n',
    '| Event | Level | Line | Fields | Metrics |',
    '| --- | --- | --- | --- | --- |',
    ...eventRows,
    '\n## Metrics\n',
    'Besides these, `process_*` and `nodejs_*` of the process.\n',
    '| Metric | Type | Labels | Meaning |',
    '| --- | --- | --- | --- |',
    ...standing,
    ...metricRows,
    '\n## Label values\n',
    '| Label | Values |',
    '| --- | --- |',
    ...labelRows,
    '',
  ].join('\n')
}

function labelSets(): Record<string, Set<string>> {
  const sets: Record<string, Set<string>> = {}
  for (const [name, metric] of Object.entries(metrics)) {
    for (const [label, values] of Object.entries(metric.labels satisfies Labels)) {
      const key =
        label === 'result' || label === 'code' || label === 'reason' || label === 'status' ? `${name}{${label}}` : label
      sets[key] = new Set([...(sets[key] ?? []), ...values])
    }
  }
  return sets
}
