/**
 * Runs everything that `make test` stands for and ends with one line over all of it: `N passed, N failed`.
 * SOAK_MINUTES=5 adds a soak of so long, as CI does.
 * Each check counts as one; each test of vitest as one. Goes on after a failure, so that one run tells all.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

interface Check {
  readonly name: string
  readonly command: readonly [string, ...string[]]
}

const checks: readonly Check[] = [
  { name: 'lock file', command: ['npx', 'tsx', 'scripts/lock-platforms.ts', '--check'] },
  { name: 'types', command: ['npx', 'tsc', '-p', 'tsconfig.json'] },
  { name: 'format', command: ['npx', 'biome', 'check', '.'] },
  { name: 'lint', command: ['npx', 'oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'dead code', command: ['npx', 'knip'] },
  { name: 'generated records', command: ['npx', 'tsx', 'scripts/records.ts', '--check'] },
  { name: 'configuration page', command: ['npx', 'tsx', 'scripts/config-page.ts', '--check'] },
  { name: 'performance page', command: ['npx', 'tsx', 'scripts/performance-page.ts', '--check'] },
  { name: 'scale page', command: ['npx', 'tsx', 'scripts/scale-page.ts', '--check'] },
  { name: 'table of faults', command: ['npx', 'tsx', 'scripts/faults-table.ts', '--check'] },
  { name: 'events page', command: ['npx', 'tsx', 'scripts/events-page.ts', '--check'] },
  { name: 'OpenAPI description', command: ['npx', 'tsx', 'scripts/openapi.ts', '--check'] },
]

const soakMinutes = process.env['SOAK_MINUTES'] ?? '0'
const soak: Check = { name: `soak of ${soakMinutes} minutes`, command: ['npx', 'tsx', 'faults/soak.ts', soakMinutes] }

/** What failed, by name: said once more at the end, where a reader of a cut log looks. */
const failures: string[] = []
let passed = 0
let failed = 0
let skipped = 0

for (const { name, command } of soakMinutes === '0' ? checks : [...checks, soak]) {
  const [program, ...args] = command
  const began = Date.now()
  const { status } = spawnSync(program, args, { stdio: 'inherit' })
  const word = status === 0 ? 'ok    ' : 'FAILED'
  console.log(`${word} ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  if (status === 0) passed += 1
  else {
    failed += 1
    failures.push(name)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'bridge-tests-'))
const report = join(folder, 'vitest.json')
const run = spawnSync(
  'npx',
  ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
try {
  const counts = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly numPassedTests: number
    readonly numFailedTests: number
    readonly numPendingTests: number
    readonly testResults: readonly {
      readonly name: string
      readonly status: string
      readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
    }[]
  }
  passed += counts.numPassedTests
  failed += counts.numFailedTests
  skipped += counts.numPendingTests
  for (const { name, status, assertionResults } of counts.testResults) {
    const bad = assertionResults.filter((each) => each.status === 'failed').map(({ fullName }) => fullName)
    const place = relative(process.cwd(), name)
    if (bad.length > 0) failures.push(...bad.map((test) => `${place}: ${test}`))
    else if (status === 'failed') failures.push(place)
  }
  // A file that could not even be loaded has no failed test of its own.
  if (run.status !== 0 && counts.numFailedTests === 0) failed += 1
  if (counts.numPassedTests === 0) failed += 1
} catch (error) {
  console.error(`vitest left no report: ${String(error)}`)
  failed += 1
}
rmSync(folder, { recursive: true, force: true })

for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 ? 0 : 1
