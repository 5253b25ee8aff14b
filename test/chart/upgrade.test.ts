import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { projectFolder } from '../../scripts/ground/place.ts'
import { frozen } from './kit/frozen.ts'
import { chartFolder, objectsOf, valuesFiles } from './kit/helm.ts'

/**
 * Of every released chart: the fields that Kubernetes does not let change, by values file. A release adds its own with
 * CHART_RELEASE=1; a file that is there is never changed, because the clusters out there have what it says.
 */
const folder = join(projectFolder(), 'test/chart/released')

/** Jobs are named by what they run, so another release is another Job. */
async function frozenNow(values: unknown): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(frozen(await objectsOf(values)).filter(([path]) => !path.startsWith('Job/')))
}

it.runIf(process.env['CHART_RELEASE'] === '1')('write down what this release has', async () => {
  const { version } = parse(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8')) as { version: string }
  const release: Record<string, unknown> = {}
  for (const [name, values] of valuesFiles()) release[name] = await frozenNow(values)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${version}.json`), `${JSON.stringify(release, null, 2)}\n`, { flag: 'wx' })
})

const released = readdirSync(folder).map((name): [string, string] => [name, readFileSync(join(folder, name), 'utf8')])

it.each(released)('what %s installed can be upgraded to this chart', async (_name, text) => {
  const files = valuesFiles()
  let compared = 0
  for (const [name, fields] of Object.entries(JSON.parse(text) as Record<string, Record<string, string>>)) {
    if (!files.has(name)) continue
    const now = await frozenNow(files.get(name))
    for (const [path, value] of Object.entries(fields)) {
      if (!(path in now)) continue
      expect(now[path], `${name}: ${path}`).toBe(value)
      compared += 1
    }
  }
  expect(compared).toBeGreaterThan(10)
})

it('would notice a field that must not change', async () => {
  const before = await frozenNow({})
  const text = JSON.stringify(await objectsOf({})).replaceAll(
    '"podManagementPolicy":"Parallel"',
    '"podManagementPolicy":"OrderedReady"',
  )
  const after = Object.fromEntries(frozen(JSON.parse(text)))
  expect(Object.keys(before).filter((path) => after[path] !== before[path])).toEqual([
    'StatefulSet/demo-emqx-kafka-bridge-ingest spec.podManagementPolicy',
  ])
})
