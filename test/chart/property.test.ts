import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valuesSchema } from '../../scripts/chart/values-schema.ts'
import { layOver } from '../../src/config/layers.ts'
import { bridgeConfigOf } from './kit/bridge-config.ts'
import { drawn } from './kit/draw.ts'
import { existingNames } from './kit/existing.ts'
import { frozen } from './kit/frozen.ts'
import { at, helms, type KubeObject, parseObjects, render } from './kit/helm.ts'
import { policyFaults } from './kit/policy.ts'
import { typeFaults } from './kit/typed.ts'

/** CHART_RUNS=500 tries harder. */
const runs = Number(process.env['CHART_RUNS'] ?? 60)
/** CHART_SHRINK=1 looks for the smallest example. */
const endOnFailure = process.env['CHART_SHRINK'] !== '1'

/** Addresses have rules beyond the schema, and without them every third drawing would only be refused. */
const addresses = {
  config: {
    mqtt: { url: 'mqtts://emqx:8883' },
    kafka: { brokers: ['kafka:9092'] },
    registry: { url: 'https://registry:443' },
    emqx: { rest: { url: 'https://emqx-dashboard:18083' } },
  },
  credentials: { emqx: { secret: 'emqx-api' } },
}
/** What else must go together; see the guard of the chart. */
const some = { min: 2, max: 6 }
const company = {
  config: {
    kafka: {
      tls: { enabled: true },
      sasl: { mechanism: 'plain', oauth: { tokenEndpoint: 'https://login:443/token' } },
      partitions: { command: 10_000, thingInbox: 10_000 },
    },
    worker: { drainSeconds: 30 },
    observe: { port: 9464 },
    http: { port: 8080 },
    fleet: { enabled: true },
  },
  certManager: { issuer: { name: 'issuer' } },
  keda: { prometheus: 'http://prometheus:9090' },
  metrics: { monitor: 'pod' },
  topics: { strimzi: { cluster: 'events' } },
  alerts: { disabled: [] },
  // Only an HPA takes further metrics.
  ingest: { autoscaling: { ...some, mode: 'hpa' }, slots: 10_000 },
  command: { enabled: true, autoscaling: { ...some, metrics: [] } },
  fleet: { autoscaling: { ...some, metrics: [] } },
  http: { autoscaling: { ...some, metrics: [] }, tls: { issue: true } },
}

const values = fc
  .tuple(drawn(valuesSchema()), fc.integer({ min: 0, max: 9 }))
  .map(([value, plain]) => layOver(layOver(value, addresses), plain > 0 ? company : {}))

/** The chart's own words when values do not go together. */
const ownWords =
  /execution error at \(emqx-kafka-bridge\/templates\/[^)]+\): .*(config\.|credentials|tls\.|http\.tls|autoscaling|alerts|topics|enable at least|replicas)/

describe('values drawn from the schema', () => {
  it('render under both Helms to the same bytes that keep the policy and have the right types, or are refused in our words', async () => {
    const objects: KubeObject[] = []
    const refusals: string[] = []
    let rendered = 0
    const property = fc.asyncProperty(values, async (drawnValues) => {
      const [three, four] = await Promise.all(helms.map((helm) => render(helm, drawnValues)))
      expect(three?.ok).toBe(four?.ok)
      if (four === undefined || three === undefined || !four.ok || !three.ok) {
        for (const said of [three, four]) expect(said?.ok === false ? said.error : '').toMatch(ownWords)
        refusals.push(four?.ok === false ? four.error : '')
        return
      }
      rendered += 1
      expect(three.text).toBe(four.text)
      const now = parseObjects(four.text)
      objects.push(...now)
      expect(policyFaults(now, { existing: existingNames(drawnValues) })).toEqual([])
      expect(bridgeConfigOf(now)).toMatchObject(withoutNulls(at(drawnValues, 'config')) as object)
    })
    await fc.assert(property, { numRuns: runs, endOnFailure })
    // About two of three render; half would be missed by chance now and then.
    expect(rendered, refusals.join('')).toBeGreaterThan(runs / 4)
    expect(await typeFaults(objects)).toEqual([])
  }, 600_000)

  it('can be upgraded to one another: no field changes that Kubernetes does not let change', async () => {
    let compared = 0
    const property = fc.asyncProperty(values, values, async (before, after) => {
      const pair = await Promise.all(
        [before, after].map((one) => render('helm4', layOver(one as object, { fullnameOverride: '' }))),
      )
      const [old, now] = pair.map((one) => (one.ok ? parseObjects(one.text) : []))
      const fields = new Map(frozen(now ?? []))
      for (const [path, value] of frozen(old ?? [])) {
        if (!fields.has(path)) continue
        compared += 1
        expect(fields.get(path), path).toBe(value)
      }
    })
    await fc.assert(property, { numRuns: Math.ceil(runs / 3), endOnFailure })
    expect(compared).toBeGreaterThan(0)
  }, 600_000)
})

/** What the chart mounts or turns on replaces what was given, and a null may be left out. */
function withoutNulls(value: unknown, path = ''): unknown {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return value
  const mounted =
    /^(mqtt|kafka|registry|emqx\.rest)\.(sasl\.)?(username|apiKey|passwordFile|secretFile|tls\..*)$|^(mqtt|kafka|registry|emqx\.rest|http)\.(tls|sasl)$|^fleet\.enabled$/
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const here = path === '' ? key : `${path}.${key}`
      return member === null || mounted.test(here) ? [] : [[key, withoutNulls(member, here)]]
    }),
  )
}
