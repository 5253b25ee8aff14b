import { setTimeout as pause } from 'node:timers/promises'
import type { Row } from './row.ts'

/** What happens to the schema registry. */
export const registryRows: readonly Row[] = [
  {
    name: 'registry-start',
    title: 'Schema registry down when a worker starts',
    faults: 3,
    lane: 'waiting',
    hurt: async ({ crew, servers: { registryProxy } }, random) => {
      await registryProxy.refuse()
      registryProxy.cut()
      try {
        await crew.kill()
        const worker = await crew.begin()
        await worker.says('registry_failed')
        await pause(random.whole(0, 2000))
      } finally {
        await registryProxy.accept()
      }
    },
  },
  {
    name: 'registry-later',
    title: 'Schema registry killed (kill −9) and restarted while a worker runs',
    faults: 2,
    lane: 'waiting',
    hurt: async ({ servers: { registry } }, random) => {
      await registry.kill()
      await pause(random.whole(1000, 3000))
      await registry.start()
    },
  },
  {
    name: 'registry-frozen',
    title: 'Schema registry frozen when a worker starts',
    faults: 3,
    lane: 'waiting',
    hurt: async ({ crew, servers: { registry } }, random) => {
      registry.freeze()
      try {
        await crew.kill()
        const worker = await crew.begin()
        await worker.says('registry_failed')
        await pause(random.whole(0, 2000))
      } finally {
        registry.thaw()
      }
    },
  },
]
