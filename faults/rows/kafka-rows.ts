import { setTimeout as pause } from 'node:timers/promises'
import { withAdmin } from '../../test/kit/topic-reader.ts'
import type { Scene } from '../stage/scene.ts'
import type { Row } from './row.ts'

/** Throws unless a worker has said this since line `from` of its log. */
function said({ crew }: Scene, event: string, from: number): void {
  if (crew.worker().lines(event, from).length === 0) throw new Error(`no worker said ${event}: the fault was none`)
}

/** What happens to Kafka. */
export const kafkaRows: readonly Row[] = [
  {
    name: 'kafka-kill',
    title: 'Kafka killed (kill −9) and restarted',
    faults: 5,
    lane: 'busy',
    hurt: async ({ servers: { kafka } }, random) => {
      await kafka.kill()
      await pause(random.whole(0, 2000))
      await kafka.start()
    },
  },
  {
    name: 'kafka-frozen',
    title: 'Kafka frozen for 1 to 8 s',
    faults: 6,
    lane: 'waiting',
    hurt: async ({ servers: { kafka } }, random) => {
      kafka.freeze()
      await pause(random.whole(1000, 8000))
      kafka.thaw()
    },
  },
  {
    name: 'kafka-slow',
    title: 'Kafka slow (50 to 500 ms more each way) for 3 to 6 s',
    faults: 5,
    lane: 'waiting',
    hurt: async ({ servers: { kafkaProxies } }, random) => {
      const delayMs = random.whole(50, 500)
      for (const proxy of kafkaProxies) proxy.slow({ delayMs })
      await pause(random.whole(3000, 6000))
      for (const proxy of kafkaProxies) proxy.heal()
    },
  },
  {
    name: 'kafka-away',
    title: 'Kafka away for 2 minutes, every window full',
    faults: 1,
    lane: 'waiting',
    hurt: async (scene) => {
      const { kafka } = scene.servers
      const from = scene.crew.worker().now
      await kafka.kill()
      await pause(120_000)
      await kafka.start()
      said(scene, 'mqtt_window_full', from)
    },
  },
  {
    name: 'kafka-leader',
    title: 'Leader of a partition killed, one of three brokers (min.insync.replicas 2)',
    faults: 8,
    lane: 'cluster',
    hurt: async ({ servers: { kafka }, names }, random) => {
      const partition = random.whole(0, 2)
      const leader = (): Promise<number> =>
        withAdmin(kafka.brokers, async (admin) => {
          const { topics } = await admin.fetchTopicMetadata({ topics: [names.attendance] })
          return topics[0]?.partitions.find((each) => each.partitionId === partition)?.leader ?? -1
        })
      const before = await leader()
      const node = kafka.nodes[before - 1]
      if (node === undefined) throw new Error(`partition ${partition} has no leader`)
      await node.kill()
      const deadline = performance.now() + 60_000
      while ([before, -1].includes(await leader().catch(() => before))) {
        if (performance.now() > deadline) throw new Error(`partition ${partition} kept its dead leader`)
        await pause(100)
      }
      await pause(random.whole(0, 1500))
      await node.start()
    },
  },
]
