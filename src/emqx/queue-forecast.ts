import type { ClientLook } from './client-list.ts'

/** What was seen in one moment. */
export interface QueueLook {
  /** Milliseconds. */
  readonly at: number
  readonly clients: ReadonlyMap<string, ClientLook>
}

/** The numbers of some sessions taken together. Messages and seconds; infinite where nothing limits. */
export interface QueueNumbers {
  readonly connected: number
  readonly away: number
  readonly queued: number
  /** The shortest queue. */
  readonly queueLimit: number
  /** The fullest queue, 0 to 1. */
  readonly queueUsed: number
  readonly dropped: number
  /** The fullest window of a connected client, 0 to 1: what the broker sent and was not acknowledged. */
  readonly inFlightUsed: number
}

export interface Forecast {
  /** Until the first queue is full if all go on growing as they do; 0 when one is full. */
  readonly untilDropSeconds: number
  /** How long the first queue and window would last if nothing were acknowledged from now on. */
  readonly outageSeconds: number
}

export function numbersOf(clients: readonly ClientLook[]): QueueNumbers {
  const connected = clients.filter((client) => client.connected)
  return {
    connected: connected.length,
    away: clients.length - connected.length,
    queued: sum(clients, (client) => client.queued),
    queueLimit: Math.min(...clients.map((client) => client.queueLimit)),
    queueUsed: Math.max(0, ...clients.map((client) => client.queued / client.queueLimit)),
    dropped: sum(clients, (client) => client.dropped),
    inFlightUsed: Math.max(
      0,
      ...connected.map((client) => (client.inFlightLimit === 0 ? 0 : client.inFlight / client.inFlightLimit)),
    ),
  }
}

/**
 * Where the queues of `clients` are going, by how each was when it was seen first in `looks`, oldest first; the last
 * of them is now. Null when none of the clients was seen before.
 */
export function forecastOf(clients: readonly ClientLook[], looks: readonly QueueLook[]): Forecast | null {
  const now = looks.at(-1)?.at ?? 0
  let known = 0
  let untilDropSeconds = Number.POSITIVE_INFINITY
  let outageSeconds = Number.POSITIVE_INFINITY
  for (const client of clients) {
    const before = looks.find((look) => look.clients.has(client.clientId))
    const was = before?.clients.get(client.clientId)
    if (before === undefined || was === undefined || before.at >= now) continue
    const elapsedSeconds = (now - before.at) / 1000
    known += 1
    const room = Math.max(0, client.queueLimit - client.queued)
    const growth = (client.queued - was.queued) / elapsedSeconds
    if (room === 0) untilDropSeconds = 0
    else if (growth > 0) untilDropSeconds = Math.min(untilDropSeconds, room / growth)
    const windowRoom = Math.max(0, client.inFlightLimit - client.inFlight)
    const arrival = arrived(was, client) / elapsedSeconds
    if (arrival > 0) outageSeconds = Math.min(outageSeconds, (room + windowRoom) / arrival)
  }
  return known === 0 ? null : { untilDropSeconds, outageSeconds }
}

/** Messages that came for a session: sent on, kept or dropped. EMQX counts what it sent anew with each connection. */
function arrived(was: ClientLook, is: ClientLook): number {
  const sent = is.sent >= was.sent ? is.sent - was.sent : is.sent
  const dropped = is.dropped >= was.dropped ? is.dropped - was.dropped : is.dropped
  return Math.max(0, sent + dropped + is.queued - was.queued)
}

function sum(clients: readonly ClientLook[], of: (client: ClientLook) => number): number {
  return clients.reduce((total, client) => total + of(client), 0)
}
