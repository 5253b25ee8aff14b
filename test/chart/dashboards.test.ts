import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommand } from '../../scripts/ground/fetch/run-command.ts'
import { at, chartFolder, objectsOf, only, valuesFiles } from './kit/helm.ts'
import { queryFaults } from './kit/queries.ts'

interface Panel {
  readonly title: string
  readonly type: string
  readonly description?: string
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } }
  readonly targets?: readonly { readonly expr: string }[]
}

const folder = join(chartFolder, 'files/dashboards')
const files = readdirSync(folder).map((name): [string, string] => [name, readFileSync(join(folder, name), 'utf8')])
const panelsOf = (text: string): readonly Panel[] =>
  (JSON.parse(text) as { panels: Panel[] }).panels.filter(({ type }) => type !== 'row')

function queriesOf(text: string): readonly { title: string; expr: string }[] {
  return panelsOf(text).flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
}

/** Grafana's variables as Prometheus would see them. */
function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$[a-z]+/g, '.*')
}

it.each(files)('%s: every panel says what it shows, in a unit', (_name, text) => {
  expect(panelsOf(text).length).toBeGreaterThan(20)
  for (const { title, description, fieldConfig, targets = [] } of panelsOf(text)) {
    expect(description?.length, title).toBeGreaterThan(10)
    expect(fieldConfig?.defaults.unit, title).toBeTruthy()
    expect(targets.length, title).toBeGreaterThan(0)
  }
})

it.each(files)('%s: asks only for metrics, labels and label values that there are', (_name, text) => {
  const faults = queriesOf(text).flatMap(({ title, expr }) =>
    queryFaults(filledIn(expr)).map((fault) => `${title}: ${fault}`),
  )
  expect(faults).toEqual([])
  expect(queryFaults('sum by (mood) (rate(bridge_received_totl{colour="red"}[5m]))')).toHaveLength(3)
})

it.each(files)('%s: every query is right for promtool', async (_name, text) => {
  const box = mkdtempSync(join(tmpdir(), 'chart-dashboards-'))
  const check = async (exprs: readonly string[]) => {
    const rules = exprs.map((expr, index) => ({ record: `q:${index}`, expr }))
    writeFileSync(join(box, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'queries', rules }] }))
    return runCommand('promtool', ['check', 'rules', '--lint=none', join(box, 'rules.yaml')])
  }
  try {
    const exprs = queriesOf(text).map(({ expr }) => filledIn(expr))
    expect(await check(exprs)).toContain(`${exprs.length} rules found`)
    await expect(check(['sum(bridge_ready'])).rejects.toThrow('unclosed')
  } finally {
    rmSync(box, { recursive: true })
  }
})

it('they are in the ConfigMap, byte for byte', async () => {
  const map = only(await objectsOf(valuesFiles().get('watched.yaml')), 'ConfigMap', '-dashboards')
  expect(at(map, 'data')).toEqual(Object.fromEntries(files))
})
