import { chartPart } from '../../../scripts/ground/fetch/chart-part.ts'
import { ensurePart } from '../../../scripts/ground/fetch/part.ts'
import { runCommand } from '../../../scripts/ground/fetch/run-command.ts'

/** Vitest's global set-up of the `chart` project: Helm 3, Helm 4 and the types, fetched once; promtool must be there. */
export async function setup(): Promise<void> {
  await ensurePart(chartPart)
  await runCommand('promtool', ['--version'], { next: 'install promtool (Debian: apt-get install prometheus)' })
}
