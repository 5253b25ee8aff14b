import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { loadConfig } from '../src/config/load.ts'
import { installCodecs } from '../src/kafka/codecs.ts'
import type { CommandResults } from './command-results.ts'
import { commandTables } from './command-table.ts'
import { CommandProducer, commandBytes } from './load/commands.ts'
import { deviceCount } from './load/punches.ts'
import { measureCommandRate } from './measure/command-rate.ts'
import { type Drain, type DrainSize, measureDrain } from './measure/drain.ts'
import type { Rate } from './measure/rate.ts'
import { circumstances, drainRounds, rateRounds } from './rounds.ts'
import { CommandBridge, type Commander, OneByOne } from './stage/commanders.ts'
import type { Measured } from './stage/measured.ts'
import { Stage } from './stage/stage.ts'

/**
 * One process of the command role against its control; see docs/performance.md. BENCH_ROUNDS: rounds, 3 by default, not
 * counting what is warmed up inside each. Throws when a device missed a command or got one twice, so that nothing is
 * written; ends with exit code 0 otherwise, whether the targets hold or not: the machine has its say in them.
 */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const size: DrainSize = { warmUp: 40_000, counted: 100_000 }
const oneByOneSize: DrainSize = { warmUp: 4000, counted: 12_000 }
const linkMs = 1
const farOneByOneSize: DrainSize = { warmUp: 400, counted: 2000 }
const rateSize = { perSecond: 500, warmUpSeconds: 3, seconds: 10 }
const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)

installCodecs()
const loadBefore = loadavg()[0] ?? 0
const stage = await Stage.open()
const surroundings = { env: {}, readFile: (path: string) => readFileSync(path, 'utf8') }
const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, surroundings)
const partitions = await stage.stored.partitionsOf(settings.kafka.topics.command)
const producer = await CommandProducer.connect(stage.kafka.brokers)
const bridge = new CommandBridge(stage, producer, partitions, 0)
const oneByOne = new OneByOne(stage, producer, partitions, 0)
const farBridge = new CommandBridge(stage, producer, partitions, linkMs)
const farOneByOne = new OneByOne(stage, producer, partitions, linkMs)

const drains: Record<keyof CommandResults['drain'], Drain[]> = { bridge: [], oneByOne: [] }
const far: typeof drains = { bridge: [], oneByOne: [] }
const rates: Record<keyof CommandResults['rate'], Rate[]> = { bridge: [], oneByOne: [] }
for (let round = 1; round <= rounds; round += 1) {
  say(`round ${round} of ${rounds}: the bridge drains`)
  drains.bridge.push(await drained(bridge, size))
  say('one by one drains')
  drains.oneByOne.push(await drained(oneByOne, oneByOneSize))
  say(`the bridge drains, its broker ${linkMs} ms away`)
  far.bridge.push(await drained(farBridge, size))
  say(`one by one drains, its broker ${linkMs} ms away`)
  far.oneByOne.push(await drained(farOneByOne, farOneByOneSize))
  say(`${rateSize.perSecond} a second through the bridge`)
  rates.bridge.push(await measureCommandRate(stage, bridge, producer, rateSize))
  say(`${rateSize.perSecond} a second one by one`)
  rates.oneByOne.push(await measureCommandRate(stage, oneByOne, producer, rateSize))
}
await Promise.all([bridge, oneByOne, farBridge, farOneByOne, producer].map((each) => each.close()))
await stage.close()

const results: CommandResults = {
  ...circumstances(loadBefore, loadavg()[0] ?? 0),
  setting: {
    devices: deviceCount,
    commandBytes,
    partitions,
    maxInFlight: settings.commands.maxInFlight,
    compression: settings.kafka.compression,
    ratePerSecond: rateSize.perSecond,
    linkMs,
  },
  drain: { bridge: drainRounds(drains.bridge), oneByOne: drainRounds(drains.oneByOne) },
  far: { bridge: drainRounds(far.bridge), oneByOne: drainRounds(far.oneByOne) },
  rate: { bridge: rateRounds(rates.bridge), oneByOne: rateRounds(rates.oneByOne) },
}
mkdirSync(new URL('results/', import.meta.url), { recursive: true })
writeFileSync(new URL('results/command.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`)
console.log(commandTables(results))

async function drained<M extends Measured>(contender: Commander<M>, drainSize: DrainSize): Promise<Drain> {
  const { warmUp, counted } = drainSize
  for (let attempt = 1; ; attempt += 1) {
    const [drain, fault] = await measureDrain(stage, contender, drainSize, () =>
      Promise.resolve(contender.fault(warmUp + counted)),
    )
    if (fault === null) return drain
    if (!contender.isControl || attempt === 5) throw new Error(fault)
    // kafkajs as its first page shows it is thrown out of its group now and then, and stands or repeats for a while.
    say(`${fault}: measured again`)
  }
}
