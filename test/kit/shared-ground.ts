import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { openGround } from '../../scripts/ground/open-ground.ts'

/** Addresses of the servers that all files of the `system` project share. Never stop or freeze them. */
export interface SharedGround {
  /** `host:port`, without login and TLS. */
  readonly kafkaBrokers: readonly string[]
  /** Base address of the Confluent API. */
  readonly registryUrl: string
  readonly mqttUrl: string
}

declare module 'vitest' {
  interface ProvidedContext {
    sharedGround: SharedGround
  }
}

/** The shared servers, for a test file. */
export function sharedGround(): SharedGround {
  return inject('sharedGround')
}

/**
 * Vitest's global set-up of the `system` project: one Kafka, one registry and one Mosquitto for all of its files. Who
 * runs vitest many times starts them once and says where they are: `SHARED_GROUND`, a `SharedGround` in JSON.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = process.env['SHARED_GROUND']
  if (running !== undefined) {
    project.provide('sharedGround', JSON.parse(running) as SharedGround)
    return async () => undefined
  }
  const ground = await openGround()
  try {
    // Nobody kills this Kafka, so its broker may stand still for longer before it is taken for dead.
    const config = { 'broker.session.timeout.ms': '18000' }
    const [kafka, registry, mosquitto] = await Promise.all([
      ground.kafka({ config }),
      ground.registry(),
      ground.mosquitto(),
    ])
    const shared = { kafkaBrokers: kafka.brokers, registryUrl: registry.url, mqttUrl: mosquitto.url }
    project.provide('sharedGround', shared)
  } catch (error) {
    await ground.close()
    throw error
  }
  return () => ground.close()
}
