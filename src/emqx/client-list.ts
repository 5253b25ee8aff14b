import { Failure } from '../kernel/failure.ts'
import type { RestClient } from './rest-client.ts'

/** One session as EMQX's list of clients shows it. Members that a version leaves out count as 0 or no limit. */
export interface ClientLook {
  readonly clientId: string
  readonly connected: boolean
  /** Messages that wait in the queue (`mqueue_len`). */
  readonly queued: number
  /** The most that can wait (`mqueue_max`); infinite when EMQX says 0 or nothing, as for durable sessions. */
  readonly queueLimit: number
  /** Messages that the full queue has lost since the session began (`mqueue_dropped`). */
  readonly dropped: number
  readonly inFlight: number
  readonly inFlightLimit: number
  /** Messages sent to the client since it connected (`send_msg`). */
  readonly sent: number
}

const pageSize = 1000
const mostPages = 50

/**
 * All clients whose id contains `part`, connected or not. EMQX refreshes these numbers every 15 seconds or so.
 * Rejects as `RestClient.get` does; `unreadable` when the answer is no list of clients.
 */
export async function listClients(rest: RestClient, part: string, stop: AbortSignal): Promise<readonly ClientLook[]> {
  const looks: ClientLook[] = []
  for (let page = 1; page <= mostPages; page += 1) {
    const query = `?like_clientid=${encodeURIComponent(part)}&limit=${pageSize}&page=${page}`
    const answer = members(await rest.get(`/clients${query}`, stop))
    const { data } = answer
    if (!Array.isArray(data)) throw unreadable('no list of clients')
    for (const entry of data as readonly unknown[]) looks.push(lookOf(members(entry)))
    const { hasnext } = members(answer['meta'] ?? {})
    const isLast = typeof hasnext === 'boolean' ? !hasnext : data.length < pageSize
    if (isLast) break
  }
  return looks
}

function lookOf(client: Readonly<Record<string, unknown>>): ClientLook {
  const { clientid: clientId, connected } = client
  if (typeof clientId !== 'string' || typeof connected !== 'boolean')
    throw unreadable('a client without its id or state')
  const queueLimit = count(client, 'mqueue_max')
  return {
    clientId,
    connected,
    queued: count(client, 'mqueue_len'),
    queueLimit: queueLimit === 0 ? Number.POSITIVE_INFINITY : queueLimit,
    dropped: count(client, 'mqueue_dropped'),
    inFlight: count(client, 'inflight_cnt'),
    inFlightLimit: count(client, 'inflight_max'),
    sent: count(client, 'send_msg'),
  }
}

/** EMQX writes `infinity` and `undefined` as text. */
function count(client: Readonly<Record<string, unknown>>, name: string): number {
  const value = client[name]
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw unreadable('not what EMQX answers')
  return value as Readonly<Record<string, unknown>>
}

function unreadable(what: string): Failure {
  return new Failure('transient', 'unreadable', `${what}; is this the address of the REST API of EMQX 5 or later?`)
}
