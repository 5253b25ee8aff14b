import { createServer, type Server, type ServerResponse } from 'node:http'
import { messageOf } from '../kernel/failure.ts'
import type { Condition, Conditions } from './conditions.ts'
import type { Downscale } from './downscale.ts'
import type { Emit } from './events/event.ts'
import { listen } from './listen.ts'

export interface Health {
  /** Does the process make progress? Never asks a broker: one outage must not become a restart storm. */
  readonly live: Conditions
  /** Was everything reached once? */
  readonly started: Conditions
  readonly ready: Conditions
}

export interface Scrape {
  readonly contentType: string
  metricsText(): Promise<string>
}

/** Serves /livez, /readyz, /startupz, /metrics and /prepare-downscale. */
export class HealthServer {
  readonly #health: Health
  readonly #scrape: Scrape
  readonly #downscale: Downscale
  readonly #emit: Emit
  readonly #server: Server

  constructor(health: Health, scrape: Scrape, downscale: Downscale, emit: Emit) {
    this.#health = health
    this.#scrape = scrape
    this.#downscale = downscale
    this.#emit = emit
    this.#server = createServer((request, response) => {
      this.#answer(request.method ?? '', request.url ?? '', response).catch((error: unknown) => {
        this.#emit({ event: 'unexpected_error', where: 'health_server', error: messageOf(error) })
        if (!response.headersSent) response.writeHead(500)
        response.end()
      })
    })
  }

  /** Starts to listen; returns the port. Throws a fatal Failure `cannot_listen`. */
  async open(host: string, port: number): Promise<number> {
    return listen(this.#server, host, port, 'health', 'observe', this.#emit)
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #answer(method: string, url: string, response: ServerResponse): Promise<void> {
    const path = url.split('?', 1)[0] ?? ''
    if (path === '/prepare-downscale') {
      this.#answerDownscale(method, response)
      return
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
      return
    }
    if (path === '/metrics') {
      const body = await this.#scrape.metricsText()
      response.writeHead(200, { 'content-type': this.#scrape.contentType, 'cache-control': 'no-store' })
      response.end(method === 'HEAD' ? undefined : body)
      return
    }
    const conditions = this.#conditionsOf(path)
    if (conditions === null) {
      response.writeHead(404, { 'content-type': 'application/json' }).end(notFound)
      return
    }
    const body = `${JSON.stringify({ status: conditions.holds ? 'ok' : 'not ok', conditions: conditions.all().map(shown) })}\n`
    const status = conditions.holds ? 200 : 503
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(method === 'HEAD' ? undefined : body)
  }

  /** POST: this worker goes for good. DELETE: it stays. GET: how it stands. The body of a request is not read. */
  #answerDownscale(method: string, response: ServerResponse): void {
    if (method === 'POST') this.#downscale.prepare()
    else if (method === 'DELETE') this.#downscale.cancel()
    else if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD, POST, DELETE' }).end()
      return
    }
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(method === 'HEAD' ? undefined : `${JSON.stringify(this.#downscale.state())}\n`)
  }

  #conditionsOf(path: string): Conditions | null {
    switch (path) {
      case '/livez':
        return this.#health.live
      case '/readyz':
        return this.#health.ready
      case '/startupz':
        return this.#health.started
      default:
        return null
    }
  }
}

const paths = ['/livez', '/readyz', '/startupz', '/metrics', '/prepare-downscale']
const notFound = `${JSON.stringify({ status: 'no such path', paths })}\n`

function shown(condition: Condition): object {
  return { ...condition, since: new Date(condition.since).toISOString() }
}
