import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../src/config/load.ts'
import { installCodecs } from '../src/kafka/codecs.ts'
import { CommandProducer } from './load/commands.ts'
import { measureDrain } from './measure/drain.ts'
import { profileLines } from './measure/profile-lines.ts'
import { Bridge, type MeasuredBridge } from './stage/bridge.ts'
import { CommandBridge } from './stage/commanders.ts'
import type { Contender } from './stage/measured.ts'
import { Stage } from './stage/stage.ts'

/**
 * Where the CPU of the bridge goes while it drains: `npx tsx bench/profile.ts ingest|command [folder]`. Prints the share
 * of each function's own time, the largest first, and leaves the .cpuprofile in the folder (of the system for temporary
 * files without one), for the tools of a browser.
 */
const [role = 'ingest', asked] = process.argv.slice(2)
installCodecs()
const stage = await Stage.open()
const surroundings = { env: {}, readFile: (path: string) => readFileSync(path, 'utf8') }
const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, surroundings)
const folder = asked ?? stage.ground.folder
const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-name=bridge.cpuprofile']
const producer = await CommandProducer.connect(stage.kafka.brokers)
const partitions = await stage.stored.partitionsOf(settings.kafka.topics.command)
const contender: Contender<MeasuredBridge> =
  role === 'command'
    ? new CommandBridge(stage, producer, partitions, nodeOptions)
    : new Bridge(stage, settings, nodeOptions)
const size = { warmUp: 40_000, counted: 160_000 }
const [drain] = await measureDrain(stage, contender, size, () => Promise.resolve())
console.log(drain)
for (const line of profileLines(readFileSync(join(folder, 'bridge.cpuprofile'), 'utf8'))) console.log(line)
await producer.close()
await stage.close()
