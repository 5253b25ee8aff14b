import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Contender, Measured } from '../stage/measured.ts'
import type { Stage } from '../stage/stage.ts'
import { usageOf } from './process-usage.ts'
import { quantile } from './quantile.ts'

export interface RateSize {
  readonly perSecond: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

export interface Rate {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicrosPerMessage: number
}

/**
 * Publish -> Kafka at a steady rate. The payload holds the microsecond of publishing; Kafka stamps a record when it
 * appends it, in whole milliseconds cut off, so half a millisecond is added. Both are the clock of this machine. The
 * records are read back afterwards: nothing of this runs while it is measured. `after` may go on with the running process.
 */
export async function measureRate<M extends Measured, T>(
  stage: Stage,
  contender: Contender<M> & { readonly topic: string },
  publishedAt: (value: Buffer) => number,
  { perSecond, warmUpSeconds, seconds }: RateSize,
  after: (measured: M, broker: MosquittoServer) => Promise<T>,
): Promise<[Rate, T]> {
  const broker = await stage.broker()
  const measured = await contender.start(broker)
  await contender.ready(measured)
  const ends = await stage.stored.ends(contender.topic)
  const before = usageOf(measured.process.pid).cpuMs
  const total = perSecond * (warmUpSeconds + seconds)
  await stage.load(broker, { count: total, rate: perSecond })
  await measured.process.until('done with the rate run', async () => (await measured.count()) >= total)
  const cpuMs = usageOf(measured.process.pid).cpuMs - before
  const records = await stage.stored.after(contender.topic, ends, total)
  if (records.length !== total) throw new Error(`${records.length} records of ${total} published`)
  const more = await after(measured, broker)
  await measured.process.stop()
  await broker.kill()

  const latencies = records
    .map(({ appendedAt, value }) => ({ published: publishedAt(value), appendedAt }))
    .sort((a, b) => a.published - b.published)
    .slice(perSecond * warmUpSeconds)
    .map(({ published, appendedAt }) => appendedAt + 0.5 - published / 1000)
  const rate = {
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    cpuMicrosPerMessage: (cpuMs * 1000) / total,
  }
  return [rate, more]
}
