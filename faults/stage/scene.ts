import { CommandDevices } from '../../test/kit/command-devices.ts'
import { CommandNames, commandSettings } from '../../test/kit/command-names.ts'
import { FaultProxy } from '../../test/kit/fault-proxy.ts'
import { type SettingsTree, soonMissed } from '../../test/kit/ingest-worker.ts'
import { CommandFlow, commandDevices } from '../flow/command-flow.ts'
import { PunchFlow } from '../flow/punch-flow.ts'
import { commandsPerSecond, type Row, usualRate } from '../rows/row.ts'
import { Crew } from './crew.ts'
import { LinkTrace } from './link-trace.ts'
import type { Servers } from './servers.ts'

/** Of every connection of a worker. Repeats are judged against it. */
export const receiveMaximum = 200
/** Connections of one worker that take punches. */
export const connections = 2

interface Parts {
  readonly servers: Servers
  readonly names: CommandNames
  readonly trace: LinkTrace
  readonly mqttProxy: FaultProxy
  readonly crew: Crew
  readonly punches: PunchFlow
  readonly commands: CommandFlow
  readonly devices: CommandDevices
}

/** Everything of one row: topics, proxy, workers, punches, commands. It shares only the servers with other rows. */
export class Scene implements Parts {
  readonly servers: Servers
  readonly names: CommandNames
  readonly trace: LinkTrace
  readonly mqttProxy: FaultProxy
  readonly crew: Crew
  readonly punches: PunchFlow
  readonly commands: CommandFlow
  readonly devices: CommandDevices

  /** Resolves when the workers are ready; nothing flows yet. */
  static async open(servers: Servers, row: Row): Promise<Scene> {
    const names = new CommandNames(`faults-${row.name}`)
    const { mosquitto, kafka } = servers
    await names.create(kafka.brokers, 3, {}, { [names.attendance]: row.attendanceTopic ?? {} })
    const trace = new LinkTrace()
    const mqttProxy = await FaultProxy.start(mosquitto.port, trace)
    const slots = row.slots ?? [0]
    const victim = row.victim ?? slots[0] ?? 0
    const crew = new Crew(victim, settingsOf(servers, names, mqttProxy, row), () => 'ingest,command')
    try {
      for (const slot of slots) await crew.start(slot)
      const devices = await CommandDevices.connect(mosquitto.url, `${names.name}-devices`, commandDevices)
      const taken = (id: string): void => trace.taken(id)
      const punches = await PunchFlow.open(mosquitto.url, `${names.name}-clocks`, row.rate ?? usualRate, taken)
      const commands = await CommandFlow.open(kafka.brokers, names.command, commandsPerSecond)
      return new Scene({ servers, names, trace, mqttProxy, crew, punches, commands, devices })
    } catch (error) {
      await crew.close()
      await mqttProxy.close()
      throw error
    }
  }

  private constructor(parts: Parts) {
    this.servers = parts.servers
    this.names = parts.names
    this.trace = parts.trace
    this.mqttProxy = parts.mqttProxy
    this.crew = parts.crew
    this.punches = parts.punches
    this.commands = parts.commands
    this.devices = parts.devices
  }

  start(): void {
    this.punches.start()
    this.commands.start()
  }

  async close(): Promise<void> {
    await this.punches.close()
    await this.commands.close()
    await this.devices.close()
    await this.crew.close()
    await this.mqttProxy.close()
  }
}

function settingsOf(servers: Servers, names: CommandNames, mqttProxy: FaultProxy, row: Row) {
  const addresses = {
    kafkaBrokers: servers.kafkaProxies.map(({ port }) => `127.0.0.1:${port}`),
    registryUrl: servers.registry.url.replace(/:\d+\//, `:${servers.registryProxy.port}/`),
    mqttUrl: `mqtt://127.0.0.1:${mqttProxy.port}`,
  }
  const of = (group: string): SettingsTree => (row.settings?.[group] ?? {}) as SettingsTree
  return (slot: number): SettingsTree =>
    commandSettings(addresses, names, {
      ...row.settings,
      kafka: { ...soonMissed, requestTimeoutMs: 4000, ...of('kafka') },
      mqtt: { slot, connections, receiveMaximum, ...of('mqtt') },
      commands: { pubackTimeoutMs: 3000, ...of('commands') },
      attendance: { attributes: ['check'], ...of('attendance') },
    })
}
