import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../scripts/ground/fetch/run-command.ts'
import { projectFolder } from '../../scripts/ground/place.ts'
import { type AlertCase, alertCases } from './alerts/cases.ts'
import { healthy, writtenOut } from './alerts/healthy.ts'
import { queryFaults } from './kit/queries.ts'
import { type Rule, renderedRules } from './kit/rules.ts'

let folder = ''
let rules: readonly Rule[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chart-alerts-'))
  rules = await renderedRules()
  writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'bridge', rules }] }))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

type Overlay = Readonly<Record<string, string | null>>

function test(name: string, overlay: Overlay, expectations: readonly object[]): object {
  const series = new Map(Object.entries(healthy))
  for (const [short, values] of Object.entries(overlay)) {
    if (values === null) series.delete(writtenOut(short))
    else series.set(writtenOut(short), values)
  }
  const input_series = [...series].map(([series, values]) => ({ series, values }))
  return { name, interval: '1m', input_series, alert_rule_test: expectations }
}

async function runTests(tests: readonly object[]): Promise<string> {
  const file = join(folder, `tests-${process.hrtime.bigint()}.yaml`)
  writeFileSync(file, JSON.stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }))
  return runCommand('promtool', ['test', 'rules', file])
}

function firing(alertname: string, minute: number, { labels, says }: AlertCase): object {
  const rule = rules.find((one) => one.alert === alertname)
  const annotations = { summary: says, runbook_url: `https://example.com/runbook.md#${alertname.toLowerCase()}` }
  return {
    eval_time: `${minute}m`,
    alertname,
    exp_alerts: [{ exp_labels: { ...labels, severity: rule?.labels['severity'] }, exp_annotations: annotations }],
  }
}

const silence = (alertname: string, minute: number): object => ({ eval_time: `${minute}m`, alertname, exp_alerts: [] })

describe('the alerts', () => {
  it('are all tried, and no other', () => {
    expect(rules.length).toBeGreaterThan(20)
    expect(rules.map(({ alert }) => alert).sort()).toEqual(Object.keys(alertCases).sort())
  })

  it('are right for promtool', async () => {
    await runCommand('promtool', ['check', 'rules', join(folder, 'rules.yaml')])
  })

  it('ask only for metrics, labels and label values that there are', () => {
    expect(rules.flatMap(({ alert, expr }) => queryFaults(expr).map((fault) => `${alert}: ${fault}`))).toEqual([])
  })

  it('have no placeholder left', () => {
    for (const { expr } of rules) expect(expr).not.toContain('$')
  })

  it('are all silent on a good day, with an upgrade in it', async () => {
    const minutes = [10, 30, 61, 62, 65, 75, 90, 150]
    await runTests([
      test(
        'a good day',
        {},
        rules.flatMap(({ alert }) => minutes.map((minute) => silence(alert, minute))),
      ),
    ])
  })

  it.each(Object.entries(alertCases))('%s fires in its minute and not before', async (alertname, one) => {
    const expectations = [silence(alertname, one.fromMinute - 1), firing(alertname, one.fromMinute, one)]
    const tests = [test('fires', one.series, expectations)]
    if (one.silent !== undefined) {
      tests.push(
        test(
          'stays silent',
          one.silent,
          Array.from({ length: 55 }, (_, minute) => silence(alertname, minute)),
        ),
      )
    }
    await runTests(tests)
  })

  it('would not pass with a wrong expectation', async () => {
    await expect(runTests([test('wrong', {}, [firing('BridgeDown', 10, alertCases['BridgeDown']!)])])).rejects.toThrow(
      'BridgeDown',
    )
  })

  it('have a section of docs/runbook.md each, under the anchor that they link to', () => {
    const page = readFileSync(join(projectFolder(), 'docs/runbook.md'), 'utf8')
    const sections = page.split(/^## /m).slice(1)
    const names = sections.map((section) => section.split('\n', 1)[0])
    expect(names).toEqual(rules.map(({ alert }) => alert))
    for (const section of sections) expect(section.length, section.slice(0, 40)).toBeGreaterThan(150)
  })
})
