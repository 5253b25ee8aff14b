import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { loadConfig } from '../src/config/load.ts'
import { usageOf } from './measure/process-usage.ts'
import { Bridge } from './stage/bridge.ts'
import { Stage } from './stage/stage.ts'

const stage = await Stage.open()
const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, {
  env: {},
  readFile: (p: string) => readFileSync(p, 'utf8'),
} as never)
const c = new Bridge(stage, settings)
const broker = await stage.broker()
const first = await c.start(broker)
await c.ready(first)
console.log('ready', usageOf(first.process.pid))
await first.process.stop()
const N = Number(process.env['N'] ?? 120000)
let t = performance.now()
await stage.load(broker, { count: N })
console.log('load', N / (performance.now() - t), 'k/s')
const m = await c.start(broker)
t = performance.now()
let last = 0
await m.process.until('done', async () => {
  const count = await m.count()
  if (count - last > 10000 || count >= N) {
    last = count
    console.log(Math.round(performance.now() - t), count, JSON.stringify(usageOf(m.process.pid)))
  }
  return count >= N
})
const mm = await m.metrics()
console.log(
  'batches',
  N / mm.sum('bridge_kafka_send_records_count'),
  mm.sum('nodejs_heap_size_used_bytes') / 1e6,
  mm.sum('nodejs_external_memory_bytes') / 1e6,
)
await m.process.stop()
writeFileSync('/tmp/h6-bridge.log', m.process.log())
await stage.close()
