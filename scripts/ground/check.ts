/**
 * Says whether what was fetched is whole (every byte is read) and what the machine lacks. Fetches nothing.
 * `npx tsx scripts/ground/check.ts [part …]`; exit code 1 when something is missing or damaged.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { faults } from './fetch/part.ts'
import { partsNamed } from './fetch/parts.ts'
import { groundFolder } from './place.ts'

let bad = 0
for (const part of partsNamed(process.argv.slice(2))) {
  const lacking = part.needs.filter(({ command: [file, ...args] }) => spawnSync(file, args).status !== 0)
  const found = await faults(join(groundFolder(), 'parts', `${part.name}-${part.version}`), 'bytes')
  const lines = [...found, ...lacking.map(({ command, next }) => `${command[0]} is missing. Next: ${next}`)]
  if (lines.length > 0) bad += 1
  console.log(`${part.name} ${part.version}: ${lines.length === 0 ? 'whole' : lines.join('; ')}`)
}
if (bad > 0) console.log('Next: make ground-fetch')
process.exitCode = bad > 0 ? 1 : 0
