import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { ArtemisServer } from '../../scripts/ground/servers/artemis.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { RegistryServer } from '../../scripts/ground/servers/registry.ts'
import { FaultProxy } from '../../test/kit/fault-proxy.ts'
import { TransactionTrace } from '../stage/transaction-trace.ts'

/** Kafka behind a proxy that sees its transactions, its registry, and a broker that gives `$share` of `$emqx` topics. */
export class ThingServers {
  readonly kafka: KafkaServer
  readonly kafkaProxy: FaultProxy
  readonly transactions: TransactionTrace
  readonly registry: RegistryServer
  readonly artemis: ArtemisServer
  readonly #ground: Ground

  static async open(): Promise<ThingServers> {
    const ground = await openGround()
    try {
      const transactions = new TransactionTrace()
      const proxy = await FaultProxy.start(0, transactions)
      const kafka = await ground.kafka({ advertise: [proxy.port] })
      proxy.forwardTo(kafka.proxiedPorts[0] ?? 0)
      const registry = await ground.registry()
      // Nothing that waits for a worker may be dropped: what is lost here would be its loss.
      const artemis = await ground.artemis({ ringSize: -1 })
      return new ThingServers(ground, kafka, proxy, transactions, registry, artemis)
    } catch (error) {
      await ground.close()
      throw error
    }
  }

  private constructor(
    ground: Ground,
    kafka: KafkaServer,
    kafkaProxy: FaultProxy,
    transactions: TransactionTrace,
    registry: RegistryServer,
    artemis: ArtemisServer,
  ) {
    this.#ground = ground
    this.kafka = kafka
    this.kafkaProxy = kafkaProxy
    this.transactions = transactions
    this.registry = registry
    this.artemis = artemis
  }

  async close(): Promise<void> {
    await this.kafkaProxy.close()
    await this.#ground.close()
  }
}
