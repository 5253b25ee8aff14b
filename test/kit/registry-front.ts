import { once } from 'node:events'
import { createServer as createPlain, type RequestListener, request, type Server } from 'node:http'
import { createServer as createSecure, type Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

interface Login {
  readonly username: string
  readonly password: string
}

/** In PEM form. */
interface ServerPair {
  readonly cert: string
  readonly key: string
}

/** What stands between a client and the real registry. */
export interface FrontOptions {
  /** Asks for this login (Basic); everybody else gets 401. */
  readonly login?: Login
  /** Added to the clock that the registry shows. */
  readonly clockMs?: number
  /** Speaks TLS and shows this certificate. */
  readonly tls?: ServerPair
  /** Answers 503 to what is asked at these paths, for as long as it says so. */
  readonly refuses?: (path: string) => boolean
}

/** The real registry behind a login, TLS, with a clock that is wrong, or with gaps: Apicurio itself can do none of these here. */
export class RegistryFront {
  readonly #server: Server | SecureServer
  /** Logins of the requests that were let in. */
  readonly admitted: string[] = []
  #expected: string | null

  static async start(registryUrl: string, options: FrontOptions): Promise<RegistryFront> {
    const front = new RegistryFront(new URL(registryUrl), options)
    front.#server.listen(0, '127.0.0.1')
    await once(front.#server, 'listening')
    return front
  }

  private constructor(target: URL, { login, clockMs = 0, tls, refuses = () => false }: FrontOptions) {
    this.#expected = login === undefined ? null : basic(login)
    const answer: RequestListener = (incoming, outgoing) => {
      const date = new Date(Date.now() + clockMs).toUTCString()
      const { authorization } = incoming.headers
      if (this.#expected !== null && authorization !== this.#expected) {
        outgoing.writeHead(401, { date }).end()
        return
      }
      if (authorization !== undefined) this.admitted.push(authorization)
      if (refuses(incoming.url ?? '')) {
        outgoing.writeHead(503, { date }).end()
        return
      }
      const { host: _host, ...headers } = incoming.headers
      const url = new URL(`${target.origin}${incoming.url ?? '/'}`)
      const forwarded = request(url, { method: incoming.method, headers }, (answered) => {
        outgoing.writeHead(answered.statusCode ?? 502, { ...answered.headers, date })
        answered.pipe(outgoing)
      })
      forwarded.on('error', () => outgoing.destroy())
      incoming.pipe(forwarded)
    }
    this.#server = tls === undefined ? createPlain(answer) : createSecure({ ...tls }, answer)
    this.#path = target.pathname
  }

  readonly #path: string

  /** Asks for another login from now on. */
  setLogin(login: Login): void {
    this.#expected = basic(login)
  }

  /** Shows another certificate to connections from now on. Only with `tls`. */
  setCertificate(pair: ServerPair): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext({ ...pair })
  }

  get url(): string {
    const protocol = 'setSecureContext' in this.#server ? 'https' : 'http'
    return `${protocol}://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** The header of a login. */
export function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
