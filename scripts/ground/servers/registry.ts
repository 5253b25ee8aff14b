import { join } from 'node:path'
import { registryPart } from '../fetch/jar-parts.ts'
import { ensurePart } from '../fetch/part.ts'
import { freePorts } from '../run/free-ports.ts'
import { probeHttp } from '../run/probes.ts'
import { Server, type ServerSpec } from '../run/server.ts'
import { dataFolder, type Surroundings } from './surroundings.ts'

export interface RegistryOptions {
  /** Brokers to keep the schemas in, so that ids outlive a restart. Without: in memory, gone at every restart. */
  readonly storedIn?: readonly string[]
}

export class RegistryServer extends Server {
  /** The base address of the Confluent API, without a slash at the end. */
  readonly url: string

  constructor(spec: ServerSpec, url: string) {
    super(spec)
    this.url = url
  }
}

export async function prepareRegistry(surroundings: Surroundings, options: RegistryOptions): Promise<RegistryServer> {
  const part = await ensurePart(registryPart, surroundings.say)
  const [port = 0] = await freePorts(1)
  const folder = await dataFolder(surroundings, 'registry')
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const settings: Record<string, string> = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': String(port),
    'quarkus.log.level': 'WARN',
    // Otherwise a file appears in the working directory.
    'quarkus.log.file.enable': 'false',
  }
  if (options.storedIn !== undefined) {
    settings['apicurio.storage.kind'] = 'kafkasql'
    settings['apicurio.kafkasql.bootstrap.servers'] = options.storedIn.join(',')
    settings['apicurio.kafkasql.topic-properties.replication.factor'] = String(options.storedIn.length)
  }
  const properties = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
  const runner = ['-jar', join(part, 'apicurio-registry-app-3.0.9-runner.jar')]
  const args = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...properties, ...runner]
  const spec = {
    name: 'registry',
    command: { file: 'java', args, cwd: folder },
    logPath: join(folder, 'log'),
    watchdog: surroundings.watchdog,
    probe: () => probeHttp(`${url}/subjects`),
  }
  return new RegistryServer(spec, url)
}
