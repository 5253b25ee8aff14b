import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { libraryPath, mosquittoPart } from '../fetch/mosquitto-part.ts'
import { ensurePart } from '../fetch/part.ts'
import { runCommand } from '../fetch/run-command.ts'
import { freePorts } from '../run/free-ports.ts'
import { probeMqtt } from '../run/probes.ts'
import { Server, type ServerSpec } from '../run/server.ts'
import { dataFolder, type Surroundings } from './surroundings.ts'

export interface MosquittoOptions {
  /** Keep sessions and queues over a restart; written every second. */
  readonly persistence?: boolean
  /** Logins. Without any, everybody may connect. */
  readonly users?: readonly { readonly name: string; readonly password: string }[]
  /** The text of an acl_file. */
  readonly acl?: string
  /** The dynamic-security plugin with this admin login; everything else is refused until it is allowed. */
  readonly dynamicSecurity?: { readonly admin: string; readonly password: string }
  /**
   * Adds a TLS listener; with `clientCertificate` the common name of the client's certificate is the user name; with
   * `clientCertificateAndLogin` a login is asked for besides the certificate.
   */
  readonly tls?: 'server' | 'clientCertificate' | 'clientCertificateAndLogin'
  /** QoS 1 messages on their way to one client. 0 means no limit; Mosquitto's own default is 20. */
  readonly maxInflight?: number
  /** Messages that wait for one client, online or not; the newest are dropped. 0 means no limit. */
  readonly maxQueued?: number
  /** Further lines of the configuration file. */
  readonly lines?: readonly string[]
}

export class MosquittoServer extends Server {
  readonly port: number
  /** `mqtt://…`, without TLS. */
  readonly url: string
  /** `mqtts://localhost:…`, null without `tls`. */
  readonly tlsUrl: string | null
  readonly #folder: string
  readonly #part: string

  constructor(spec: ServerSpec, port: number, tlsPort: number | null, folder: string, part: string) {
    super(spec)
    this.port = port
    this.url = `mqtt://127.0.0.1:${port}`
    this.tlsUrl = tlsPort === null ? null : `mqtts://localhost:${tlsPort}`
    this.#folder = folder
    this.#part = part
  }

  /** Changes the logins of the running broker: the file is written anew and read again (SIGHUP). */
  async setUsers(users: NonNullable<MosquittoOptions['users']>): Promise<void> {
    await writePasswords(this.#part, join(this.#folder, 'passwords'), users)
    this.signal('SIGHUP')
  }

  /** Reads its certificate and key again, for connections from now on. */
  rereadCertificate(): void {
    this.signal('SIGHUP')
  }

  /** Changes the access list of the running broker. */
  async setAcl(acl: string): Promise<void> {
    await writeFile(join(this.#folder, 'acl'), acl, { mode: 0o600 })
    this.signal('SIGHUP')
  }
}

export async function prepareMosquitto(
  surroundings: Surroundings,
  options: MosquittoOptions,
): Promise<MosquittoServer> {
  const part = await ensurePart(mosquittoPart, surroundings.say)
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const folder = await dataFolder(surroundings, 'mosquitto')
  const env = await libraryPath(part)
  await mkdir(join(folder, 'data'))
  if (options.users !== undefined) await writePasswords(part, join(folder, 'passwords'), options.users)
  if (options.acl !== undefined) await writeFile(join(folder, 'acl'), options.acl, { mode: 0o600 })
  const lines = [
    ...(userInfo().uid === 0 ? ['user root'] : []),
    `allow_anonymous ${options.users === undefined && options.dynamicSecurity === undefined}`,
    ...(options.users === undefined ? [] : [`password_file ${join(folder, 'passwords')}`]),
    ...(options.acl === undefined ? [] : [`acl_file ${join(folder, 'acl')}`]),
    ...(options.dynamicSecurity === undefined ? [] : await dynamicSecurity(part, folder, env, options.dynamicSecurity)),
    `max_inflight_messages ${options.maxInflight ?? 1000}`,
    `max_queued_messages ${options.maxQueued ?? 100_000}`,
    'log_dest stderr',
    'log_type error',
    'log_type warning',
    'log_type notice',
    ...(options.persistence === true
      ? ['persistence true', `persistence_location ${join(folder, 'data')}/`, 'autosave_interval 1']
      : ['persistence false']),
    ...(options.lines ?? []),
    `listener ${port} 127.0.0.1`,
    ...(options.tls === undefined ? [] : await tlsListener(surroundings, tlsPort, options.tls)),
  ]
  await writeFile(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`)
  const file = join(part, 'root/usr/sbin/mosquitto')
  const spec = {
    name: 'mosquitto',
    command: { file, args: ['-c', join(folder, 'mosquitto.conf')], env },
    logPath: join(folder, 'log'),
    watchdog: surroundings.watchdog,
    probe: () => probeMqtt(port),
  }
  return new MosquittoServer(spec, port, options.tls === undefined ? null : tlsPort, folder, part)
}

async function writePasswords(
  part: string,
  path: string,
  users: NonNullable<MosquittoOptions['users']>,
): Promise<void> {
  await writeFile(path, users.map(({ name, password }) => `${name}:${password}\n`).join(''), { mode: 0o600 })
  // -U replaces the plain passwords of the whole file by their hashes.
  await runCommand(join(part, 'root/usr/bin/mosquitto_passwd'), ['-U', path], { env: await libraryPath(part) })
}

async function dynamicSecurity(
  part: string,
  folder: string,
  env: Record<string, string>,
  login: NonNullable<MosquittoOptions['dynamicSecurity']>,
): Promise<string[]> {
  const path = join(folder, 'dynamic-security.json')
  const tool = join(part, 'root/usr/bin/mosquitto_ctrl')
  await runCommand(tool, ['dynsec', 'init', path, login.admin, login.password], { env })
  const libraries = env['LD_LIBRARY_PATH']?.split(':')[0] ?? ''
  return [`plugin ${join(libraries, 'mosquitto_dynamic_security.so')}`, `plugin_opt_config_file ${path}`]
}

async function tlsListener(
  surroundings: Surroundings,
  port: number,
  kind: NonNullable<MosquittoOptions['tls']>,
): Promise<string[]> {
  const { ca, server } = await surroundings.certificates()
  const files = [`cafile ${ca}`, `certfile ${server.certificate}`, `keyfile ${server.key}`]
  const demand = [
    ...(kind === 'server' ? [] : ['require_certificate true']),
    ...(kind === 'clientCertificate' ? ['use_identity_as_username true'] : []),
  ]
  return [`listener ${port} 127.0.0.1`, ...files, ...demand]
}
