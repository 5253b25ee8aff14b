import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { readCredentials } from '../kernel/credential-files.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure, messageOf } from '../kernel/failure.ts'

/** Where the tokens of SASL OAUTHBEARER come from: a file, or else an endpoint. */
export interface OauthOptions {
  readonly tokenFile: string | null
  readonly tokenEndpoint: string | null
  readonly clientId: string | null
  readonly clientSecretFile: string | null
  readonly scope: string | null
  readonly caFile: string | null
}

interface Token {
  readonly text: string
  /** Until when it is handed out again, of `performance.now()`. */
  readonly freshUntil: number
}

const timeoutMs = 10_000
/**
 * A token is handed out until this share of its life is over, and no longer than it has this much left: a login lives as
 * long as its token, and Kafka refuses to renew a login within its first second.
 */
const freshShare = 0.8
const leastLeftMs = 5000
const unknownLifeSeconds = 60
const longestAnswer = 256 * 1024

/**
 * Tokens for logins to Kafka. A file is read for each login, because whoever renews it (kubelet, a side car) does so in
 * time; an endpoint is asked by client credentials (RFC 6749, 4.4), once for all that log in while the token is fresh.
 */
export class OauthTokens {
  readonly #options: OauthOptions
  #token: Token | null = null
  #asking: Promise<Token> | null = null

  constructor(options: OauthOptions) {
    this.#options = options
  }

  /** Rejects with a `transient` Failure of code `authentication`; no secret and no token is in its text. */
  async token(): Promise<string> {
    const { tokenFile } = this.#options
    if (tokenFile !== null) {
      const { secret } = await this.#read(tokenFile)
      return secret?.toString('utf8').trim() ?? ''
    }
    if (this.#token !== null && performance.now() < this.#token.freshUntil) return this.#token.text
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    this.#token = await this.#asking
    return this.#token.text
  }

  /** The next login asks for another token: the client secret has changed. */
  forget(): void {
    this.#token = null
  }

  async #read(secretFile: string | null) {
    try {
      return await readCredentials({ caFile: this.#options.caFile, certFile: null, keyFile: null, secretFile })
    } catch (error) {
      throw refused(messageOf(error))
    }
  }

  async #ask(): Promise<Token> {
    const { tokenEndpoint, clientId, clientSecretFile, scope } = this.#options
    if (tokenEndpoint === null) throw refused('neither kafka.sasl.oauth.tokenFile nor tokenEndpoint is given')
    const { secret, ca } = await this.#read(clientSecretFile)
    // Both are form-encoded before they are joined (RFC 6749, 2.3.1).
    const login = [clientId ?? '', secret?.toString('utf8') ?? ''].map(formEncoded).join(':')
    const form = { grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) }
    const asked = performance.now()
    const { status, text } = await post(tokenEndpoint, login, new URLSearchParams(form).toString(), ca)
    const answer = objectIn(text)
    if (status !== 200) {
      // `error` is one of a few words of RFC 6749 (5.2); nothing else of the answer is repeated.
      const word = /^[a-z_]{1,40}$/.exec(String(answer['error'])) === null ? '' : ` (${String(answer['error'])})`
      throw refused(`${tokenEndpoint} answered ${status}${word}`)
    }
    const { access_token: token, expires_in: life } = answer
    if (typeof token !== 'string' || token === '') throw refused(`${tokenEndpoint} gave no access_token`)
    const seconds = Number(life)
    const lifeMs = (Number.isFinite(seconds) && seconds > 0 ? seconds : unknownLifeSeconds) * 1000
    return { text: token, freshUntil: asked + Math.min(lifeMs * freshShare, lifeMs - leastLeftMs) }
  }
}

async function post(url: string, auth: string, body: string, ca: Buffer | undefined) {
  const options = {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(auth).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    agent: false,
  }
  const secure = url.startsWith('https:')
  const request = secure
    ? requestHttps(url, { ...options, ...(ca === undefined ? {} : { ca }) })
    : requestHttp(url, options)
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('error', reject)
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > longestAnswer) request.destroy(new Error(`more than ${longestAnswer} characters`))
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    request.end(body)
  })
  try {
    return await withDeadline(answered, timeoutMs, url)
  } catch (error) {
    throw refused(`${url}: ${messageOf(error)}`)
  } finally {
    request.destroy()
  }
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

function refused(problem: string): Failure {
  return new Failure('transient', 'authentication', `no token to log in with: ${problem}`)
}
