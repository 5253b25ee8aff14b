import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync, type MqttClient } from 'mqtt'
import { reportOf, thingOf } from '../load/things.ts'
import type { StartedProcess } from '../stage/started-process.ts'
import { usageOf } from './process-usage.ts'
import { quantile } from './quantile.ts'
import type { Rate, RateSize } from './rate.ts'

/**
 * Shadow update -> accepted at a steady rate: a thing's PUBLISH to the arrival of the answer with its client token, both
 * by the clock of this process. All updates after the warm-up count; one that is not answered is an error.
 */
export async function measureAccepted(
  running: StartedProcess,
  mqttUrl: string,
  things: number,
  { perSecond, warmUpSeconds, seconds }: RateSize,
): Promise<Rate> {
  const client: MqttClient = await connectAsync(mqttUrl, { protocolVersion: 5, clientId: `bench-${Date.now()}` })
  const sentAt = new Map<string, number>()
  const latencies: number[] = []
  client.on('message', (_topic, payload) => {
    const { clientToken } = JSON.parse(String(payload)) as { readonly clientToken: string }
    const began = sentAt.get(clientToken)
    if (began === undefined) return
    sentAt.delete(clientToken)
    if (Number(clientToken) >= perSecond * warmUpSeconds) latencies.push(performance.now() - began)
  })
  await client.subscribeAsync('$emqx/things/+/shadow/update/accepted', { qos: 1 })
  const total = perSecond * (warmUpSeconds + seconds)
  const before = usageOf(running.pid).cpuMs
  const began = performance.now()
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) * perSecond) / 1000))
    for (; n < due; n += 1) {
      sentAt.set(String(n), performance.now())
      client.publish(`$emqx/things/${thingOf((n * 7919) % things)}/shadow/update`, reportOf(n, String(n)), { qos: 1 })
    }
    await pause(1)
  }
  await running.until('done with all updates', () => sentAt.size === 0, 60_000)
  const { cpuMs } = usageOf(running.pid)
  await client.endAsync()
  return {
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    cpuMicrosPerMessage: ((cpuMs - before) * 1000) / total,
  }
}
