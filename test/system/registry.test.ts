import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Registry } from '../../src/kafka/registry.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { sharedGround } from '../kit/shared-ground.ts'

const options = {
  url: sharedGround().registryUrl,
  timeoutMs: 15_000,
  username: null,
  password: null,
  passwordFile: null,
  tls: { caFile: null, certFile: null, keyFile: null, serverName: null },
}
const newRegistry = () => new Registry(options, systemClock, () => undefined)

/** Guards kafka/registry.ts `setCompatibility`: seen to fail when its 409 counts ("already exists", start refused). */
test('workers that start at the same moment all get the id of a new schema, and the subject its compatibility', async () => {
  for (let round = 0; round < 20; round += 1) {
    const name = `Race${randomBytes(4).toString('hex')}`
    const subject = `${name}-value`
    const schema = JSON.stringify({ type: 'record', name, fields: [{ name: 'a', type: 'long' }] })
    const workers = Array.from({ length: 3 }, newRegistry)
    const ids = await Promise.all(
      workers.map((registry) => registry.register({ subject, schema, compatibility: 'FULL_TRANSITIVE' })),
    )
    expect(new Set(ids).size).toBe(1)
    const config: unknown = await (await fetch(`${options.url}/config/${subject}`)).json()
    expect(config).toMatchObject({ compatibilityLevel: 'FULL_TRANSITIVE' })
  }
})
