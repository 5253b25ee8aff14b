import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/failure.ts'
import type { Emit } from './events/event.ts'
import { listen } from './listen.ts'

export interface ApiRequest {
  readonly method: string
  /** With its query, not decoded. */
  readonly path: string
  readonly authorization: string | undefined
  readonly ifNoneMatch: string | undefined
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** Serves answers that are made from the request line and headers alone; bodies of requests are not read. */
export class ApiServer {
  readonly #answer: (request: ApiRequest) => ApiAnswer
  readonly #clock: Clock
  readonly #emit: Emit
  readonly #server: Server

  constructor(answer: (request: ApiRequest) => ApiAnswer, clock: Clock, emit: Emit) {
    this.#answer = answer
    this.#clock = clock
    this.#emit = emit
    this.#server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000 }, (request, response) => {
      const began = clock.now()
      const { status, headers, body } = this.#safely(request)
      response.writeHead(status, headers)
      response.end(body)
      emit({ event: 'http_answered', route: 'shadow', status, durationMs: this.#clock.now() - began })
    })
  }

  /** Starts to listen; returns the port. Throws a fatal Failure `cannot_listen`. */
  async open(host: string, port: number): Promise<number> {
    return listen(this.#server, host, port, 'api', 'http', this.#emit)
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeIdleConnections()
    })
  }

  #safely(request: IncomingMessage): ApiAnswer {
    try {
      return this.#answer({
        method: request.method ?? '',
        path: request.url ?? '',
        authorization: request.headers.authorization,
        ifNoneMatch: request.headers['if-none-match'],
      })
    } catch (error) {
      this.#emit({ event: 'unexpected_error', where: 'api_server', error: messageOf(error) })
      const timestamp = Math.floor(this.#clock.now() / 1000)
      const body = JSON.stringify({ code: 500, message: 'Internal service failure', timestamp })
      return { status: 500, headers: { 'content-type': 'application/json' }, body }
    }
  }
}
