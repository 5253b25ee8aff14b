import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FaultProxy } from '../../test/kit/fault-proxy.ts'
import { FleetNames, fleetSettings } from '../../test/kit/fleet-names.ts'
import { type SettingsTree, soonMissed } from '../../test/kit/ingest-worker.ts'
import { Crew } from '../stage/crew.ts'
import { PubackTrace } from './puback-trace.ts'
import { ThingFlow } from './thing-flow.ts'
import { type ThingRow, usualJobThings } from './thing-row.ts'
import type { ThingServers } from './thing-servers.ts'

/** Partitions of every topic of things. */
export const partitions = 3

interface Parts {
  readonly servers: ThingServers
  /** Where the owner of slot 0 holds what it does not hold in memory, if the row wants that. */
  readonly folder: string
  readonly names: FleetNames
  readonly mqttProxy: FaultProxy
  readonly pubacks: PubackTrace
  readonly crew: Crew
  readonly flow: ThingFlow
}

/** Everything of one row: topics, workers, things, operators. It shares only the servers with other rows. */
export class ThingScene implements Parts {
  readonly servers: ThingServers
  readonly folder: string
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
    const folder = await mkdtemp(join(tmpdir(), 'faults-things-'))
    const crew = new Crew(0, settingsOf(servers, names, mqttProxy, folder, row, rolesOf), rolesOf)
    try {
      for (const slot of Object.keys(row.roles)) await crew.start(Number(slot))
      return new ThingScene({ servers, folder, names, mqttProxy, pubacks, crew, flow })
    } catch (error) {
      await crew.close()
      await flow.close()
      await mqttProxy.close()
      await rm(folder, { recursive: true })
      throw error
    }
  }

  private constructor(parts: Parts) {
    this.servers = parts.servers
    this.folder = parts.folder
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
    await rm(this.folder, { recursive: true })
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
  folder: string,
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
    const store = { folder, cacheThings: 5 }
    return fleetSettings(addresses, names, {
      kafka: { ...soonMissed, clientId: clientIdOf(names, slot), requestTimeoutMs: 4000 },
      mqtt: { slot },
      ...(row.onDisk === true && slot === 0 ? { fleet: { store } } : {}),
    })
  }
}
