import { ensurePart } from '../ground/fetch/part.ts'
import { partsNamed } from '../ground/fetch/parts.ts'

/** Fetches what is not there yet, one after the other, so that the lines about it can be read. */
export async function fetchParts(names: readonly string[]): Promise<void> {
  for (const part of partsNamed(names)) await ensurePart(part, (line) => console.log(`    ${line}`))
}
