import { setTimeout as pause } from 'node:timers/promises'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Contender, Measured } from '../stage/measured.ts'
import type { Stage } from '../stage/stage.ts'
import { usageOf } from './process-usage.ts'

/** Messages to warm up with, and then to be measured. */
export interface DrainSize {
  readonly warmUp: number
  readonly counted: number
}

export interface Drain {
  readonly messagesPerSecond: number
  readonly cpuMicrosPerMessage: number
  readonly peakResidentMb: number
  /** Messages that came out more than once, less those that never came out. */
  readonly repeated: number
}

/** When nothing has come for this long, nothing will. */
const patienceMs = 40_000

/**
 * The contender warms up on some messages; a backlog is laid before it; it is let go and empties it. All
 * of its CPU from then to the end is counted, also of work that runs ahead of its results. `after` may use the running process.
 */
export async function measureDrain<M extends Measured, T>(
  stage: Stage,
  contender: Contender<M>,
  { warmUp, counted }: DrainSize,
  after: (measured: M, broker: MosquittoServer) => Promise<T>,
): Promise<[Drain, T]> {
  const broker = await stage.broker()
  const measured = await contender.start(broker)
  await contender.ready(measured)
  await contender.load(broker, 0, warmUp)
  await settled(measured, warmUp)
  // A frozen process cannot be asked.
  const base = await measured.count()
  const begin = await contender.backlog(measured, broker, warmUp, counted)
  const drain = await watchDrain(measured, base, counted, begin)
  const more = await after(measured, broker)
  await measured.process.stop()
  await broker.kill()
  return [drain, more]
}

/** Measures from `begin` until `counted` messages more than `base` are through, or no more come. */
export async function watchDrain(
  measured: Measured,
  base: number,
  counted: number,
  begin: () => Promise<void>,
): Promise<Drain> {
  const { pid } = measured.process
  const before = usageOf(pid).cpuMs
  const beganAt = performance.now()
  await begin()
  await settled(measured, base + counted)
  const seconds = (performance.now() - beganAt) / 1000
  const { cpuMs, peakResidentMb } = usageOf(pid)
  // Repeats would come now.
  await pause(200)
  const repeated = (await measured.count()) - base - counted
  return {
    messagesPerSecond: counted / seconds,
    cpuMicrosPerMessage: ((cpuMs - before) * 1000) / counted,
    peakResidentMb,
    repeated,
  }
}

/** Resolves when this many are through, or nothing has come for a long time. */
export async function settled(measured: Measured, total: number): Promise<void> {
  let last = 0
  let progressAt = performance.now()
  await measured.process.until(`done with ${total} messages`, async () => {
    const count = await measured.count()
    if (count > last) progressAt = performance.now()
    last = count
    return count >= total || performance.now() - progressAt > patienceMs
  })
}
