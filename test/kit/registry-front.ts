import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Login {
  readonly username: string
  readonly password: string
}

/** What stands between a client and the real registry. */
export interface FrontOptions {
  /** Asks for this login (Basic); everybody else gets 401. */
  readonly login?: Login
  /** Added to the clock that the registry shows. */
  readonly clockMs?: number
  /** Answers 503 to what is asked at these paths, for as long as it says so. */
  readonly refuses?: (path: string) => boolean
}

/** The real registry behind a login, with a clock that is wrong, or with gaps: Apicurio itself can do none of these here. */
export class RegistryFront {
  readonly #server: Server
  /** Logins of the requests that were let in. */
  readonly admitted: string[] = []
  #expected: string | null

  static async start(registryUrl: string, options: FrontOptions): Promise<RegistryFront> {
    const front = new RegistryFront(new URL(registryUrl), options)
    front.#server.listen(0, '127.0.0.1')
    await once(front.#server, 'listening')
    return front
  }

  private constructor(target: URL, { login, clockMs = 0, refuses = () => false }: FrontOptions) {
    this.#expected = login === undefined ? null : basic(login)
    this.#server = createServer((incoming, outgoing) => {
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
      const forwarded = request(url, { method: incoming.method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, date })
        answer.pipe(outgoing)
      })
      forwarded.on('error', () => outgoing.destroy())
      incoming.pipe(forwarded)
    })
    this.#path = target.pathname
  }

  readonly #path: string

  /** Asks for another login from now on. */
  setLogin(login: Login): void {
    this.#expected = basic(login)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}`
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
