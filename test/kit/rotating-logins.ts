import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kafka, logLevel, type SASLOptions } from 'kafkajs'
import { expect } from 'vitest'
import type { Ground } from '../../scripts/ground/open-ground.ts'
import type { Certificates, KeyPair } from '../../scripts/ground/servers/certificates.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import { DeviceClient } from './device-client.ts'
import type { IngestServers, IngestWorker, SettingsTree } from './ingest-worker.ts'
import { MountedSecret } from './mounted-secret.ts'
import { basic, RegistryFront } from './registry-front.ts'
import { sharedGround } from './shared-ground.ts'
import { connectionsTo, noneLeftOf } from './socket-table.ts'

const username = 'bridge'
const first = 'first-pass-5e1d07'

/** Who may log in beside the bridge: a device. */
export const device = { name: 'device', password: 'device-pass-17aa90' }

export interface MountedSecrets {
  readonly mqtt: MountedSecret
  readonly kafka: MountedSecret
  readonly registry: MountedSecret
}

/**
 * A Kafka and a Mosquitto that both ask for a certificate and a login, and a registry that asks for a login. All of it
 * becomes another while a worker runs, the way kubelet swaps files, and the servers refuse what was.
 */
export class RotatingLogins {
  readonly ground: Ground
  readonly certificates: Certificates
  readonly kafka: KafkaServer
  readonly broker: MosquittoServer
  readonly front: RegistryFront
  /** Of the bridge, as the servers want it now. */
  password = first

  static async open(ground: Ground): Promise<RotatingLogins> {
    const certificates = await ground.certificates()
    const servers = await Promise.all([
      ground.kafka({
        users: [{ name: username, password: first }],
        tls: 'clientCertificate',
        // Without the name of the listener Kafka asks for no certificate where it asks for a login.
        config: { 'listener.name.tls.ssl.client.auth': 'required' },
      }),
      ground.mosquitto({ users: [{ name: username, password: first }, device], tls: 'clientCertificateAndLogin' }),
      RegistryFront.start(sharedGround().registryUrl, { login: { username, password: first } }),
    ])
    return new RotatingLogins(ground, certificates, ...servers)
  }

  private constructor(
    ground: Ground,
    certificates: Certificates,
    kafka: KafkaServer,
    broker: MosquittoServer,
    front: RegistryFront,
  ) {
    this.ground = ground
    this.certificates = certificates
    this.kafka = kafka
    this.broker = broker
    this.front = front
  }

  async textsOf({ certificate, key }: KeyPair) {
    const read = (file: string) => readFile(file, 'utf8')
    return { ca: await read(this.certificates.ca), cert: await read(certificate), key: await read(key) }
  }

  async #login(secret: string, pair: KeyPair) {
    const { ca, cert, key } = await this.textsOf(pair)
    return { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key, password: `${secret}\n` }
  }

  /** The secrets of one worker in folders, and the settings that name them. */
  async mounted(
    name: string,
    pair: KeyPair,
  ): Promise<{ secrets: MountedSecrets; changes: Record<string, SettingsTree> }> {
    const files = await this.#login(this.password, pair)
    const folder = (server: string): string => join(this.ground.folder, `${name}-${server}`)
    const [mqtt, kafkaSecret, registry] = await Promise.all([
      MountedSecret.mount(folder('mqtt'), files),
      MountedSecret.mount(folder('kafka'), files),
      MountedSecret.mount(folder('registry'), { password: files.password }),
    ])
    const tlsOf = (secret: MountedSecret) => ({
      caFile: secret.path('ca.crt'),
      certFile: secret.path('tls.crt'),
      keyFile: secret.path('tls.key'),
    })
    const changes = {
      mqtt: {
        url: this.broker.tlsUrl,
        username,
        passwordFile: mqtt.path('password'),
        tls: tlsOf(mqtt),
        connections: 2,
      },
      kafka: {
        brokers: this.kafka.tlsBrokers,
        tls: { enabled: true, ...tlsOf(kafkaSecret) },
        sasl: { mechanism: 'scram-sha-512', username, passwordFile: kafkaSecret.path('password') },
      },
      registry: { username, passwordFile: registry.path('password') },
      worker: { credentialsPollSeconds: 1 },
    }
    return { secrets: { mqtt, kafka: kafkaSecret, registry }, changes }
  }

  get servers(): IngestServers {
    return { kafkaBrokers: this.kafka.tlsBrokers, registryUrl: this.front.url, mqttUrl: this.broker.tlsUrl ?? '' }
  }
  get kafkaPort(): number {
    return Number(this.kafka.tlsBrokers[0]?.split(':')[1])
  }
  get mqttPort(): number {
    return Number(new URL(this.broker.tlsUrl ?? '').port)
  }

  /** What the swap of one server's files does, while that server still wants the old password and then the new one. */
  async #rotate(
    worker: IngestWorker,
    server: 'mqtt' | 'kafka' | 'registry',
    swap: () => Promise<void>,
    allow: () => Promise<void>,
  ) {
    const from = worker.now
    await swap()
    const refused = await worker.says('credentials_not_taken', from, 60_000)
    expect(refused).toMatchObject({ level: 'error', server })
    expect(await worker.metric(`bridge_credentials_not_taken{server="${server}"}`)).toBe(1)
    expect(worker.lines('mqtt_disconnected', from)).toEqual([])
    await allow()
    const taken = await worker.says('credentials_reloaded', from, 60_000)
    expect(taken).toMatchObject({ level: 'info', server })
    expect(await worker.metric(`bridge_credentials_not_taken{server="${server}"}`)).toBe(0)
    expect(await worker.metric(`bridge_credentials_reloads_total{server="${server}"}`)).toBe(1)
    return taken
  }

  /** Every password and certificate becomes another one; afterwards no connection is left of those that stood before. */
  async rotateAll(worker: IngestWorker, secrets: MountedSecrets, next: string): Promise<void> {
    const files = await this.#login(next, await this.certificates.client(`bridge-${next}`))
    const registryBefore = this.front.admitted.length
    await this.#rotate(
      worker,
      'registry',
      () => secrets.registry.swap({ password: files.password }),
      async () => this.front.setLogin({ username, password: next }),
    )
    expect(this.front.admitted.slice(registryBefore)).toContain(basic({ username, password: next }))

    const kafkaBefore = await connectionsTo(this.kafkaPort)
    expect(kafkaBefore.size).toBeGreaterThan(0)
    await this.#rotate(
      worker,
      'kafka',
      () => secrets.kafka.swap(files),
      () => this.kafka.setPassword(username, next),
    )
    await noneLeftOf(kafkaBefore, this.kafkaPort)

    const mqttBefore = await connectionsTo(this.mqttPort)
    expect(mqttBefore.size).toBeGreaterThan(0)
    await this.#rotate(
      worker,
      'mqtt',
      () => secrets.mqtt.swap(files),
      () => this.broker.setUsers([{ name: username, password: next }, device]),
    )
    await noneLeftOf(mqttBefore, this.mqttPort)
    this.password = next
  }

  /** Neither server lets anybody in with this. */
  async expectRefused(secret: string, pair: KeyPair): Promise<void> {
    const tls = await this.textsOf(pair)
    const asked = DeviceClient.connect({
      url: this.broker.tlsUrl ?? '',
      clientId: 'former',
      mqtt: { username, password: secret, ...tls },
    })
    await expect(asked).rejects.toThrow()
    const sasl: SASLOptions = { mechanism: 'scram-sha-512', username, password: secret }
    const options = {
      brokers: [...this.kafka.tlsBrokers],
      ssl: tls,
      sasl,
      retry: { retries: 0 },
      logLevel: logLevel.NOTHING,
    }
    const admin = new Kafka(options).admin()
    await expect(admin.connect()).rejects.toThrow()
    await admin.disconnect()
  }

  async close(): Promise<void> {
    await this.front.close()
  }
}
