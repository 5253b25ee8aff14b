import type { ApiKeyRecord } from '../../records/generated/api-key-record.ts'
import type { ShadowState } from '../../records/generated/shadow-state.ts'
import { secondsOf } from '../draft.ts'
import { isThingName } from '../names.ts'
import { isSecretOf, mayAccess, readBasic } from './credentials.ts'

/** A request as received. */
export interface ShadowRequest {
  readonly method: string
  /** With its query, not decoded. */
  readonly path: string
  readonly authorization: string | undefined
  readonly ifNoneMatch: string | undefined
  /** Epoch milliseconds. */
  readonly now: number
}

/** What the interface answers from. */
export interface ShadowView {
  /** False while the view is being restored after a start. */
  readonly ready: boolean
  readonly apiKey: (name: string) => ApiKeyRecord | null
  readonly isServed: (thingName: string) => boolean
  readonly shadow: (thingName: string) => ShadowState | null
  /** Seconds that a key over its rate has to wait; 0: the request is let through and counted. */
  readonly takeRate: (apiKey: string, now: number) => number
}

export interface HttpAnswer {
  readonly status: number
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON text; undefined: no body. */
  readonly body: string | undefined
}

const SHADOW_PATH = /^\/api\/v1\/thing-datas\/([^/]*)\/shadow$/
const RESTORE_SECONDS = 5
const JSON_TYPE = { 'content-type': 'application/json' }

/** Whoever asks; `everything`: without credentials of the registry, as `bridge explain` can. */
type Caller = { readonly name: string; readonly record: ApiKeyRecord } | 'everything'

/**
 * Answers `GET /api/v1/thing-datas/{thingName}/shadow` (fleets 4.1). The rows of its table stand in their order:
 * credentials come first, so that names cannot be probed.
 * @param trusted the caller may do everything, whatever its credentials
 */
export function readShadow(request: ShadowRequest, view: ShadowView, trusted = false): HttpAnswer {
  const answer = decide(request, view, trusted)
  return request.method === 'HEAD' ? { ...answer, body: undefined } : answer
}

function decide(request: ShadowRequest, view: ShadowView, trusted: boolean): HttpAnswer {
  const { method, now } = request
  const refuse = (status: number, message: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer => ({
    status,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ code: status, message, timestamp: secondsOf(now) }),
  })

  const caller = trusted ? 'everything' : callerOf(request, view)
  if (caller === null) return refuse(401, 'Unauthorized', { 'www-authenticate': 'Basic' })
  const path = request.path.split('?', 1)[0] ?? ''
  const right = method === 'HEAD' ? 'GET' : method
  if (caller !== 'everything' && !mayAccess(caller.record, right, path)) return refuse(403, 'Forbidden')
  const found = SHADOW_PATH.exec(path)
  if (found === null) return refuse(404, 'Not found')
  if (right !== 'GET') return refuse(405, 'Method not allowed', { allow: 'GET, HEAD' })
  const wait = view.takeRate(caller === 'everything' ? '' : caller.name, now)
  if (wait > 0) return refuse(429, 'Too many requests', { 'retry-after': String(wait) })
  const thingName = decoded(found[1] ?? '')
  if (thingName === null || !isThingName(thingName)) return refuse(400, 'Invalid thing name')
  if (!view.ready) return refuse(503, 'Not ready', { 'retry-after': String(RESTORE_SECONDS) })
  if (!view.isServed(thingName)) return refuse(404, 'Thing not found')
  return shadowAnswer(view.shadow(thingName), request.ifNoneMatch)
}

function callerOf({ authorization }: ShadowRequest, view: ShadowView): Caller | null {
  const credentials = readBasic(authorization)
  if (credentials === null) return null
  const record = view.apiKey(credentials.apiKey)
  if (record === null || !record.enabled || !isSecretOf(record, credentials.secret)) return null
  return { name: credentials.apiKey, record }
}

/** Percent-decoded once, as UTF-8; null when it cannot be. */
function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name)
  } catch {
    return null
  }
}

function shadowAnswer(shadow: ShadowState | null, ifNoneMatch: string | undefined): HttpAnswer {
  const version = shadow?.version ?? 0
  const etag = `"${version}"`
  if (ifNoneMatch === etag) return { status: 304, headers: { etag }, body: undefined }
  const updatedAt = shadow === null ? null : `${new Date(shadow.updatedAt).toISOString().slice(0, 19)}Z`
  const { deltaJson, desiredJson, reportedJson } = shadow ?? { deltaJson: '{}', desiredJson: '{}', reportedJson: '{}' }
  const body =
    `{"reported":${reportedJson},"desired":${desiredJson},"delta":${deltaJson},` +
    `"version":${version},"updatedAt":${JSON.stringify(updatedAt)}}`
  return { status: 200, headers: { ...JSON_TYPE, etag, 'cache-control': 'no-store' }, body }
}
