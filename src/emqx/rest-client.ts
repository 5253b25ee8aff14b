import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { readCredentials } from '../kernel/credential-files.ts'
import { Failure, messageOf } from '../kernel/failure.ts'

export interface RestOptions {
  /** `http://host:18083` or `https://…`, without `/api/v5`. */
  readonly url: string
  readonly apiKey: string
  readonly secret: string | null
  readonly secretFile: string | null
  /** How long one answer may take, headers and body, in milliseconds. */
  readonly timeoutMs: number
  readonly tls: {
    readonly caFile: string | null
    readonly certFile: string | null
    readonly keyFile: string | null
    readonly serverName: string | null
  }
}

/** Far more than a page of clients takes: an answer beyond it is not from EMQX. */
const longestAnswer = 16 * 1024 * 1024

/** Asks EMQX's REST API. Files are read for each question, so that rotated ones take effect. */
export class RestClient {
  readonly #options: RestOptions

  constructor(options: RestOptions) {
    this.#options = options
  }

  /**
   * The parsed JSON of `GET {url}/api/v5{path}`. Rejects with a Failure: `lost` when `stop` was aborted, else
   * `transient` with the code `no_answer`, `connection`, `not_authorized`, `refused`, `unreadable` or `credentials`.
   */
  async get(path: string, stop: AbortSignal): Promise<unknown> {
    // Not AbortSignal.any of AbortSignal.timeout: Node.js 20 may collect such a timeout, and it then never comes.
    const abort = new AbortController()
    const end = (): void => abort.abort()
    const timer = setTimeout(end, this.#options.timeoutMs)
    stop.addEventListener('abort', end, { once: true })
    if (stop.aborted) end()
    try {
      const answer = await this.#ask(path, abort.signal)
      const status = answer.statusCode ?? 0
      const text = await bodyOf(answer)
      if (status === 401 || status === 403) throw failed('not_authorized', `${status}: is the API key right?`)
      if (status !== 200) throw failed('refused', `status ${status}`)
      try {
        return JSON.parse(text) as unknown
      } catch {
        throw failed('unreadable', 'the answer is no JSON; is this the address of the REST API?')
      }
    } catch (error) {
      if (stop.aborted) throw new Failure('lost', 'stopped', 'asked to stop')
      if (abort.signal.aborted) throw failed('no_answer', `no answer in ${this.#options.timeoutMs} ms`)
      throw error instanceof Failure ? error : failed('connection', messageOf(error))
    } finally {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
    }
  }

  async #ask(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { url, apiKey, secret, secretFile, tls } = this.#options
    const {
      secret: read,
      ca,
      cert,
      key,
    } = await readCredentials({ ...tls, secretFile }).catch((error: unknown) => {
      throw failed('credentials', messageOf(error))
    })
    const password = read?.toString('utf8') ?? secret ?? ''
    const address = new URL(`${url.replace(/\/+$/, '')}/api/v5${path}`)
    const name = tls.serverName ?? address.hostname.replace(/^\[(.*)\]$/, '$1')
    const options = { auth: `${apiKey}:${password}`, headers: { accept: 'application/json' }, agent: false, signal }
    return new Promise((resolve, reject) => {
      const request =
        address.protocol === 'https:'
          ? requestHttps(address, { ...options, ca, cert, key, ...(isIP(name) ? {} : { servername: name }) }, resolve)
          : requestHttp(address, options, resolve)
      request.on('error', reject)
      request.end()
    })
  }
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer) {
    const bytes = chunk as Buffer
    length += bytes.length
    if (length > longestAnswer) throw failed('unreadable', `the answer has more than ${longestAnswer} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function failed(code: string, message: string): Failure {
  return new Failure('transient', code, message)
}
