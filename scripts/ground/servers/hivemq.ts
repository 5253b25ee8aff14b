import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hivemqPart } from '../fetch/jar-parts.ts'
import { ensurePart } from '../fetch/part.ts'
import { freePorts } from '../run/free-ports.ts'
import { probeMqtt } from '../run/probes.ts'
import { Server, type ServerSpec } from '../run/server.ts'
import { dataFolder, type Surroundings } from './surroundings.ts'

export interface HivemqOptions {
  /** Messages that wait for one session or group; the oldest are dropped. */
  readonly maxQueued?: number
}

/**
 * For the demo: answers 0x10, delivers `$share/…/$emqx/…`, sends wills at a takeover. Not for load, nor where
 * acknowledgements are withheld: a group starves behind one slow member.
 */
export class HivemqServer extends Server {
  readonly port: number
  readonly url: string

  constructor(spec: ServerSpec, port: number) {
    super(spec)
    this.port = port
    this.url = `mqtt://127.0.0.1:${port}`
  }
}

const opened = [
  'java.base/java.lang',
  'java.base/java.nio',
  'java.base/sun.nio.ch',
  'jdk.management/com.sun.management.internal',
].flatMap((module) => ['--add-opens', `${module}=ALL-UNNAMED`])

export async function prepareHivemq(surroundings: Surroundings, options: HivemqOptions): Promise<HivemqServer> {
  const part = await ensurePart(hivemqPart, surroundings.say)
  const [port = 0] = await freePorts(1)
  const folder = await dataFolder(surroundings, 'hivemq')
  await Promise.all(['conf', 'data', 'extensions'].map((name) => mkdir(join(folder, name))))
  await writeFile(join(folder, 'conf', 'config.xml'), configXml(port, options.maxQueued ?? 1000))
  const classPath = `${join(part, 'classes')}:${join(part, 'lib', '*')}`
  const args = ['-Xmx512m', '-XX:+UseSerialGC', ...opened, '-cp', classPath, 'HivemqBroker', folder]
  const spec = {
    name: 'hivemq',
    command: { file: 'java', args, cwd: folder },
    logPath: join(folder, 'log'),
    watchdog: surroundings.watchdog,
    probe: () => probeMqtt(port),
  }
  return new HivemqServer(spec, port)
}

// Its own receive maximum of 10 is enforced: a client that sends more at once is thrown out.
function configXml(port: number, maxQueued: number): string {
  return `<?xml version="1.0"?>
<hivemq>
  <listeners>
    <tcp-listener>
      <port>${port}</port>
      <bind-address>127.0.0.1</bind-address>
    </tcp-listener>
  </listeners>
  <mqtt>
    <queued-messages>
      <max-queue-size>${maxQueued}</max-queue-size>
      <strategy>discard-oldest</strategy>
    </queued-messages>
    <receive-maximum>
      <server-receive-maximum>65535</server-receive-maximum>
    </receive-maximum>
  </mqtt>
  <persistence>
    <mode>in-memory</mode>
  </persistence>
  <anonymous-usage-statistics>
    <enabled>false</enabled>
  </anonymous-usage-statistics>
</hivemq>
`
}
