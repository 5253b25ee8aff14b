import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { projectFolder } from '../ground/place.ts'

/** Where the servers of the demo that runs now are; for `publish.ts` and `read.ts`. */
export interface Addresses {
  readonly mqttUrl: string
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly healthUrl: string
  readonly pid: number
}

const path = join(tmpdir(), 'bridge-demo.json')

/** Configuration of the bridge of the demo, in the project's folder: for `--config` in a second terminal. */
export const configName = 'demo.yaml'
const configPath = join(projectFolder(), configName)

export async function publishAddresses(addresses: Addresses, config: object): Promise<void> {
  await writeFile(path, JSON.stringify(addresses))
  await writeFile(configPath, `# Of the demo that runs now; it is removed when the demo ends.\n${stringify(config)}`)
}

export async function withdrawAddresses(): Promise<void> {
  await rm(path, { force: true })
  await rm(configPath, { force: true })
}

/** Throws with the next step when no demo runs. */
export function addressesOfDemo(): Addresses {
  try {
    const addresses = JSON.parse(readFileSync(path, 'utf8')) as Addresses
    process.kill(addresses.pid, 0)
    return addresses
  } catch {
    throw new Error('no demo runs. Next: start `make demo` in another terminal and leave it running')
  }
}
