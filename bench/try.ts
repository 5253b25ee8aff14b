import { Stage } from './stage/stage.ts'
import { Bridge } from './stage/bridge.ts'
import { SixtyLineBridge, ReceiveOnly } from './stage/controls.ts'
import { measureDrain } from './measure/drain.ts'
import { loadConfig } from '../src/config/load.ts'
import { readFileSync } from 'node:fs'
console.time('stage')
const stage = await Stage.open()
console.timeEnd('stage')
const { settings } = loadConfig({ files: [stage.configPath], overrides: [] }, { env: {}, readFile: (p: string) => readFileSync(p, 'utf8') } as never)
await stage.stored.createTopic('bench.sixty-line', 12)
const size = { warmUp: 60_000, total: 200_000 }
for (const [c, s] of [[new Bridge(stage, settings), size], [new SixtyLineBridge(stage), { warmUp: 10000, total: 40000 }], [new ReceiveOnly(stage, settings), size]] as const) {
  const t = performance.now()
  const [d] = await measureDrain(stage, c, s, async () => { if (c instanceof Bridge) { const f = await stage.stored.count(c.topic); console.log('total', f)} })
  console.log(c.name, d, 'took', performance.now() - t)
}
await stage.close()
