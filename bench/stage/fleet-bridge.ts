import { setTimeout as pause } from 'node:timers/promises'
import type { ThingTopics } from '../load/things.ts'
import { usageOf } from '../measure/process-usage.ts'
import { MeasuredBridge } from './bridge.ts'
import type { Stage } from './stage.ts'

/** What a start cost until the process was ready. */
export interface Restore {
  /** From the first partition taken to the last one read back. */
  readonly seconds: number
  readonly cpuSeconds: number
  /** When it was ready and its garbage collected, without what is mapped from files: the disk store maps its own. */
  readonly ownMb: number
}

/** A process cannot be made to collect its garbage from outside, and V8 takes its time where memory is plenty. */
const collectOnSignal = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2",()=>globalThis.gc())']

/** `bridge run` on some topics of things, from its start to its readiness. */
export async function startedFleet(
  stage: Stage,
  roles: string,
  mqttUrl: string,
  { names, registered }: ThingTopics,
  set: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<[MeasuredBridge, Restore]> {
  const group = `${names.name}-fleet`
  const all = {
    'mqtt.url': mqttUrl,
    'mqtt.clientIdPrefix': names.name,
    'fleet.topicPrefix': names.prefix,
    'kafka.groupPrefix': names.name,
    'observe.logLevel': 'debug',
    ...set,
  }
  const count = async (): Promise<number> => stage.stored.committed(group, names.topic('thingInbox'))
  const bridge = await MeasuredBridge.start(stage, roles, all, [...collectOnSignal, ...nodeOptions], count)
  await bridge.process.until('ready', () => bridge.isReady())
  const { cpuMs } = usageOf(bridge.process.pid)
  const durations = [...bridge.process.log().matchAll(/"event":"fleet_restored".*?"durationMs":(\d+)/g)]
  const seconds = Math.max(...durations.map((found) => Number(found[1]))) / 1000
  // A registration is an input, too, and the first process takes all of them.
  const taken = async (): Promise<number> => stage.stored.committed(group, names.topic('thingRegistry'))
  await bridge.process.until('done with the registry', async () => (await taken()) >= registered)
  process.kill(bridge.process.pid, 'SIGUSR2')
  await pause(2000)
  return [bridge, { seconds, cpuSeconds: cpuMs / 1000, ownMb: usageOf(bridge.process.pid).ownMb }]
}
