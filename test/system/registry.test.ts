import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { AvroReader } from '../../src/kafka/avro-reader.ts'
import { Registry } from '../../src/kafka/registry.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { codecOf } from '../../src/records/codec.ts'
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

/**
 * Else whoever reads it asks for ever, and its partition stands still. Guards kafka/registry.ts `schemaOf` (`is not
 * Avro`, `#hasSchema`): seen to fail, as `transient`, without either.
 */
test.each([
  ['JSON', () => JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' })],
  // The client cannot make anything of this one.
  ['JSON', () => JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' })],
  ['PROTOBUF', (name: string) => `syntax = "proto3"; message ${name} { int64 a = 1; }`],
] as const)('a value that was written with a schema of the kind %s can never be read', async (schemaType, schemaOf) => {
  const name = `Other${randomBytes(4).toString('hex')}`
  const registered = await fetch(`${options.url}/subjects/${name}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType, schema: schemaOf(name) }),
  })
  expect(registered.status).toBe(200)
  const { id } = (await registered.json()) as { readonly id: number }
  const value = Buffer.alloc(10)
  value.writeInt32BE(id, 1)
  const reader = new AvroReader(codecOf('CommandRequest'), newRegistry())
  await expect(reader.read(value)).rejects.toMatchObject({ kind: 'malformed', code: 'DECODE_FAILED' })
})

/** Guards kafka/registry.ts `#hasSchema`: seen to fail, as `malformed`, when it says yes. */
test('a page that a proxy answers in the place of the registry is no answer', async () => {
  const proxy = createServer((_request, response) => {
    response.end('<html>back soon</html>')
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  try {
    const { port } = proxy.address() as AddressInfo
    const registry = new Registry({ ...options, url: `http://127.0.0.1:${port}` }, systemClock, () => undefined)
    const reader = new AvroReader(codecOf('CommandRequest'), registry)
    await expect(reader.read(Buffer.alloc(10))).rejects.toMatchObject({ kind: 'transient' })
  } finally {
    proxy.close()
    proxy.closeAllConnections()
  }
})
