import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openssl, requireAll } from '../fetch/prerequisites.ts'
import { runCommand } from '../fetch/run-command.ts'

/** Paths of PEM files. The key is PKCS #8 without a password. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

/** A certificate authority made for one ground, for TLS between the bridge and test servers. */
export class Certificates {
  readonly #folder: string
  /** The authority's certificate. */
  readonly ca: string
  /** For `localhost` and 127.0.0.1. */
  readonly server: KeyPair

  private constructor(folder: string, server: KeyPair) {
    this.#folder = folder
    this.ca = join(folder, 'ca.pem')
    this.server = server
  }

  /** `name` keeps several authorities apart: an unknown one is a test of its own. It is valid for `days`. */
  static async make(parent: string, name = 'ground', days = 30): Promise<Certificates> {
    requireAll('certificates', [openssl])
    const folder = join(parent, `certificates-${name}`)
    await mkdir(folder)
    const key = await newKey(folder, 'ca')
    const self = ['req', '-x509', '-new', '-key', key, '-days', String(days), '-subj', `/CN=${name} authority`]
    const extensions = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
    await runCommand('openssl', [...self, ...extensions, '-out', join(folder, 'ca.pem')])
    return new Certificates(folder, await issue(folder, 'localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1'))
  }

  /** A certificate whose common name is `name`, for a client that must show one. */
  client(name: string, days = 30): Promise<KeyPair> {
    return issue(this.#folder, name, 'extendedKeyUsage=clientAuth', days, `${name}-${days}`)
  }

  /** One that signs itself, with a key so short that OpenSSL takes it into no connection. */
  async weak(): Promise<KeyPair> {
    const [key, certificate] = [join(this.#folder, 'weak.key'), join(this.#folder, 'weak.pem')]
    const made = ['req', '-x509', '-newkey', 'rsa:512', '-nodes', '-subj', '/CN=weak', '-keyout', key]
    await runCommand('openssl', [...made, '-out', certificate])
    return { certificate, key }
  }

  /** Of a client, valid for some seconds from now on: what is replaced before it ends. */
  async shortLived(name: string, seconds: number): Promise<KeyPair> {
    const file = `${name}-${seconds}s`
    const key = await newKey(this.#folder, file)
    const path = (ending: string): string => join(this.#folder, `${file}.${ending}`)
    await writeFile(path('txt'), '')
    // `x509` counts in days; `ca` can end at any second, but wants a data base.
    const section = ['database', path('txt'), 'new_certs_dir', this.#folder, 'default_md', 'sha256', 'policy', 'any']
    const lines = section.flatMap((word, i) => (i % 2 === 0 ? [`${word} = ${section[i + 1]}`] : []))
    const own = ['[own]', ...lines, 'rand_serial = yes', '[any]', 'commonName = supplied']
    await writeFile(path('cnf'), `${['[ca]', 'default_ca = own', ...own].join('\n')}\n`)
    await writeFile(path('ext'), 'extendedKeyUsage=clientAuth\n')
    await runCommand('openssl', ['req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', path('csr')])
    const authority = ['-cert', this.ca, '-keyfile', join(this.#folder, 'ca.key'), '-extfile', path('ext')]
    const end = new Date(Date.now() + seconds * 1000).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
    const signing = ['ca', '-batch', '-notext', '-config', path('cnf'), ...authority, '-enddate', end]
    await runCommand('openssl', [...signing, '-in', path('csr'), '-out', path('pem')])
    return { certificate: path('pem'), key }
  }

  /** A server's certificate for another name, or one that ends soon; with a negative number of days it has ended. */
  serverOf(name: string, days = 30): Promise<KeyPair> {
    return issue(this.#folder, name, `subjectAltName=DNS:${name}`, days, `${name}-server-${days}`)
  }

  /** Puts another pair into the files of `server`. A server that runs shows it when it has read its files again. */
  async replaceServer({ certificate, key }: KeyPair): Promise<void> {
    await copyFile(certificate, this.server.certificate)
    await copyFile(key, this.server.key)
  }

  /** Certificate and key in one file, as Kafka wants its PEM key store. */
  async serverStore(): Promise<string> {
    const path = join(this.#folder, 'server-store.pem')
    const texts = await Promise.all([this.server.key, this.server.certificate].map((file) => readFile(file, 'utf8')))
    await writeFile(path, texts.join(''), { mode: 0o600 })
    return path
  }
}

async function issue(folder: string, name: string, extension: string, days = 30, file = name): Promise<KeyPair> {
  const key = await newKey(folder, file)
  const request = join(folder, `${file}.csr`)
  const certificate = join(folder, `${file}.pem`)
  const extensions = join(folder, `${file}.ext`)
  await writeFile(extensions, `${extension}\n`)
  await runCommand('openssl', ['req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', request])
  const authority = ['-CA', join(folder, 'ca.pem'), '-CAkey', join(folder, 'ca.key'), '-CAcreateserial']
  const signing = ['x509', '-req', '-in', request, ...authority, '-days', String(days), '-extfile', extensions]
  await runCommand('openssl', [...signing, '-out', certificate])
  return { certificate, key }
}

async function newKey(folder: string, name: string): Promise<string> {
  const path = join(folder, `${name}.key`)
  await runCommand('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', path])
  return path
}
