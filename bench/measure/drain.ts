import { setTimeout as pause } from 'node:timers/promises'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
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
  /** Messages that came out more than once, less those that never came out. */
  readonly repeated: number
}

/** When nothing has come for this long, nothing will. */
const patienceMs = 15_000

/**
 * A backlog waits in the contender's session while it is away; it is started and empties it. `after` may go on with the
 * running process; then it is stopped, and the broker with it.
 */
export async function measureDrain<M extends Measured, T>(
  stage: Stage,
  contender: Contender<M>,
  size: DrainSize,
  after: (measured: M, broker: MosquittoServer) => Promise<T>,
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

/** Samples a process until it has finished with all of it, or gives no more. */
export async function watchDrain(measured: Measured, { warmUp, total }: DrainSize): Promise<Drain> {
  const samples: DrainSample[] = []
  let progressAt = performance.now()
  await measured.process.until(`done with ${total} messages`, async () => {
    const count = await measured.count()
    const atMs = performance.now()
    // A process that is still starting has all the time there is.
    if (count === 0 || count > (samples.at(-1)?.count ?? 0)) progressAt = atMs
    samples.push({ atMs, count, cpuMs: usageOf(measured.process.pid).cpuMs })
    return count >= total || atMs - progressAt > patienceMs
  })
  const { peakResidentMb } = usageOf(measured.process.pid)
  // Repeats would come now.
  await pause(200)
  const repeated = (await measured.count()) - total
  return { ...drainFigures(samples, warmUp, total), peakResidentMb, repeated }
}
