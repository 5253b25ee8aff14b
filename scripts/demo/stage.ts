import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePart } from '../ground/fetch/part.ts'
import { partsNamed } from '../ground/fetch/parts.ts'
import { java, requireAll } from '../ground/fetch/prerequisites.ts'
import type { Ground } from '../ground/open-ground.ts'
import { publishAddresses } from './addresses.ts'
import { type BridgeServers, DemoBridge } from './bridge.ts'
import { writeDeviceRecords } from './device-records.ts'
import { Fleet, type FleetPace } from './fleet.ts'
import { KafkaReader } from './kafka-reader.ts'
import { Ledger } from './ledger.ts'
import { Operator } from './operator.ts'
import { step } from './progress.ts'
import type { DeviceProfile } from './roster.ts'
import { Tally } from './tally.ts'
import { Thermostats, thermostatRegistrations } from './thermostats.ts'

/** The brokers that the demo can take. */
export type BrokerName = 'mosquitto' | 'hivemq'

/** Everything that takes part, ready to begin. */
export interface Stage {
  readonly bridge: DemoBridge
  readonly reader: KafkaReader
  readonly fleet: Fleet
  readonly operator: Operator
  readonly thermostats: Thermostats
  readonly ledger: Ledger
  readonly tally: Tally
  readonly brokers: readonly string[]
}

/** Fetches what is not there yet, one part after the other so that the lines about it can be read, and starts it. */
export async function startServers(ground: Ground, brokerName: BrokerName): Promise<BridgeServers> {
  requireAll('the demo', [java])
  for (const part of partsNamed(['kafka', 'registry', brokerName])) {
    await ensurePart(part, (line) => console.log(`    ${line}`))
  }
  const [kafka, registry, broker] = await step(`Kafka, schema registry and MQTT broker (${brokerName})`, () =>
    Promise.all([ground.kafka(), ground.registry(), ground[brokerName]()]),
  )
  return { mqttUrl: broker.url, brokers: kafka.brokers, registryUrl: registry.url }
}

/** Topics, schemas, device records, the bridge, a consumer, the devices; in this order, so that nothing is missed. */
export async function setTheStage(
  servers: BridgeServers,
  roster: readonly DeviceProfile[],
  bridge: DemoBridge,
  pace: FleetPace,
  commandsPerSecond: number,
): Promise<Stage> {
  const { mqttUrl, brokers, registryUrl } = servers
  await step('bridge topics apply', () => bridge.command('topics', 'apply'), sayOf)
  await step('bridge schemas register', () => bridge.command('schemas', 'register'), sayOf)
  await step(
    'device records',
    () => writeDeviceRecords(brokers, registryUrl, roster),
    (told) => `zones of ${told} devices`,
  )
  await step(
    'bridge run',
    () => bridge.start(),
    () => `ready, ${bridge.healthUrl}/metrics`,
  )
  await publishAddresses({ ...servers, healthUrl: bridge.healthUrl, pid: process.pid }, bridge.config)

  const ledger = new Ledger()
  const tally = new Tally(ledger)
  const reader = new KafkaReader(brokers, registryUrl, (arrival) => tally.take(arrival))
  await step('a consumer of the topics', () => reader.open())
  const fleet = new Fleet(roster, mqttUrl, ledger, pace)
  await step(
    'devices connect',
    () => fleet.connect(),
    () => `${fleet.connected} connected`,
  )
  const operator = new Operator(brokers, roster, ledger, tally.commands, commandsPerSecond)
  await step('an operator who sends commands', () => operator.open())
  const thermostats = await step(
    'thermostats of EMQX Fleets start up',
    () => switchOn(bridge, mqttUrl),
    ({ count }) => `${count} registered, one not yet`,
  )
  return { bridge, reader, fleet, operator, thermostats, ledger, tally, brokers }
}

/** Registered and let in by the same commands that an operator types. */
async function switchOn(bridge: DemoBridge, mqttUrl: string): Promise<Thermostats> {
  const folder = await mkdtemp(join(tmpdir(), 'thermostats-'))
  const file = join(folder, 'things.ndjson')
  await writeFile(file, thermostatRegistrations())
  await bridge.command('thing', 'register', '--file', file)
  await rm(folder, { recursive: true })
  const said = await bridge.command('api-key', 'create', 'thermostats')
  const [apiKey = '', apiSecret = ''] = (said.find((line) => line.startsWith('thermostats:')) ?? '').split(':')
  const thermostats = new Thermostats({ mqttUrl, httpUrl: bridge.apiUrl, apiKey, apiSecret })
  await thermostats.open()
  return thermostats
}

/** The last line of a command, and how it names what it was not content with. */
function sayOf(lines: readonly string[]): string {
  const refused = lines.flatMap((line) => /^(?:incompatible|drift)\s+(\S+)/.exec(line)?.[1] ?? [])
  const last = lines.at(-1)?.trim() ?? ''
  return refused.length === 0 ? last : `${last} (${refused.join(', ')})`
}
