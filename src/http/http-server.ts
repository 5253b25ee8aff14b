import { createServer as createPlain, type Server } from 'node:http'
import { createServer as createSecure, type Server as SecureServer } from 'node:https'
import { type CredentialFiles, type Credentials, readCredentials } from '../kernel/credential-files.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { listen } from './listen.ts'
import { listenerOf, type Routes } from './routes.ts'

export interface HttpServerOptions {
  /** What is served, for the log. */
  readonly part: string
  /** The group of the configuration that says where. */
  readonly setting: string
  readonly host: string
  readonly port: number
  /** What it shows; with `caFile` only to clients with a certificate of these authorities. Null: plain text. */
  readonly tls: CredentialFiles | null
}

const limits = { maxHeaderSize: 16_384, requestTimeout: 10_000 }

/** Serves routes, over TLS when there is a certificate. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #routes: Routes
  readonly #emit: Emit
  #server: Server | SecureServer | null = null

  constructor(options: HttpServerOptions, routes: Routes, emit: Emit) {
    this.#options = options
    this.#routes = routes
    this.#emit = emit
  }

  /** Starts to listen; returns the port. Rejects with a fatal Failure `cannot_listen` or `certificate_unusable`. */
  async open(): Promise<number> {
    const { host, port, part, setting, tls } = this.#options
    this.#server = tls === null ? createPlain(limits, listenerOf(this.#routes)) : await this.#secure(tls)
    return listen(this.#server, host, port, part, setting, this.#emit)
  }

  /** Shows the certificate of now to new connections; those that stand go on. Rejects with UnusableFile. */
  async renew(): Promise<void> {
    const { tls } = this.#options
    if (tls === null || this.#server === null || !('setSecureContext' in this.#server)) return
    this.#server.setSecureContext(shown(await readCredentials(tls)))
  }

  /** Takes nothing new, lets requests finish, and cuts what is there after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const server = this.#server
    if (server === null) return
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      server.closeIdleConnections()
    })
  }

  async #secure(tls: CredentialFiles): Promise<SecureServer> {
    const read = await readCredentials(tls).catch((error: unknown) => {
      const message = `${messageOf(error)}; correct ${this.#options.setting}.tls`
      throw new Failure('fatal', 'certificate_unusable', message, { cause: error })
    })
    const options = { ...limits, handshakeTimeout: 10_000, requestCert: tls.caFile !== null }
    return createSecure({ ...options, ...shown(read) }, listenerOf(this.#routes))
  }
}

/** The parts of the credentials that a server has. */
function shown({ ca, cert, key }: Credentials): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}
