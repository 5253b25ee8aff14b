import { setTimeout as pause } from 'node:timers/promises'
import type { Contender, Measured } from '../stage/measured.ts'
import type { Stage } from '../stage/stage.ts'
import { type DrainFigures, type DrainSample, drainFigures } from './drain-samples.ts'
import { usageOf } from './process-usage.ts'

export interface DrainSize {
  readonly warmUp: number
  readonly total: number
}

export interface Drain extends DrainFigures {
  readonly peakResidentMb: number
}

/**
 * A backlog waits in the contender's session while it is away; it is started and empties it. `after` may go on with the
 * running process; then it is stopped, and the broker with it.
 */
export async function measureDrain<T>(
  stage: Stage,
  contender: Contender,
  size: DrainSize,
  after: (measured: Measured, broker: Awaited<ReturnType<Stage['broker']>>) => Promise<T>,
): Promise<[Drain, T]> {
  const broker = await stage.broker()
  const first = await contender.start(broker)
  await contender.ready(first)
  await first.process.stop()
  await stage.load(broker, { count: size.total })
  const measured = await contender.start(broker)
  const drain = await watchDrain(measured, size)
  const more = await after(measured, broker)
  await measured.process.stop()
  await broker.kill()
  return [drain, more]
}

/** Samples a process until it has finished with all of it. Throws when it finishes with more than there was. */
export async function watchDrain(measured: Measured, { warmUp, total }: DrainSize): Promise<Drain> {
  const samples: DrainSample[] = []
  await measured.process.until(
    `done with ${total} messages`,
    async () => {
      const count = await measured.count()
      samples.push({ atMs: performance.now(), count, cpuMs: usageOf(measured.process.pid).cpuMs })
      return count >= total
    },
  )
  const { peakResidentMb } = usageOf(measured.process.pid)
  // Repeats would come now.
  await pause(200)
  const count = await measured.count()
  if (count !== total) throw new Error(`${count} messages came out of ${total}`)
  return { ...drainFigures(samples, warmUp, total), peakResidentMb }
}
