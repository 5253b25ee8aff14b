import { createServer as createPlain, type Server } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { listen } from './listen.ts'
import { listenerOf, type Routes } from './routes.ts'
import { readServed, type ServedCertificate, type ServerTls, watchServed } from './served-certificate.ts'

export interface HttpServerOptions {
  /** What is served, for the log. */
  readonly part: string
  /** The group of the configuration that says where. */
  readonly setting: string
  readonly host: string
  readonly port: number
  /** Null: plain text. */
  readonly tls: ServerTls | null
}

const limits = { maxHeaderSize: 16_384, requestTimeout: 10_000 }

/** Serves routes, over TLS when there is a certificate; a changed one is used by the next connection. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #routes: Routes
  readonly #emit: Emit
  #server: Server | null = null
  #unwatch: () => void = () => undefined

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

  /** Takes nothing new, lets requests finish, and cuts what is there after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#unwatch()
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

  async #secure(tls: ServerTls): Promise<Server> {
    const first = await readServed(tls)
    const server = createSecure(
      { ...limits, handshakeTimeout: 10_000, ...credentials(first), requestCert: tls.caFile !== null },
      listenerOf(this.#routes),
    )
    this.#told(first)
    this.#unwatch = watchServed(
      tls,
      first,
      (served) => {
        server.setSecureContext(credentials(served))
        this.#told(served)
      },
      (error) => this.#emit({ event: 'http_certificate_unusable', error: messageOf(error) }),
    )
    return server
  }

  #told({ notAfter }: ServedCertificate): void {
    this.#emit({ event: 'http_certificate_taken', notAfter: new Date(notAfter).toISOString() })
  }
}

function credentials({ cert, key, ca }: ServedCertificate): { cert: Buffer; key: Buffer; ca?: Buffer } {
  return { cert, key, ...(ca === undefined ? {} : { ca }) }
}
