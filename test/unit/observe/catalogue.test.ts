import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { DeadLetterCode } from '../../../src/device/device-dead-letter.ts'
import { reasonNames } from '../../../src/mqtt/reason-codes.ts'
import { eventsPage } from '../../../src/observe/docs-page.ts'
import {
  type commandStates,
  deadLetterCodes,
  ignoreReasons,
  mqttReasons,
} from '../../../src/observe/events/closed-sets.ts'
import type { EventSpec, FieldKind } from '../../../src/observe/events/define-event.ts'
import { type BridgeEvent, events } from '../../../src/observe/events/event.ts'
import { type Labels, type Metric, metrics } from '../../../src/observe/events/metrics.ts'
import { Observer } from '../../../src/observe/observer.ts'
import { standingGauges } from '../../../src/observe/standing-gauges.ts'
import type { CommandState } from '../../../src/records/generated/command-status.ts'
import { sourceFiles } from '../source-files.ts'

const specs = Object.entries(events) as unknown as [string, EventSpec][]
const known = Object.entries(metrics) as unknown as [string, Metric][]

const samples: Readonly<Record<FieldKind, (text: string) => unknown>> = {
  text: (text) => text,
  count: () => 3,
  counts: () => [3, 4],
  flag: () => true,
  texts: (text) => [text],
  tally: (text) => new Map([[text, 2]]),
}

/** An event of that name with some value in each of its fields. */
function sample(name: string, spec: EventSpec, text: string): BridgeEvent {
  const fields = Object.entries(spec.fields).map(([field, { kind }]) => [field, samples[kind](text)])
  return { event: name, ...Object.fromEntries(fields) } as BridgeEvent
}

function observer() {
  const stream = { write: () => undefined }
  return new Observer({ level: 'fatal', version: '1', node: 'v20', stream })
}

/** Series of the text format: every line that is no comment. */
async function seriesOf(observed: Observer): Promise<string[]> {
  const lines = (await observed.metricsText()).split('\n')
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
}

describe('every event', () => {
  it('can be emitted, and each moves only what it says', async () => {
    for (const [name, spec] of specs) {
      const observed = observer()
      const before = await observed.metricsText()
      observed.emit(sample(name, spec, 'x'))
      const after = await observed.metricsText()
      const moved = new Set(
        after
          .split('\n')
          .filter((line) => !before.includes(`${line}\n`))
          .map((line) => line.split(/[ {]/, 1)[0]?.replace(/_(bucket|sum|count)$/, '') ?? ''),
      )
      const allowed = new Set<string>([...spec.moves.map((move) => move.metric), 'bridge_conservation_difference'])
      expect(
        [...moved].filter((metric) => !allowed.has(metric)),
        name,
      ).toEqual([])
      // A gauge that is set to the 0 it has does not show.
      if (spec.moves.some((move) => move.how !== 'set')) expect(moved.size, name).toBeGreaterThan(0)
    }
  })

  it('has a line fit for people: no capital, no full stop, nothing from a device', () => {
    for (const [name, spec] of specs) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/)
      expect(spec.says, name).toMatch(/^(?!.*\.$)./)
      expect(spec.says, name).toMatch(/^([a-z]|Kafka)/)
      for (const field of Object.keys(spec.fields)) {
        expect(field, name).not.toMatch(/payload|user|deviceSn|serial|topic$|password|secret/i)
      }
    }
  })

  it('that another one clears is one that repeats', () => {
    for (const [name, spec] of specs) {
      if (spec.clears === undefined) continue
      expect(specs.find(([other]) => other === spec.clears?.event)?.[1].repeats, name).toBeDefined()
    }
  })

  it('is on the page, and the page is fresh', () => {
    expect(readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8')).toBe(eventsPage())
    for (const name of [...Object.keys(events), ...Object.keys(metrics)])
      expect(eventsPage()).toContain(`| \`${name}\` |`)
  })
})

describe('every metric', () => {
  it('is moved by some event', () => {
    const moved = new Set<string>(specs.flatMap(([, spec]) => spec.moves.map((move) => move.metric)))
    expect(known.map(([name]) => name).filter((name) => !moved.has(name))).toEqual([])
  })

  it('has a name and labels that promtool would take', async () => {
    const observed = observer()
    observed.watchProcess()
    const text = await observed.metricsText()
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name: name!, type: type! }))
    const helps = new Map([...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name, help]) => [name, help]))
    expect(types.length).toBeGreaterThan(known.length + 10)
    for (const { name, type } of types) {
      expect(helps.get(name), name).toMatch(/\S/)
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      if (type !== 'histogram') expect(name).not.toMatch(/_(count|sum|bucket)$/)
      expect(name).not.toMatch(/_(counter|gauge|histogram|summary)(_|$)/)
      expect(name).not.toMatch(
        /_(ms|millis|milliseconds|minutes|hours|days|micros|nanos|us|ns|kb|mb|kilobytes|megabytes|bits|percent)(_|$)/,
      )
    }
    const own = types.map(({ name }) => name).filter((name) => !/^(process|nodejs)_/.test(name))
    expect(own.toSorted()).toEqual([...Object.keys(metrics), ...standingGauges.map(({ name }) => name)].toSorted())
    for (const name of own) expect(name).toMatch(/^bridge_/)
    for (const [, metric] of known) {
      for (const label of Object.keys(metric.labels)) {
        expect(label).toMatch(/^[a-z][a-z_]*$/)
        expect(['le', 'quantile', 'job', 'instance', 'device', 'topic', 'user', 'thing', 'serial']).not.toContain(label)
      }
    }
  })

  it('is there as 0 before anything happens, label values included', async () => {
    const series = await seriesOf(observer())
    for (const [name, metric] of known) {
      const [label, ...more] = Object.entries<readonly string[]>(metric.labels satisfies Labels)
      if (metric.kind === 'histogram' || more.length > 0) continue
      if (label === undefined) expect(series).toContain(name)
      else for (const value of label[1]) expect(series).toContain(`${name}{${label[0]}="${value}"}`)
    }
  })

  it('has no more series after 10,000 devices have sent nonsense', async () => {
    const observed = observer()
    const labelled = specs.filter(([, spec]) => spec.moves.some((move) => move.labels !== null || move.each !== null))
    expect(labelled.length).toBeGreaterThan(8)
    const emitAll = (text: string) => {
      for (const [name, spec] of labelled) observed.emit(sample(name, spec, text))
    }
    emitAll('first nonsense')
    const before = await seriesOf(observed)
    for (let device = 0; device < 10_000; device += 1) emitAll(`SN${device}`)
    expect(await seriesOf(observed)).toEqual(before)
    expect(before.length).toBeLessThan(1000)
  })
})

describe('closed sets', () => {
  it('hold every value that the code can give', () => {
    const codes: readonly DeadLetterCode[] = [] satisfies readonly (typeof deadLetterCodes)[number][]
    const everyCode: readonly (typeof deadLetterCodes)[number][] = codes
    const states: readonly CommandState[] = []
    const everyState: readonly (typeof commandStates)[number][] = states
    expect([...everyCode, ...everyState]).toEqual([])
    expect(reasonNames.filter((name) => !mqttReasons.some((reason) => reason === name))).toEqual([])
  })

  it('hold every reason to ignore that stands in the source', () => {
    const found = sourceFiles().flatMap(({ text }) =>
      [...text.matchAll(/(?:'ignored', reason: |\.ignore\()'(\w+)'/g)].map(([, name]) => name!),
    )
    expect(found.length).toBeGreaterThan(0)
    expect(found.filter((name) => !ignoreReasons.some((reason) => reason === name))).toEqual([])
  })

  it('hold every dead-letter code of the device room', () => {
    const text = sourceFiles().find(({ path }) => path === 'device/device-dead-letter.ts')?.text ?? ''
    const found = [...text.matchAll(/^ {2}([A-Z_]+): '(?:TOPIC|DECODE|PARSE|VALIDATE|ENCODE|PRODUCE)'/gm)].map(
      ([, name]) => name!,
    )
    expect(found.length).toBeGreaterThan(20)
    expect(found.filter((name) => !deadLetterCodes.some((code) => code === name))).toEqual([])
  })
})
