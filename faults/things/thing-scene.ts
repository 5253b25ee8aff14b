import { FaultProxy } from '../../test/kit/fault-proxy.ts'
import { FleetNames, fleetSettings } from '../../test/kit/fleet-names.ts'
import type { SettingsTree } from '../../test/kit/ingest-worker.ts'
import { Crew } from '../stage/crew.ts'
import { PubackTrace } from './puback-trace.ts'
import { ThingFlow } from './thing-flow.ts'
import { type ThingRow, usualJobThings } from './thing-row.ts'
import type { ThingServers } from './thing-servers.ts'

/** Partitions of every topic of things. */
export const partitions = 3

interface Parts {
  readonly servers: ThingServers
  readonly names: FleetNames
  readonly mqttProxy: FaultProxy
  readonly pubacks: PubackTrace
  readonly crew: Crew
  readonly flow: ThingFlow
}

/** Everything of one row: topics, workers, things, operators. It shares only the servers with other rows. */
export class ThingScene implements Parts {
  readonly servers: ThingServers
  readonly names: FleetNames
  readonly mqttProxy: FaultProxy
  readonly pubacks: PubackTrace
  readonly crew: Crew
  readonly flow: ThingFlow

  /** Resolves when the workers are ready; nothing flows yet. */
  static async open(servers: ThingServers, row: ThingRow): Promise<ThingScene> {
    const names = new FleetNames(`faults-${row.name}`)
    const { kafka, registry, artemis } = servers
    await names.create(kafka.brokers, partitions)
    const flow = await ThingFlow.open(kafka.brokers, registry.url, artemis.url, names, row.jobThings ?? usualJobThings)
    const pubacks = new PubackTrace()
    const mqttProxy = await FaultProxy.start(artemis.port, pubacks)
    const rolesOf = (slot: number): string => row.roles[slot] ?? 'fleet'
    const crew = new Crew(0, settingsOf(servers, names, mqttProxy, row, rolesOf), rolesOf)
    try {
      for (const slot of Object.keys(row.roles)) await crew.start(Number(slot))
      return new ThingScene({ servers, names, mqttProxy, pubacks, crew, flow })
    } catch (error) {
      await crew.close()
      await flow.close()
      await mqttProxy.close()
      throw error
    }
  }

  private constructor(parts: Parts) {
    this.servers = parts.servers
    this.names = parts.names
    this.mqttProxy = parts.mqttProxy
    this.pubacks = parts.pubacks
    this.crew = parts.crew
    this.flow = parts.flow
  }

  /** What a worker calls itself at Kafka. */
  clientId(slot: number): string {
    return clientIdOf(this.names, slot)
  }

  async close(): Promise<void> {
    await this.flow.close()
    await this.crew.close()
    await this.mqttProxy.close()
  }
}

function clientIdOf(names: FleetNames, slot: number): string {
  return `${names.name}-${slot}`
}

/** The proxies stand before the owners of things; an ingest of its own is left alone. */
function settingsOf(
  { kafka, kafkaProxy, registry, artemis }: ThingServers,
  names: FleetNames,
  mqttProxy: FaultProxy,
  row: ThingRow,
  rolesOf: (slot: number) => string,
) {
  return (slot: number): SettingsTree => {
    const hurt = rolesOf(slot).includes('fleet')
    const addresses = {
      kafkaBrokers: hurt ? [`127.0.0.1:${kafkaProxy.port}`] : kafka.brokers,
      registryUrl: registry.url,
      mqttUrl: hurt ? `mqtt://127.0.0.1:${mqttProxy.port}` : artemis.url,
    }
    const of = (group: string): SettingsTree => (row.settings?.[group] ?? {}) as SettingsTree
    return fleetSettings(addresses, names, {
      ...row.settings,
      kafka: { clientId: clientIdOf(names, slot), requestTimeoutMs: 4000, ...of('kafka') },
      mqtt: { slot, ...of('mqtt') },
    })
  }
}
