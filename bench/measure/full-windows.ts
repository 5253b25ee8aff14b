import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Settings } from '../../src/config/settings.ts'
import type { MeasuredBridge } from '../stage/bridge.ts'
import type { Stage } from '../stage/stage.ts'
import { usageOf } from './process-usage.ts'

export interface FullWindows {
  readonly residentMb: number
  /** Messages that were held, all unacknowledged. */
  readonly held: number
}

/** Holds a running bridge with Kafka frozen and every window full for a while, and reads its memory. */
export async function measureFullWindows(
  stage: Stage,
  settings: Settings,
  bridge: MeasuredBridge,
  broker: MosquittoServer,
  seconds: number,
): Promise<FullWindows> {
  const { connections, receiveMaximum } = settings.mqtt
  const held = (connections + 1) * receiveMaximum
  stage.kafka.freeze()
  let residentMb = 0
  try {
    // A fifth more than fits, because the broker need not share it out evenly.
    await stage.load(broker, { count: Math.ceil(connections * receiveMaximum * 1.2) })
    await stage.load(broker, { count: Math.ceil(receiveMaximum * 1.2), leaf: 'st' })
    await bridge.process.until(
      'holding full windows',
      async () => (await bridge.metrics()).sum('bridge_pending') >= held,
    )
    const end = performance.now() + seconds * 1000
    await bridge.process.until('held', () => {
      residentMb = Math.max(residentMb, usageOf(bridge.process.pid).residentMb)
      return performance.now() > end
    })
  } finally {
    stage.kafka.thaw()
  }
  await bridge.process.until('empty again', async () => (await bridge.metrics()).sum('bridge_pending') === 0)
  const difference = (await bridge.metrics()).sum('bridge_conservation_difference')
  if (difference !== 0) throw new Error(`the conservation gauge of the bridge shows ${difference}`)
  return { residentMb, held }
}
