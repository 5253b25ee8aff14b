import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { readCredentials } from '../kernel/credential-files.ts'

export interface EndpointOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string
  readonly username: string | null
  readonly password: string | null
  readonly passwordFile: string | null
  readonly tls: {
    readonly caFile: string | null
    readonly certFile: string | null
    readonly keyFile: string | null
    readonly serverName: string | null
  }
}

/** What is needed to open one connection, read afresh each time so that rotated files take effect. */
export interface Endpoint {
  readonly username: string | undefined
  readonly password: Buffer | undefined
  /** Opens the socket. Errors arrive on the socket, as for any connection. */
  dial(): Socket
}

/** Reads the password, CA, certificate and key files. Rejects with UnusableFile. */
export async function readEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const url = new URL(options.url)
  const secure = url.protocol === 'mqtts:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || (secure ? 8883 : 1883))
  const { secret, ca, cert, key } = await readCredentials({ ...options.tls, secretFile: options.passwordFile })
  return {
    username: options.username ?? undefined,
    password: secret ?? asBytes(options.password),
    dial() {
      if (!secure) return connectTcp({ host, port, noDelay: true })
      const name = options.tls.serverName ?? host
      // SNI takes names only (RFC 6066). The certificate is checked against this name, or the host without one.
      return connectTls({ host, port, ca, cert, key, ...(isIP(name) ? {} : { servername: name }) }).setNoDelay(true)
    },
  }
}

function asBytes(text: string | null): Buffer | undefined {
  return text === null ? undefined : Buffer.from(text, 'utf8')
}
