import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readScenarios, runScenario } from '../kit/scenario.ts'

const folder = new URL('../scenarios/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

test('there are scenarios to run', () => {
  expect(files).toEqual(expect.arrayContaining(['attendance.json', 'presence.json']))
  for (const file of files) expect(readScenarios(new URL(file, folder)).length, file).toBeGreaterThan(0)
})

describe.each(files)('%s', (file) => {
  test.each(readScenarios(new URL(file, folder)).map((scenario) => [scenario.id, scenario.title, scenario] as const))(
    '%s %s',
    async (_id, _title, scenario) => {
      expect(scenario.steps.length).toBeGreaterThan(0)
      await runScenario(scenario)
    },
  )
})
