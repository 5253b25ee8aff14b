import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectFolder } from '../../scripts/ground/place.ts'
import { chartFolder } from './kit/helm.ts'

const read = (path: string): string => readFileSync(join(projectFolder(), path), 'utf8')

/** Every `    $ command` of a page with the indented lines that follow it. */
function examplesOf(page: string): readonly (readonly [command: string, output: string])[] {
  return [...page.matchAll(/^ {4}\$ (.+)\n((?: {4}(?!\$ ).+\n)+)/gm)].map(
    ([, command = '', output = '']): [string, string] => [command, output.replaceAll(/^ {4}/gm, '')],
  )
}

describe('docs/sizing.md', () => {
  it.each(examplesOf(read('docs/sizing.md')))('%s prints what the page says', (command, output) => {
    expect(execFileSync('sh', ['-c', command], { cwd: projectFolder(), encoding: 'utf8' })).toBe(output)
  })

  it('has examples', () => {
    expect(examplesOf(read('docs/sizing.md')).length).toBeGreaterThan(8)
  })
})

describe('the pages about running it', () => {
  const pages = [
    'docs/install.md',
    'docs/sizing.md',
    'docs/runbook.md',
    'docs/upgrade.md',
    'docs/threat-model.md',
    'SECURITY.md',
  ]

  it.each(pages)('%s names only values, options and metrics that there are', (path) => {
    const known = `${read('docs/configuration.md')}${read('docs/events.md')}${read('helm/values.schema.json')}`
    const page = read(path)
    for (const [name] of page.matchAll(/\bbridge_[a-z_]+[a-z]\b/g)) expect(known, name).toContain(name)
    for (const [, option = ''] of page.matchAll(/\bconfig\.([a-z][A-Za-z]*\.[A-Za-z.]*[A-Za-z])/g))
      expect(known, option).toContain(`\`${option}\``)
    const schema = JSON.parse(read('helm/values.schema.json')) as { properties: Record<string, object> }
    for (const [value, group = '', rest = ''] of page.matchAll(
      /\b(ingest|metrics|alerts|dashboards|networkPolicy|topics)\.([A-Za-z.]*[A-Za-z])\b/g,
    )) {
      if (value === 'topics.apply') continue
      let at: unknown = schema.properties[group]
      for (const key of rest.split('.'))
        at = (at as { properties?: Record<string, object> } | undefined)?.properties?.[key]
      expect(at, `${path}: ${value}`).toBeDefined()
    }
  })

  it('examples of values exist', () => {
    for (const [, name = ''] of read('docs/install.md').matchAll(/helm\/examples\/([a-z]+\.yaml)/g)) {
      expect(readFileSync(join(chartFolder, 'examples', name), 'utf8').length).toBeGreaterThan(50)
    }
  })
})
