import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../src/config/load.ts'
import { installCodecs } from '../src/kafka/codecs.ts'
import { CommandProducer } from './load/commands.ts'
import { ThingTopics } from './load/things.ts'
import { type Drain, measureDrain, settled, watchDrain } from './measure/drain.ts'
import { profileLines } from './measure/profile-lines.ts'
import { Bridge, type MeasuredBridge } from './stage/bridge.ts'
import { CommandBridge } from './stage/commanders.ts'
import { startedFleet } from './stage/fleet-bridge.ts'
import type { Contender } from './stage/measured.ts'
import { Stage } from './stage/stage.ts'

/**
 * Where the CPU of the bridge goes while it drains: `npx tsx bench/profile.ts ingest|command|fleet|fleet-disk [folder]`.
 * Prints the share of each function's own time, the largest first, and leaves the .cpuprofile in the folder (of the
 * system for temporary files without one), for the tools of a browser. That of fleet includes the restore of 10,000 things.
 */
const [role = 'ingest', asked] = process.argv.slice(2)
installCodecs()
const stage = await Stage.open({ fleet: { enabled: role.startsWith('fleet') } })
const folder = asked ?? stage.ground.folder
const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-name=bridge.cpuprofile']
console.log(await (role.startsWith('fleet') ? drainedThings() : drained()))
for (const line of profileLines(readFileSync(join(folder, 'bridge.cpuprofile'), 'utf8'))) console.log(line)
await stage.close()

async function drained(): Promise<Drain> {
  const surroundings = { env: {}, readFile: (path: string) => readFileSync(path, 'utf8') }
  const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, surroundings)
  const producer = await CommandProducer.connect(stage.kafka.brokers)
  const partitions = await stage.stored.partitionsOf(settings.kafka.topics.command)
  const contender: Contender<MeasuredBridge> =
    role === 'command'
      ? new CommandBridge(stage, producer, partitions, 0, nodeOptions)
      : new Bridge(stage, settings, nodeOptions)
  const [drain] = await measureDrain(stage, contender, { warmUp: 40_000, counted: 160_000 }, () => Promise.resolve())
  await producer.close()
  return drain
}

async function drainedThings(): Promise<Drain> {
  const [things, updates] = [Number(process.env['BENCH_THINGS'] ?? 10_000), 40_000]
  const topics = await ThingTopics.create('things', stage.kafka.brokers, stage.registryUrl, 12)
  await topics.register(things)
  await topics.fill(things)
  const store = { 'fleet.store.folder': join(stage.ground.folder, 'store'), 'fleet.store.cacheThings': '1000' }
  const { url } = await stage.broker()
  const [bridge] = await startedFleet(stage, 'fleet', url, topics, role === 'fleet-disk' ? store : {}, nodeOptions)
  await topics.report(0, 2000, things)
  await settled(bridge, 2000)
  bridge.process.freeze()
  await topics.report(2000, updates, things)
  const drain = await watchDrain(bridge, 2000, updates, async () => Promise.resolve(bridge.process.thaw()))
  await bridge.process.stop()
  return drain
}
