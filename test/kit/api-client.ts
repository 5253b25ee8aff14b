import { once } from 'node:events'
import { type IncomingMessage, request as plainly } from 'node:http'
import { Agent, type AgentOptions, request as securely } from 'node:https'
import type { TLSSocket } from 'node:tls'

export interface ApiReply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Serial number of the certificate that the server showed; null without TLS. */
  readonly certificate: string | null
  /** It came over a connection that had carried another one. */
  readonly reused: boolean
}

export interface ApiRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A client of the HTTP interface, over TLS when given what to trust; it keeps one connection. */
export class ApiClient {
  readonly #port: number
  readonly #agent: Agent | null

  constructor(port: number, tls: AgentOptions | null = null) {
    this.#port = port
    this.#agent = tls === null ? null : new Agent({ ...tls, keepAlive: true, maxSockets: 1 })
  }

  /** Rejects with the error of the connection. */
  async ask(path: string, { method = 'GET', headers = {} }: ApiRequest = {}): Promise<ApiReply> {
    const target = { host: '127.0.0.1', port: this.#port, path, method, headers }
    const request = this.#agent === null ? plainly(target) : securely({ ...target, agent: this.#agent })
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const socket = request.socket
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      certificate: this.#agent === null ? null : (socket as TLSSocket).getPeerCertificate().serialNumber,
      reused: request.reusedSocket,
    }
  }

  close(): void {
    this.#agent?.destroy()
  }
}

/** The header of an API key. */
export function basic(apiKey: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}` }
}
