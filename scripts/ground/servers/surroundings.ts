import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Say } from '../fetch/part.ts'
import type { Watchdog } from '../run/watchdog.ts'
import type { Certificates } from './certificates.ts'

/** What every kind of server is started with. */
export interface Surroundings {
  /** The throw-away folder of this ground. */
  readonly folder: string
  readonly watchdog: Watchdog
  readonly say: Say
  readonly certificates: () => Promise<Certificates>
}

/** A folder of its own for one server. */
export function dataFolder(surroundings: Surroundings, name: string): Promise<string> {
  return mkdtemp(join(surroundings.folder, `${name}-`))
}
