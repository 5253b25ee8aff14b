import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const base64 = (value: string | Buffer): string => Buffer.from(value).toString('base64url')

/** Who issues tokens: its key set is what Kafka verifies with; its endpoint knows one client. */
export class TokenIssuer {
  /** Tokens that the endpoint has given. */
  readonly issued: string[] = []
  /** How long a token lives. */
  seconds = 6
  readonly #key: KeyObject
  /** The text of a JSON Web Key Set. */
  readonly keySet: string
  readonly #server: Server

  static async start(client: {
    readonly id: string
    readonly secret: string
    readonly scope: string
  }): Promise<TokenIssuer> {
    const issuer = new TokenIssuer(client)
    issuer.#server.listen(0, '127.0.0.1')
    await once(issuer.#server, 'listening')
    return issuer
  }

  private constructor(client: { readonly id: string; readonly secret: string; readonly scope: string }) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.#key = privateKey
    this.keySet = JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }],
    })
    const expected = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`
    this.#server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        const form = new URLSearchParams(body)
        const isRight =
          request.method === 'POST' &&
          request.headers.authorization === expected &&
          form.get('grant_type') === 'client_credentials' &&
          form.get('scope') === client.scope
        response.setHeader('content-type', 'application/json')
        if (!isRight) {
          response.writeHead(401).end(JSON.stringify({ error: 'invalid_client', error_description: client.secret }))
          return
        }
        const token = this.token()
        this.issued.push(token)
        response.end(JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: this.seconds }))
      })
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`
  }

  /** A signed token for the bridge that ends `seconds` from now, or has ended. */
  token(seconds = this.seconds): string {
    const now = Math.floor(Date.now() / 1000)
    const head = base64(JSON.stringify({ alg: 'RS256', kid: 'one', typ: 'JWT' }))
    const claims = { sub: 'bridge', iss: 'issuer', aud: 'kafka', scope: 'kafka', iat: now - 60, exp: now + seconds }
    const text = `${head}.${base64(JSON.stringify(claims))}`
    return `${text}.${base64(sign('sha256', Buffer.from(text), this.#key))}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
