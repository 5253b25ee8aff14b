/**
 * Starts servers in the foreground until Ctrl-C: `npx tsx scripts/ground/up.ts [--json] [kafka registry mosquitto
 * artemis hivemq]`, all when none is named. Standard output gets one line per address, as `NAME=value` or as JSON;
 * everything else goes to standard error.
 */
import { once } from 'node:events'
import { sayOnStderr } from './fetch/part.ts'
import { type Ground, openGround } from './open-ground.ts'

type Addresses = Readonly<Record<string, string>>

const starters: Readonly<Record<string, (ground: Ground) => Promise<Addresses>>> = {
  kafka: async (ground) => ({ KAFKA_BROKERS: (await ground.kafka()).brokers.join(',') }),
  registry: async (ground) => ({ SCHEMA_REGISTRY_URL: (await ground.registry()).url }),
  mosquitto: async (ground) => ({ MOSQUITTO_URL: (await ground.mosquitto()).url }),
  artemis: async (ground) => ({ ARTEMIS_URL: (await ground.artemis()).url }),
  hivemq: async (ground) => ({ HIVEMQ_URL: (await ground.hivemq()).url }),
}

const words = process.argv.slice(2)
const json = words.includes('--json')
const chosen = words.filter((word) => word !== '--json')
const names = chosen.length === 0 ? Object.keys(starters) : chosen

const ground = await openGround()
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
try {
  const all = Promise.all(names.map(up)).then(() => sayOnStderr('Ctrl-C stops everything and removes the data'))
  await Promise.race([all, stopped])
  await stopped
} finally {
  await ground.close()
  sayOnStderr('all stopped')
}
// A server that was still starting when it was stopped has nothing more to say.
process.exit()

async function up(name: string): Promise<void> {
  const start = starters[name]
  if (start === undefined) throw new Error(`no server ${name}; there are ${Object.keys(starters).join(', ')}`)
  const began = Date.now()
  const addresses = await start(ground)
  sayOnStderr(`${name} answers after ${((Date.now() - began) / 1000).toFixed(1)} s`)
  for (const [variable, value] of Object.entries(addresses)) {
    console.log(json ? JSON.stringify({ server: name, variable, value }) : `${variable}=${value}`)
  }
}
