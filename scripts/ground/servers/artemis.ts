import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { artemisPart } from '../fetch/jar-parts.ts'
import { ensurePart } from '../fetch/part.ts'
import { freePorts } from '../run/free-ports.ts'
import { probeMqtt } from '../run/probes.ts'
import { Server, type ServerSpec } from '../run/server.ts'
import { dataFolder, type Surroundings } from './surroundings.ts'

export interface ArtemisOptions {
  /** Messages one queue holds; the oldest are dropped. EMQX's default is 1000 as well. -1 means no limit. */
  readonly ringSize?: number
}

/** Keeps Receive Maximum exactly and gives a lost member's messages to the others. Nothing outlives a restart. */
export class ArtemisServer extends Server {
  readonly port: number
  readonly url: string

  constructor(spec: ServerSpec, port: number) {
    super(spec)
    this.port = port
    this.url = `mqtt://127.0.0.1:${port}`
  }
}

export async function prepareArtemis(surroundings: Surroundings, options: ArtemisOptions): Promise<ArtemisServer> {
  const part = await ensurePart(artemisPart, surroundings.say)
  const [port = 0] = await freePorts(1)
  const folder = await dataFolder(surroundings, 'artemis')
  await writeFile(join(folder, 'broker.xml'), brokerXml(port, options.ringSize ?? 1000))
  const classPath = `${join(part, 'classes')}:${join(part, 'lib', '*')}`
  const args = ['-Xmx512m', '-XX:+UseSerialGC', '-cp', classPath, 'ArtemisBroker', join(folder, 'broker.xml')]
  const spec = {
    name: 'artemis',
    command: { file: 'java', args, cwd: folder },
    logPath: join(folder, 'log'),
    watchdog: surroundings.watchdog,
    probe: () => probeMqtt(port),
  }
  return new ArtemisServer(spec, port)
}

// Persistence stays off: with the journal on, messages of one topic overtake each other (ARTEMIS-6191).
function brokerXml(port: number, ringSize: number): string {
  return `<configuration xmlns="urn:activemq">
  <core xmlns="urn:activemq:core">
    <persistence-enabled>false</persistence-enabled>
    <security-enabled>false</security-enabled>
    <acceptors>
      <acceptor name="mqtt">tcp://127.0.0.1:${port}?protocols=MQTT</acceptor>
    </acceptors>
    <address-settings>
      <address-setting match="#">
        <default-ring-size>${ringSize}</default-ring-size>
      </address-setting>
    </address-settings>
  </core>
</configuration>
`
}
