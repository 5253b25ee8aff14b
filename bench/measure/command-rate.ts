import type { CommandProducer } from '../load/commands.ts'
import type { Commander } from '../stage/commanders.ts'
import type { Measured } from '../stage/measured.ts'
import type { Stage } from '../stage/stage.ts'
import { usageOf } from './process-usage.ts'
import { quantile } from './quantile.ts'
import type { Rate, RateSize } from './rate.ts'

/**
 * Kafka append -> PUBACK at a steady rate. The beginning is the LogAppendTime of the request, the end the clock of the
 * measured process when it handles the PUBACK; both are whole milliseconds of this machine's clock, cut off, so the
 * error of one is a millisecond at most and of many none. All commands after the warm-up count.
 */
export async function measureCommandRate<M extends Measured>(
  stage: Stage,
  contender: Commander<M>,
  producer: CommandProducer,
  { perSecond, warmUpSeconds, seconds }: RateSize,
): Promise<Rate> {
  const broker = await stage.broker()
  const measured = await contender.start(broker)
  await contender.ready(measured)
  const before = usageOf(measured.process.pid).cpuMs
  const total = perSecond * (warmUpSeconds + seconds)
  await producer.sendAtRate(contender.topic, total, perSecond)
  await measured.process.until('done with the rate run', async () => (await measured.count()) >= total)
  const cpuMs = usageOf(measured.process.pid).cpuMs - before
  await measured.process.stop()
  await broker.kill()
  const fault = contender.fault(total)
  if (fault !== null) throw new Error(fault)
  const ages = await contender.agesMs(measured, total)
  if (ages.length < total) throw new Error(`${contender.name}: ${ages.length} ages of ${total} commands`)
  const counted = ages.slice(perSecond * warmUpSeconds)
  return {
    p50Ms: quantile(counted, 0.5),
    p99Ms: quantile(counted, 0.99),
    cpuMicrosPerMessage: (cpuMs * 1000) / total,
  }
}
