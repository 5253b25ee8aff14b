import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Publisher } from './publisher.ts'
import { deviceCount, punchOf, topicOf } from './punches.ts'
import { WallClock } from './wall-clock.ts'

/**
 * The process that publishes. `--count N` publishes N punches as fast as the broker takes them; with `--rate R` at R a
 * second, the time of publishing (microseconds since the epoch) as their record id. `--leaf st` publishes presence, `--from N` starts with punch N.
 * Ends when the broker has acknowledged all of it.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    count: { type: 'string' },
    rate: { type: 'string' },
    from: { type: 'string', default: '0' },
    leaf: { type: 'string', default: 'evt' },
  },
})
const count = Number(values.count)
const publisher = await Publisher.connect(Number(values.port))
if (values.rate !== undefined) await atRate(Number(values.rate))
else await asFastAsItGoes()
await publisher.settled()
publisher.close()

async function asFastAsItGoes(): Promise<void> {
  const leaf = values.leaf === 'st' ? 'st' : 'evt'
  const from = Number(values.from)
  for (let n = from; n < from + count; n += 1) {
    await publisher.room()
    const device = n % deviceCount
    publisher.add(topicOf(device, leaf), leaf === 'st' ? '{"online":true}' : punchOf(device, n, String(n)))
    if (n % 100 === 99) publisher.flush()
  }
}

async function atRate(rate: number): Promise<void> {
  const clock = new WallClock()
  const began = clock.micros()
  let n = 0
  while (n < count) {
    const now = clock.micros()
    const due = Math.min(count, Math.floor(((now - began) * rate) / 1e6))
    for (; n < due; n += 1)
      publisher.add(topicOf(n % deviceCount, 'evt'), punchOf(n % deviceCount, n, String(clock.micros())))
    publisher.flush()
    await pause(1)
  }
}
