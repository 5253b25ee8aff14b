/**
 * Fetches what the real servers need: `npx tsx scripts/ground/fetch.ts [part …]`, all parts when none is named.
 * What is already there whole is not fetched again.
 */
import { ensurePart, sayOnStderr } from './fetch/part.ts'
import { partsNamed } from './fetch/parts.ts'
import { MissingPrerequisite } from './fetch/prerequisites.ts'
import { groundFolder } from './place.ts'

let missing = 0
for (const part of partsNamed(process.argv.slice(2))) {
  try {
    await ensurePart(part)
  } catch (error) {
    // The other parts are still worth having.
    if (!(error instanceof MissingPrerequisite)) throw error
    missing += 1
    sayOnStderr(error.message)
  }
}
if (missing === 0) sayOnStderr(`all there, in ${groundFolder()}`)
process.exitCode = missing === 0 ? 0 : 1
