import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import kafkajs, { Kafka, logLevel } from 'kafkajs'
import { kafkaPart } from '../fetch/jar-parts.ts'
import { ensurePart } from '../fetch/part.ts'
import { runCommand } from '../fetch/run-command.ts'
import { freePorts } from '../run/free-ports.ts'
import { probeTcp } from '../run/probes.ts'
import { Server } from '../run/server.ts'
import { kafkaProperties, type NodeFacts, type NodePorts } from './kafka-properties.ts'
import { dataFolder, type Surroundings } from './surroundings.ts'

export interface KafkaOptions {
  /** Brokers, 1 by default. Each is a controller too unless `controllerApart`. */
  readonly brokers?: 1 | 3
  /** The controller in a process of its own, so that brokers can die without it. */
  readonly controllerApart?: boolean
  /** With users there is a listener that wants a login: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
  readonly users?: readonly { readonly name: string; readonly password: string }[]
  /** With `users`: whoever shows a token that this JSON Web Key Set verifies may log in by OAUTHBEARER too. */
  readonly tokenKeys?: string
  /** Adds a TLS listener, with a client certificate or without; it wants a login when there are users. */
  readonly tls?: 'server' | 'clientCertificate'
  /** Ports of proxies, one per broker: adds a listener that names the proxy's port as its own. */
  readonly advertise?: readonly number[]
  /** Broker settings, over ours. */
  readonly config?: Readonly<Record<string, string>>
  readonly heapMb?: number
}

/** One or more nodes. Each method does what it says to all nodes; a single one is in `nodes`. */
export class KafkaServer {
  /** Brokers first, then the controller if it is apart. */
  readonly nodes: readonly Server[]
  /** `host:port` of the listener without login and TLS. */
  readonly brokers: readonly string[]
  /** The listener with login; empty without users. */
  readonly saslBrokers: readonly string[]
  /** The TLS listener; empty without `tls`. */
  readonly tlsBrokers: readonly string[]
  /** Where the proxies of `advertise` forward to; empty without. */
  readonly proxiedPorts: readonly number[]

  readonly #lib: string

  constructor(nodes: readonly Server[], facts: readonly NodeFacts[], options: KafkaOptions, lib: string) {
    this.#lib = lib
    const ports = facts.filter((node) => node.roles.includes('broker')).map((node) => node.ports)
    const addresses = (port: keyof NodePorts) => ports.map((each) => `127.0.0.1:${each[port]}`)
    this.nodes = nodes
    this.brokers = addresses('inner')
    this.saslBrokers = (options.users ?? []).length > 0 ? addresses('sasl') : []
    this.tlsBrokers = options.tls === undefined ? [] : addresses('tls')
    this.proxiedPorts = options.advertise === undefined ? [] : ports.map((each) => each.proxied)
  }

  /** Gives a user of SCRAM-SHA-512 another password; the former one is refused from then on. */
  async setPassword(user: string, password: string): Promise<void> {
    const tool = [...jvm(128), '-XX:TieredStopAtLevel=1', '-cp', this.#lib, 'kafka.admin.ConfigCommand']
    const entity = ['--alter', '--entity-type', 'users', '--entity-name', user]
    const change = ['--add-config', `SCRAM-SHA-512=[password=${password}]`]
    await runCommand('java', [...tool, '--bootstrap-server', this.brokers.join(','), ...entity, ...change])
  }

  /** Shows the certificate of another PEM store to connections from now on. Its names must be those of the former. */
  async setServerStore(path: string): Promise<void> {
    const admin = new Kafka({ brokers: [...this.brokers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const configEntries = [{ name: 'listener.name.tls.ssl.keystore.location', value: path }]
    const resources = this.brokers.map((_, index) => {
      return { type: kafkajs.ConfigResourceTypes.BROKER, name: String(index + 1), configEntries }
    })
    await admin.alterConfigs({ validateOnly: false, resources })
    await admin.disconnect()
  }

  get startMs(): number {
    return Math.max(...this.nodes.map((node) => node.startMs))
  }

  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()))
  }
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }
  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
  }
  async restart(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    await (how === 'stop' ? this.stop() : this.kill())
    await this.start()
  }
  freeze(): void {
    for (const node of this.nodes) node.freeze()
  }
  thaw(): void {
    for (const node of this.nodes) node.thaw()
  }
}

/** Not started yet. Its data folders are formatted. */
export async function prepareKafka(surroundings: Surroundings, options: KafkaOptions): Promise<KafkaServer> {
  const lib = join(await ensurePart(kafkaPart, surroundings.say), 'lib', '*')
  const facts = await layOut(surroundings, options)
  const brokers = facts.filter((node) => node.roles.includes('broker'))
  const heap = options.heapMb ?? (brokers.length > 1 ? 256 : 512)
  const nodes = await Promise.all(
    facts.map(async (node) => {
      const properties = join(node.folder, 'server.properties')
      const keys = join(node.folder, 'token-keys.json')
      if (options.tokenKeys !== undefined) await writeFile(keys, options.tokenKeys)
      const oauth = 'org.apache.kafka.sasl.oauthbearer.allowed'
      const allowed =
        options.tokenKeys === undefined ? [] : [`-D${oauth}.urls=file://${keys}`, `-D${oauth}.files=${keys}`]
      await writeFile(properties, kafkaProperties(node, options))
      await format(lib, properties, options)
      return new Server({
        name: `kafka-${node.id}`,
        command: { file: 'java', args: [...jvm(heap), ...allowed, '-cp', lib, 'kafka.Kafka', properties] },
        logPath: join(node.folder, 'log'),
        watchdog: surroundings.watchdog,
        probe: node.roles.includes('broker')
          ? () => probeKafka(node.ports.inner, brokers.length)
          : () => probeTcp(node.ports.controller),
      })
    }),
  )
  return new KafkaServer(nodes, facts, options, lib)
}

async function layOut(surroundings: Surroundings, options: KafkaOptions): Promise<NodeFacts[]> {
  const brokerCount = options.brokers ?? 1
  const apart = options.controllerApart ?? false
  const ports = await freePorts((brokerCount + 1) * 5)
  const take = (): number => ports.pop() ?? 0
  const certificates = options.tls === undefined ? null : await surroundings.certificates()
  const tls = certificates === null ? null : { store: await certificates.serverStore(), ca: certificates.ca }
  const nodes = Array.from({ length: brokerCount + (apart ? 1 : 0) }, (_, index) => ({
    id: index + 1,
    ports: { inner: take(), controller: take(), sasl: take(), tls: take(), proxied: take() },
    roles: rolesOf(apart, index === brokerCount),
  }))
  const voters = nodes
    .filter((node) => node.roles.includes('controller'))
    .map((node) => `${node.id}@127.0.0.1:${node.ports.controller}`)
    .join(',')
  return Promise.all(
    nodes.map(async (node) => {
      const folder = await dataFolder(surroundings, `kafka-${node.id}`)
      return { ...node, folder, voters, brokerCount, tls }
    }),
  )
}

function rolesOf(apart: boolean, last: boolean): readonly ('broker' | 'controller')[] {
  if (!apart) return ['broker', 'controller']
  return last ? ['controller'] : ['broker']
}

async function format(lib: string, properties: string, options: KafkaOptions): Promise<void> {
  const scram = (options.users ?? []).flatMap(({ name, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((kind) => [
      '--add-scram',
      `${kind}=[name=${name},password=${password}]`,
    ]),
  )
  const id = ['-t', 'Z3JvdW5kLWdyb3VuZC1ncg', '-c', properties]
  await runCommand('java', [
    ...jvm(128),
    '-XX:TieredStopAtLevel=1',
    '-cp',
    lib,
    'kafka.tools.StorageTool',
    'format',
    ...id,
    ...scram,
  ])
}

function jvm(heapMb: number): string[] {
  return [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-Dorg.apache.logging.log4j.level=WARN']
}

/** Resolves when the broker names a controller and sees as many brokers as there should be. */
async function probeKafka(port: number, brokerCount: number): Promise<void> {
  await probeTcp(port)
  const client = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 1000,
    requestTimeout: 2000,
    enforceRequestTimeout: true,
  })
  const admin = client.admin()
  try {
    await admin.connect()
    const cluster = await admin.describeCluster()
    if (cluster.controller === null) throw new Error('no controller yet')
    if (cluster.brokers.length !== brokerCount) throw new Error(`${cluster.brokers.length} brokers of ${brokerCount}`)
  } finally {
    await admin.disconnect()
  }
}
