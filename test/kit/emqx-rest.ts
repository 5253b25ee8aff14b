import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What EMQX 5 shows of a client: `GET /api/v5/clients`, one entry of `data`. More members than these come with it. */
export interface RestClientEntry {
  readonly clientid: string
  readonly connected: boolean
  readonly mqueue_len?: number
  readonly mqueue_max?: number | string
  readonly mqueue_dropped?: number
  readonly inflight_cnt?: number
  readonly inflight_max?: number
  readonly send_msg?: number
}

/** How the next questions are answered. */
export type RestMood =
  /** As EMQX does. */
  | 'right'
  /** Takes the question and never answers. */
  | 'frozen'
  /** Sends headers and half a body, then nothing. */
  | 'half'
  /** 200 with a page of HTML, as a proxy or the dashboard does. */
  | 'html'
  /** 200 with JSON of another API. */
  | 'other_json'
  /** 503 of a broker that is starting. */
  | 'unavailable'

/**
 * EMQX's REST API as its documentation describes it, as far as the bridge asks: Basic authentication with an API key
 * (401 BAD_API_KEY_OR_SECRET), `like_clientid` finds a part of the id, `page` and `limit` with `meta.hasnext`, 404
 * CLIENTID_NOT_FOUND for one client that is not there.
 */
export class EmqxRest {
  readonly asked: string[] = []
  mood: RestMood = 'right'
  clients: readonly RestClientEntry[] = []
  /** The clients of this moment; those of `clients` by default. */
  listed: () => readonly RestClientEntry[] = () => this.clients
  /** `DELETE /clients/{id}`; false when there is no such client. */
  kick: (clientId: string) => boolean = () => false
  key = 'bridge'
  secret = 'right secret'
  readonly #server: Server

  static async start(tls?: ServerOptions): Promise<EmqxRest> {
    const rest = new EmqxRest(tls)
    rest.#server.listen(0, '127.0.0.1')
    await once(rest.#server, 'listening')
    return rest
  }

  private constructor(tls: ServerOptions | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response)
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(request.url ?? '')
    if (this.mood === 'frozen') return
    if (this.mood === 'html') return send(response, 200, '<!doctype html><title>Dashboard</title>')
    if (this.mood === 'other_json') return sendJson(response, 200, { status: 'ok' })
    if (this.mood === 'unavailable')
      return sendJson(response, 503, { code: 'SERVICE_UNAVAILABLE', message: 'starting' })
    const wanted = `Basic ${Buffer.from(`${this.key}:${this.secret}`).toString('base64')}`
    if (request.headers.authorization !== wanted) {
      return sendJson(response, 401, { code: 'BAD_API_KEY_OR_SECRET', message: 'Check api_key/api_secret' })
    }
    if (this.mood === 'half') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"data":[{"clien')
      return
    }
    const url = new URL(request.url ?? '', 'http://localhost')
    if (url.pathname === '/api/v5/clients') return this.#list(url.searchParams, response)
    const id = /^\/api\/v5\/clients\/([^/]+)$/.exec(url.pathname)?.[1]
    const clientId = decodeURIComponent(id ?? '')
    if (request.method === 'DELETE' && this.kick(clientId)) return send(response, 204, '')
    const found = this.listed().find(({ clientid }) => clientid === clientId)
    if (found !== undefined) return sendJson(response, 200, found)
    sendJson(response, 404, { code: 'CLIENTID_NOT_FOUND', message: 'Client ID not found' })
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const [page, limit] = [Number(query.get('page') ?? 1), Number(query.get('limit') ?? 100)]
    if (limit > 10_000) return sendJson(response, 400, { code: 'BAD_REQUEST', message: 'limit' })
    const like = query.get('like_clientid') ?? ''
    const found = this.listed().filter(({ clientid }) => clientid.includes(like))
    const data = found.slice((page - 1) * limit, page * limit)
    const hasnext = page * limit < found.length
    sendJson(response, 200, { data, meta: { page, limit, count: found.length, hasnext } })
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, JSON.stringify(body), 'application/json')
}

function send(response: ServerResponse, status: number, body: string, type = 'text/html'): void {
  response.writeHead(status, { 'content-type': type })
  response.end(body)
}
