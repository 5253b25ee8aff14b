/**
 * Breaks the product on purpose, one line at a time, and runs the test that has to notice: `make mutants`, or
 * `npx tsx scripts/mutants.ts acknowledges` for those whose name contains that word. Works in a copy of what git knows.
 *
 * A mutant is caught when a test fails. It survives when all pass; it is stale when its line is not there any more. Each
 * of its tests is run without it first and must pass, or its failing would say nothing.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openGround } from './ground/open-ground.ts'
import { type Mutant, mutants } from './mutants/list.ts'

interface Counts {
  readonly numPassedTests: number
  /** False also when a hook failed, and no test ran. */
  readonly success: boolean
}

type Verdict = 'caught' | 'SURVIVED' | 'STALE' | 'NOT SOUND'

const wanted = mutants.filter(({ name }) => process.argv.slice(2).every((word) => name.includes(word)))
if (wanted.length === 0) {
  console.error('no mutant has a name like that; see scripts/mutants/list.ts')
  process.exit(64)
}

const copy = mkdtempSync(join(tmpdir(), 'bridge-mutants-'))
const ground = await openGround()
const environment = { ...process.env }
const sound = new Map<string, boolean>()
let bad = 0
try {
  copyTree()
  if (wanted.some(({ project }) => project === 'system')) {
    const [kafka, registry, mosquitto] = await Promise.all([ground.kafka(), ground.registry(), ground.mosquitto()])
    const shared = { kafkaBrokers: kafka.brokers, registryUrl: registry.url, mqttUrl: mosquitto.url }
    environment['SHARED_GROUND'] = JSON.stringify(shared)
  }
  for (const mutant of wanted) {
    const began = Date.now()
    const verdict = judge(mutant)
    if (verdict !== 'caught') bad += 1
    const seconds = ((Date.now() - began) / 1000).toFixed(0)
    console.log(`${verdict.padEnd(9)}  ${mutant.name} (${mutant.file}; ${mutant.test}, ${seconds} s)`)
  }
} finally {
  await ground.close()
  rmSync(copy, { recursive: true, force: true })
}
console.log(`${wanted.length} mutants, ${wanted.length - bad} caught, ${bad} not`)
process.exitCode = bad === 0 ? 0 : 1

function copyTree(): void {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  })
  for (const file of stdout.split('\0').filter((name) => name !== '' && existsSync(name))) {
    cpSync(file, join(copy, file), { recursive: true })
  }
  for (const folder of ['node_modules', '.ground']) {
    if (existsSync(folder)) symlinkSync(join(process.cwd(), folder), join(copy, folder))
  }
}

function judge(mutant: Mutant): Verdict {
  const path = join(copy, mutant.file)
  const original = readFileSync(path, 'utf8')
  if (original.split(mutant.find).length !== 2) return 'STALE'
  if (!isSound(mutant)) return 'NOT SOUND'
  writeFileSync(
    path,
    original.replace(mutant.find, () => mutant.replace),
  )
  try {
    const counts = run(mutant)
    return counts !== null && !counts.success ? 'caught' : 'SURVIVED'
  } finally {
    writeFileSync(path, original)
  }
}

/** Whether its tests pass as the product is. */
function isSound(mutant: Mutant): boolean {
  const key = `${mutant.test} ${mutant.only ?? ''}`
  const known = sound.get(key)
  if (known !== undefined) return known
  const counts = run(mutant)
  const is = counts !== null && counts.numPassedTests > 0 && counts.success
  sound.set(key, is)
  return is
}

/** Null: vitest has left no report. */
function run({ project, test, only }: Mutant): Counts | null {
  const report = `${copy}.json`
  rmSync(report, { force: true })
  // A mutant may break a type: what is emitted counts.
  if (project === 'system') spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: copy })
  const filter = only === undefined ? [] : ['-t', only]
  spawnSync(
    'npx',
    ['vitest', 'run', '--project', project, test, ...filter, '--bail=1', '--reporter=json', `--outputFile=${report}`],
    { cwd: copy, env: environment },
  )
  if (!existsSync(report)) return null
  const counts = JSON.parse(readFileSync(report, 'utf8')) as Counts
  rmSync(report)
  return counts
}
