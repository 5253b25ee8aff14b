import { installCodecs } from '../src/kafka/codecs.ts'
import { allRows } from './rows/all-rows.ts'
import type { Row } from './rows/row.ts'
import { runRow } from './run-row.ts'
import { FlatWatch } from './soak/flat-watch.ts'
import { OpenServers } from './stage/servers.ts'
import { faultLine } from './table.ts'

/**
 * `make soak MINUTES=5`: faults of random kinds for so long, on two workers. Slot 1 is killed, stopped and frozen; slot 0
 * lives through all that happens to Kafka, the registry, the links and the messages, and must stay as it is: memory,
 * handles and series of metrics. FAULTS_SEED replays the choice.
 */
const minutes = Number(process.argv[2] ?? 5)
const seed = Number(process.env['FAULTS_SEED'] ?? Date.now() % 1_000_000)
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('How many minutes? A number above 0. And FAULTS_SEED is a whole number.')
  process.exit(2)
}
const kinds = [
  'kill',
  'sigterm',
  'sigstop',
  'clock',
  'kafka-frozen',
  'kafka-slow',
  'registry-start',
  'link-cut',
  'link-reset',
  'link-half-open',
  'link-slow',
  'poison-message',
  'poison-item',
]
const rows = allRows.filter(({ name }) => kinds.includes(name))
if (rows.length !== kinds.length) throw new Error(`there are only ${rows.map(({ name }) => name).join(', ')}`)
const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`)
say(`seed ${seed} (FAULTS_SEED=${seed} replays the choice), ${minutes} minutes`)

const mixed: Row = {
  name: 'soak',
  title: 'Random faults',
  faults: Number.POSITIVE_INFINITY,
  lane: 'busy',
  slots: [0, 1],
  victim: 1,
  hurt: async (scene, random, nth) => {
    const row = random.pick(rows)
    say(`soak ${nth + 1}: ${row.title}`)
    // Never the first of a row, which may be its long one.
    await row.hurt(scene, random, random.whole(1, 11))
  },
}

installCodecs()
const servers = await OpenServers.open(1)
try {
  const until = performance.now() + minutes * 60_000
  const result = await runRow(servers, mixed, {
    seed,
    say,
    more: () => performance.now() < until,
    watch: (scene) => {
      const watch = new FlatWatch(scene.crew.worker(0), () => scene.trace.waiting.size < 100)
      return () => watch.stop(say)
    },
  })
  console.log(faultLine(result))
  say(result.failures.length === 0 ? 'holds' : `DOES NOT HOLD: FAULTS_SEED=${seed} MINUTES=${minutes} make soak`)
  process.exitCode = result.failures.length === 0 ? 0 : 1
} finally {
  await servers.close()
}
