import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { loadConfig } from '../src/config/load.ts'
import { installCodecs } from '../src/kafka/codecs.ts'
import { codecOf } from '../src/records/codec.ts'
import { WIRE_HEADER_BYTES } from '../src/records/wire.ts'
import type { IngestResults } from './ingest-results.ts'
import { ingestTables } from './ingest-table.ts'
import { deviceCount, punchBytes } from './load/punches.ts'
import { type Drain, type DrainSize, measureDrain, settled, watchDrain } from './measure/drain.ts'
import { measureFullWindows } from './measure/full-windows.ts'
import { measureRate, type Rate } from './measure/rate.ts'
import { circumstances, drainRounds, rateRounds, rounded } from './rounds.ts'
import { Bridge } from './stage/bridge.ts'
import { ProduceOnly, ReceiveOnly, SixtyLineBridge } from './stage/controls.ts'
import { Stage } from './stage/stage.ts'
import type { StoredRecord } from './stage/stored-records.ts'

/**
 * One ingest process against its controls; see docs/performance.md. BENCH_ROUNDS: rounds, 3 by default, not counting
 * what is warmed up inside each. Ends with exit code 1 when the bridge lost or repeated a message, 0 otherwise, whether
 * the targets hold or not: the machine has its say in them.
 */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3)
const size: DrainSize = { warmUp: 40_000, counted: 100_000 }
const sixtyLineSize: DrainSize = { warmUp: 5000, counted: 20_000 }
const total = size.warmUp + size.counted
const rateSize = { perSecond: 2000, warmUpSeconds: 2, seconds: 5 }
const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)

installCodecs()
const loadBefore = loadavg()[0] ?? 0
const stage = await Stage.open()
const surroundings = { env: {}, readFile: (path: string) => readFileSync(path, 'utf8') }
const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, surroundings)
const bridge = new Bridge(stage, settings)
const sixtyLine = new SixtyLineBridge(stage)
const receiveOnly = new ReceiveOnly(stage, settings)
const produceOnly = new ProduceOnly(stage, settings)
const partitions = await stage.stored.partitionsOf(bridge.topic)
for (const { topic } of [sixtyLine, produceOnly]) await stage.stored.createTopic(topic, partitions)

const drains: Record<keyof IngestResults['drain'], Drain[]> = {
  bridge: [],
  sixtyLine: [],
  receiveOnly: [],
  produceOnly: [],
}
const rates: Record<keyof IngestResults['rate'], Rate[]> = { bridge: [], sixtyLine: [] }
let samples: readonly (readonly [string, Buffer])[] = []
let recordsPerBatch = 0
let fullWindows = { residentMb: 0, held: 0 }
const punch = codecOf('AttendanceEvent')
const recordIdOf = (value: Buffer): string =>
  (punch.decode(value.subarray(WIRE_HEADER_BYTES)) as { deviceRecordId: string }).deviceRecordId
const nothing = (): Promise<void> => Promise.resolve()

for (let round = 1; round <= rounds; round += 1) {
  say(`round ${round} of ${rounds}: the bridge drains`)
  const ends = await stage.stored.ends(bridge.topic)
  const [bridgeDrain] = await measureDrain(stage, bridge, size, async (measured) => {
    const metrics = await measured.metrics()
    recordsPerBatch = total / metrics.sum('bridge_kafka_send_records_count')
    if (round === 1) samples = sampled(await stage.stored.after(bridge.topic, ends, total))
  })
  drains.bridge.push(bridgeDrain)
  say('the sixty-line bridge drains')
  drains.sixtyLine.push((await measureDrain(stage, sixtyLine, sixtyLineSize, nothing))[0])
  say('MQTT.js receives')
  drains.receiveOnly.push((await measureDrain(stage, receiveOnly, size, nothing))[0])
  say('kafkajs produces')
  const producing = await produceOnly.start(samples, Math.round(recordsPerBatch), [size.warmUp, size.counted])
  producing.process.tell()
  await settled(producing, size.warmUp)
  drains.produceOnly.push(await watchDrain(producing, size.warmUp, size.counted, async () => producing.process.tell()))
  await producing.process.stop()
  say(`${rateSize.perSecond} a second through the bridge`)
  const publishedAt = (value: Buffer): number => Number(recordIdOf(value))
  const [bridgeRate] = await measureRate(stage, bridge, publishedAt, rateSize, async (measured, broker) => {
    if (round < rounds) return
    say('Kafka frozen, windows full')
    fullWindows = await measureFullWindows(stage, settings, measured, broker, 3)
  })
  rates.bridge.push(bridgeRate)
  say(`${rateSize.perSecond} a second through the sixty-line bridge`)
  const inJson = (value: Buffer): number => Number((JSON.parse(value.toString()) as { record_id: string }).record_id)
  rates.sixtyLine.push((await measureRate(stage, sixtyLine, inJson, rateSize, nothing))[0])
}
await stage.close()

const results: IngestResults = {
  ...circumstances(loadBefore, loadavg()[0] ?? 0),
  setting: {
    devices: deviceCount,
    payloadBytes: punchBytes,
    connections: settings.mqtt.connections,
    receiveMaximum: settings.mqtt.receiveMaximum,
    partitions,
    compression: settings.kafka.compression,
    recordsPerBatch: rounded(recordsPerBatch),
    ratePerSecond: rateSize.perSecond,
  },
  drain: {
    bridge: drainRounds(drains.bridge),
    sixtyLine: drainRounds(drains.sixtyLine),
    receiveOnly: drainRounds(drains.receiveOnly),
    produceOnly: drainRounds(drains.produceOnly),
  },
  rate: { bridge: rateRounds(rates.bridge), sixtyLine: rateRounds(rates.sixtyLine) },
  fullWindows: { residentMb: rounded(fullWindows.residentMb), held: fullWindows.held },
}
mkdirSync(new URL('results/', import.meta.url), { recursive: true })
writeFileSync(new URL('results/ingest.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`)
console.log(ingestTables(results))
process.exitCode = results.drain.bridge.repeated.some((repeated) => repeated !== 0) ? 1 : 0

/** Five records of each device in turn, out of all that the bridge stored. Throws when one is missing or doubled. */
function sampled(records: readonly StoredRecord[]): [string, Buffer][] {
  const ids = new Set(records.map(({ value }) => recordIdOf(value)))
  if (ids.size !== total || records.length !== total) {
    throw new Error(`${records.length} records with ${ids.size} different ids, of ${total} published`)
  }
  const ofDevice = new Map<string, Buffer[]>()
  for (const { key, value } of records) {
    const values = ofDevice.get(key) ?? []
    if (values.length < 5) values.push(value)
    ofDevice.set(key, values)
  }
  return [0, 1, 2, 3, 4].flatMap((n) =>
    [...ofDevice].flatMap(([key, values]): [string, Buffer][] => (values[n] === undefined ? [] : [[key, values[n]]])),
  )
}
