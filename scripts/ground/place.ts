import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds everything fetched: `BRIDGE_GROUND`, else `.ground` under the project root. Absolute. */
export function groundFolder(): string {
  const chosen = process.env['BRIDGE_GROUND']
  return chosen ? resolve(chosen) : join(projectFolder(), '.ground')
}

export function projectFolder(): string {
  return resolve(groundScripts(), '../..')
}

/** The folder of these scripts, which also holds the poms, the Java main classes and the watchdog. */
export function groundScripts(): string {
  return dirname(fileURLToPath(import.meta.url))
}
