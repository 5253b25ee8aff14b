import type { RestClientEntry } from '../emqx-rest.ts'
import { EmqxModel } from './emqx-model.ts'
import type { SessionLimits } from './model-session.ts'

/** True when the tests run against an EMQX that somebody has, not against the model. */
export const isReal = process.env['EMQX_URL'] !== undefined

export interface RestAddress {
  readonly url: string
  readonly apiKey: string
  readonly secret: string
}

/** The broker of a test: the model, or the EMQX at EMQX_URL. */
export interface EmqxStage {
  readonly url: string
  readonly username: string | undefined
  readonly password: string | undefined
  /** Null for a real EMQX without EMQX_API_URL. */
  readonly rest: RestAddress | null
  /** What only a model can be asked for: to send clients away at will, and to tell what was lost. */
  readonly model: EmqxModel | null
  close(): Promise<void>
}

/**
 * EMQX_URL=mqtt://host:1883 (EMQX_USERNAME, EMQX_PASSWORD), and for kicks and numbers EMQX_API_URL=http://host:18083
 * with EMQX_API_KEY and EMQX_API_SECRET. The clients made need the rights of a test: any topic, any group.
 */
export async function openEmqx(limits: Partial<SessionLimits> = {}): Promise<EmqxStage> {
  const { EMQX_URL, EMQX_USERNAME, EMQX_PASSWORD, EMQX_API_URL, EMQX_API_KEY, EMQX_API_SECRET } = process.env
  if (EMQX_URL !== undefined) {
    const rest =
      EMQX_API_URL === undefined
        ? null
        : { url: EMQX_API_URL, apiKey: EMQX_API_KEY ?? '', secret: EMQX_API_SECRET ?? '' }
    const close = (): Promise<void> => Promise.resolve()
    return { url: EMQX_URL, username: EMQX_USERNAME, password: EMQX_PASSWORD, rest, model: null, close }
  }
  const model = await EmqxModel.start(limits)
  const rest = { url: model.rest.url, apiKey: model.rest.key, secret: model.rest.secret }
  const close = (): Promise<void> => model.close()
  return { url: model.url, username: undefined, password: undefined, rest, model, close }
}

/** `DELETE` or `GET /api/v5/clients/{id}`. Throws when the answer is an error. */
export async function askRest(stage: EmqxStage, method: 'GET' | 'DELETE', clientId: string): Promise<RestClientEntry> {
  if (stage.rest === null) throw new Error('this needs EMQX_API_URL, EMQX_API_KEY and EMQX_API_SECRET')
  const { url, apiKey, secret } = stage.rest
  const authorization = `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}`
  const address = `${url}/api/v5/clients/${encodeURIComponent(clientId)}`
  const response = await fetch(address, { method, headers: { authorization } })
  if (!response.ok) throw new Error(`${method} ${address}: ${response.status} ${await response.text()}`)
  return (method === 'GET' ? await response.json() : {}) as RestClientEntry
}
