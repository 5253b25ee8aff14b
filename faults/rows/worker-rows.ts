import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { IngestWorker } from '../../test/kit/ingest-worker.ts'
import { ordersOf } from '../stage/crew.ts'
import type { Row } from './row.ts'

/** Gives an order of `worker/suffering.mjs` to a worker. Resolves when it was carried out. */
async function suffer(worker: IngestWorker, orders: object, timeoutMs = 60_000): Promise<void> {
  await writeFile(ordersOf(worker), JSON.stringify(orders))
  const from = worker.now
  worker.process.signal('SIGUSR2')
  await worker.says('suffered', from, timeoutMs)
}

/** What happens to the processes of the bridge. */
export const workerRows: readonly Row[] = [
  {
    name: 'kill',
    title: 'Worker killed (kill −9) and started again',
    faults: 24,
    lane: 'busy',
    hurt: async ({ crew, servers }, random) => {
      // Every other time Kafka stands still, so that records are sure to be in the air.
      const inTheAir = random.chance(0.5)
      if (inTheAir) {
        servers.kafka.freeze()
        await pause(random.whole(50, 800))
      }
      await crew.kill()
      if (inTheAir) servers.kafka.thaw()
      await crew.begin()
    },
  },
  {
    name: 'sigterm',
    title: 'Worker stopped (SIGTERM) and started again',
    faults: 12,
    lane: 'cluster',
    hurt: async ({ crew }) => {
      await crew.stop()
      await crew.begin()
    },
  },
  {
    name: 'sigstop',
    title: 'Worker frozen (SIGSTOP), once for 60 s, else for 10 to 15 s, and resumed',
    faults: 3,
    lane: 'waiting',
    hurt: async ({ crew }, random, nth) => {
      const { process } = crew.worker()
      process.freeze()
      await pause(nth === 0 ? 60_000 : random.whole(10_000, 15_000))
      process.thaw()
    },
  },
  {
    name: 'blocked',
    title: 'Event loop of a worker blocked for 20 s',
    faults: 2,
    lane: 'waiting',
    hurt: async ({ crew }) => suffer(crew.worker(), { blockMs: 20_000 }),
  },
  {
    name: 'clock',
    title: 'Clock of a worker jumps by up to 6 hours, forwards and back',
    faults: 10,
    lane: 'busy',
    hurt: async ({ crew }, random, nth) => {
      const byMs = random.whole(1000, 6 * 3_600_000)
      // Back after each jump, or they would add up.
      await suffer(crew.worker(), { clockMs: nth % 2 === 0 ? byMs : -byMs })
      await pause(random.whole(200, 1500))
      await suffer(crew.worker(), { clockMs: nth % 2 === 0 ? -byMs : byMs })
    },
  },
  {
    name: 'roll',
    title: 'Two workers rolled one after the other',
    faults: 4,
    lane: 'busy',
    slots: [0, 1],
    hurt: async ({ crew }) => {
      for (const slot of [0, 1]) {
        await crew.stop(slot)
        await crew.start(slot)
      }
    },
  },
  {
    name: 'scale',
    title: 'Workers scaled 1 → 3 → 1 (POST /prepare-downscale, SIGTERM)',
    faults: 3,
    lane: 'busy',
    hurt: async ({ crew }, random) => {
      await Promise.all([crew.start(1), crew.start(2)])
      await pause(random.whole(200, 1500))
      for (const slot of [2, 1]) {
        const { status } = await crew.worker(slot).request('/prepare-downscale', 'POST')
        if (status !== 200) throw new Error(`slot ${slot} answered /prepare-downscale with ${status}`)
        await crew.stop(slot)
      }
    },
  },
  {
    name: 'same-slot',
    title: 'Second worker with the same slot (duplicate client ids)',
    faults: 2,
    lane: 'waiting',
    hurt: async ({ crew, trace }, random) => {
      const from = trace.links.length
      const impostor = await crew.impostor()
      const takenOver = () => new Set(trace.links.slice(from).map(({ clientId }) => clientId)).size > 1
      await trace.until('client ids are taken over', takenOver, 60_000)
      await pause(random.whole(500, 4000))
      await impostor.process.stop()
    },
  },
]
