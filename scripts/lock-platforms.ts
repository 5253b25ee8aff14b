/**
 * Completes package-lock.json after `npm install`.
 *
 * A registry mirror that holds only some platforms' packages makes npm leave the others out of the lock file, and
 * `npm ci` then refuses it. This adds an entry for each optional platform package that is named and missing; npm
 * fetches one only on its own platform. `--check` exits with 1 when something is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly dev?: boolean
}

const file = 'package-lock.json'
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, object> }
const known = {
  os: ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'],
  cpu: ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'],
}

let examined = 0
const missing: string[] = []
for (const parent of Object.values(lock.packages) as LockedPackage[]) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    examined += 1
    const place = `node_modules/${name}`
    if (Object.keys(lock.packages).some((path) => path === place || path.endsWith(`/${place}`))) continue
    const parts = name.split(/[/-]/)
    const os = known.os.filter((word) => parts.includes(word))
    const cpu = known.cpu.filter((word) => parts.includes(word))
    // Only what names its platform can be left to npm to skip on all others.
    if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name} does not say its platform; add it by hand`)
    const libc = parts.some((part) => part.startsWith('musl')) ? { libc: ['musl'] } : {}
    missing.push(name)
    lock.packages[place] = { version, cpu, ...(parent.dev === true ? { dev: true } : {}), ...libc, optional: true, os }
  }
}
if (examined === 0) throw new Error(`${file} names no optional package: nothing was examined`)
if (process.argv.includes('--check')) {
  for (const name of missing) console.error(`missing from ${file}: ${name}`)
  if (missing.length > 0) console.error('run: npx tsx scripts/lock-platforms.ts')
  process.exitCode = missing.length > 0 ? 1 : 0
} else if (missing.length > 0) {
  const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`)
  console.log(`added ${missing.length} platform packages to ${file}`)
}
