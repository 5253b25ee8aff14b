import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { RegistryServer } from '../../scripts/ground/servers/registry.ts'
import { FaultProxy } from '../../test/kit/fault-proxy.ts'

/** Kafka and its registry, each behind proxies for the bridge, and a broker that keeps its sessions over a crash. */
export interface Servers {
  readonly kafka: KafkaServer
  readonly kafkaProxies: readonly FaultProxy[]
  readonly registry: RegistryServer
  readonly registryProxy: FaultProxy
  readonly mosquitto: MosquittoServer
}

export class OpenServers implements Servers {
  readonly kafka: KafkaServer
  readonly kafkaProxies: readonly FaultProxy[]
  readonly registry: RegistryServer
  readonly registryProxy: FaultProxy
  readonly mosquitto: MosquittoServer
  readonly #ground: Ground

  /** `brokers`: of Kafka. Records are stamped when they are appended: the stall and the recovery are read from that. */
  static async open(brokers: 1 | 3): Promise<OpenServers> {
    const ground = await openGround()
    try {
      const proxies = await Promise.all(Array.from({ length: brokers }, () => FaultProxy.start()))
      const kafka = await ground.kafka({
        brokers,
        advertise: proxies.map(({ port }) => port),
        config: { 'log.message.timestamp.type': 'LogAppendTime' },
      })
      for (const [i, proxy] of proxies.entries()) proxy.forwardTo(kafka.proxiedPorts[i] ?? 0)
      const registry = await ground.registry({ storedIn: kafka.brokers })
      // Its state is saved once a second: a broker that is killed forgets what it has acknowledged since. Saving after
      // every change makes it so slow that all else waits for it.
      const mosquitto = await ground.mosquitto({ persistence: true, maxQueued: 0 })
      const registryProxy = await FaultProxy.start(Number(new URL(registry.url).port))
      return new OpenServers(ground, { kafka, kafkaProxies: proxies, registry, registryProxy, mosquitto })
    } catch (error) {
      await ground.close()
      throw error
    }
  }

  private constructor(ground: Ground, servers: Servers) {
    this.#ground = ground
    this.kafka = servers.kafka
    this.kafkaProxies = servers.kafkaProxies
    this.registry = servers.registry
    this.registryProxy = servers.registryProxy
    this.mosquitto = servers.mosquitto
  }

  async close(): Promise<void> {
    for (const proxy of [...this.kafkaProxies, this.registryProxy]) await proxy.close()
    await this.#ground.close()
  }
}
