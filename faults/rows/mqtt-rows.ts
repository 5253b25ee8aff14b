import { setTimeout as pause } from 'node:timers/promises'
import type { Scene } from '../stage/scene.ts'
import type { Row } from './row.ts'

/** Resolves when every connection to the broker that was open has ended. */
async function ended({ trace }: Scene, open: readonly { readonly closedAt: number | null }[]): Promise<void> {
  await trace.until('the connections have ended', () => open.every(({ closedAt }) => closedAt !== null), 30_000)
}

const openLinks = ({ trace }: Scene) => trace.links.filter(({ closedAt }) => closedAt === null)

/** What happens to the MQTT broker and the links to it. */
export const mqttRows: readonly Row[] = [
  {
    name: 'mqtt-kill',
    title: 'MQTT broker killed (kill −9) and restarted with what it had saved',
    faults: 10,
    lane: 'busy',
    brokerDies: true,
    hurt: async ({ servers: { mosquitto } }, random) => {
      await mosquitto.kill()
      await pause(random.whole(0, 1500))
      await mosquitto.start()
    },
  },
  {
    name: 'link-cut',
    title: 'MQTT link cut',
    faults: 30,
    lane: 'cluster',
    hurt: async (scene) => {
      const open = openLinks(scene)
      scene.mqttProxy.cut()
      await ended(scene, open)
    },
  },
  {
    name: 'link-reset',
    title: 'MQTT link reset in the middle of a packet',
    faults: 40,
    lane: 'cluster',
    hurt: async (scene, random) => {
      const open = openLinks(scene).filter(({ clientId }) => clientId.includes('-evt-'))
      scene.mqttProxy.resetAfter(random.whole(1, 300), random.pick(['up', 'down'] as const))
      await ended(scene, open)
      // Links without traffic have not got that far.
      scene.mqttProxy.reset()
    },
  },
  {
    name: 'link-half-open',
    title: 'MQTT link half open until the keep-alive ends it',
    faults: 4,
    lane: 'waiting',
    hurt: async (scene, random) => {
      const open = openLinks(scene)
      scene.mqttProxy.halfOpen(...random.pick([['up'], ['down'], ['up', 'down']] as const))
      await pause(9000)
      scene.mqttProxy.heal()
      await ended(scene, open)
    },
  },
  {
    name: 'link-slow',
    title: 'MQTT link slow (50 to 500 ms, 20 to 100 kB/s)',
    faults: 5,
    lane: 'waiting',
    hurt: async (scene, random) => {
      scene.mqttProxy.slow({ delayMs: random.whole(50, 500), bytesPerSecond: random.whole(20_000, 100_000) })
      await pause(random.whole(2000, 5000))
      scene.mqttProxy.heal()
    },
  },
]
