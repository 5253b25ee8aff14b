import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import { groundFolder } from '../../scripts/ground/place.ts'
import { Watchdog } from '../../scripts/ground/run/watchdog.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import { catalogue } from '../../src/records/catalogue.ts'
import { deviceCount, serialOf, zoneOf } from '../load/punches.ts'
import { StartedProcess } from './started-process.ts'
import { StoredRecords } from './stored-records.ts'

const run = promisify(execFile)
export const bridgeProgram = 'dist/main.js'

/** Controls and load, compiled as the bridge is: a loader of TypeScript inside them would be measured with them. */
export function compiled(program: string): string {
  return join(groundFolder(), 'bench/bench', program)
}

/** The servers that the measured processes work with. One Kafka and registry for all; a broker for each of them. */
export class Stage {
  readonly ground: Ground
  readonly kafka: KafkaServer
  readonly registryUrl: string
  readonly stored: StoredRecords
  readonly configPath: string
  readonly #watchdog = new Watchdog(null)

  private constructor(
    ground: Ground,
    kafka: KafkaServer,
    registryUrl: string,
    stored: StoredRecords,
    configPath: string,
  ) {
    this.ground = ground
    this.kafka = kafka
    this.registryUrl = registryUrl
    this.stored = stored
    this.configPath = configPath
  }

  /** `more`: settings of the bridge besides where its servers are. */
  static async open(more: Readonly<Record<string, object>> = {}): Promise<Stage> {
    const ground = await openGround()
    const [kafka, registry] = await Promise.all([
      // Records are stamped when they are appended: that is the end of publish -> Kafka.
      ground.kafka({ config: { 'log.message.timestamp.type': 'LogAppendTime' } }),
      ground.registry(),
    ])
    const configPath = join(ground.folder, 'bridge.json')
    // YAML holds all of JSON.
    await writeFile(
      configPath,
      JSON.stringify({
        kafka: { brokers: kafka.brokers },
        registry: { url: registry.url, register: 'register' },
        ...more,
      }),
    )
    await run(process.execPath, [bridgeProgram, 'topics', 'apply', '--config', configPath])
    const stored = await StoredRecords.open(kafka.brokers)
    await stored.put(
      catalogue.device.topic,
      Array.from({ length: deviceCount }, (_, i) => ({
        key: serialOf(i),
        value: JSON.stringify({ timeZone: zoneOf(i) }),
      })),
    )
    return new Stage(ground, kafka, registry.url, stored, configPath)
  }

  /** A broker that queues a whole backlog for a session that is away. */
  async broker(): Promise<MosquittoServer> {
    return this.ground.mosquitto({ maxInflight: 1000, maxQueued: 0 })
  }

  async start(name: string, nodeArgs: readonly string[]): Promise<StartedProcess> {
    return StartedProcess.start(nodeArgs, join(this.ground.folder, `${name}.log`), this.#watchdog)
  }

  /** Publishes; resolves when the broker has taken all of it. */
  async load(broker: MosquittoServer, args: Readonly<Record<string, string | number>>): Promise<void> {
    const options = Object.entries({ port: broker.port, ...args }).flatMap(([name, value]) => [
      `--${name}`,
      String(value),
    ])
    await run(process.execPath, [compiled('load/load.js'), ...options])
  }

  async close(): Promise<void> {
    await this.stored.close()
    await this.#watchdog.close()
    await this.ground.close()
  }
}
