import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../src/config/load.ts'
import { measureDrain } from './measure/drain.ts'
import { profileLines } from './measure/profile-lines.ts'
import { Bridge } from './stage/bridge.ts'
import { Stage } from './stage/stage.ts'

/**
 * Where the CPU of the bridge goes while it drains: `npx tsx bench/profile.ts [folder]`. Prints the share of each
 * function's own time, the largest first, and leaves the .cpuprofile in the folder (of the system for temporary files
 * without one), for the tools of a browser.
 */
const stage = await Stage.open()
const surroundings = { env: {}, readFile: (path: string) => readFileSync(path, 'utf8') }
const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, surroundings)
const folder = process.argv[2] ?? stage.ground.folder
const bridge = new Bridge(stage, settings, [
  '--cpu-prof',
  `--cpu-prof-dir=${folder}`,
  '--cpu-prof-name=bridge.cpuprofile',
])
const [drain] = await measureDrain(stage, bridge, { warmUp: 40_000, counted: 260_000 }, () => Promise.resolve())
console.log(drain)
for (const line of profileLines(readFileSync(join(folder, 'bridge.cpuprofile'), 'utf8'))) console.log(line)
await stage.close()
