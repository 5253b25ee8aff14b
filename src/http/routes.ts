import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Hono } from 'hono'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'

/** What handlers are given: the request as it was received. */
interface Received {
  Bindings: { readonly incoming: IncomingMessage }
}

export type Routes = Hono<Received>

export const jsonType = { 'content-type': 'application/json' } as const

/**
 * No routes yet. Paths are matched as received, without the query and without decoding. An error of a handler is told
 * as `unexpected_error` of `where` and answered with 500.
 */
export function newRoutes(where: string, clock: Clock, emit: Emit): Routes {
  const routes = new Hono<Received>({ getPath: (_, options) => pathOf(options?.env?.incoming.url ?? '') })
  routes.onError((error) => {
    emit({ event: 'unexpected_error', where, error: messageOf(error) })
    const timestamp = Math.floor(clock.now() / 1000)
    const body = JSON.stringify({ code: 500, message: 'Internal service failure', timestamp })
    return new Response(body, { status: 500, headers: jsonType })
  })
  return routes
}

/**
 * Serves routes on a server of Node.js; bodies of requests are not read. Not the framework's own adapter: it makes a
 * URL of what it receives, so it refuses targets that the specification answers (`*`, a backslash in a name), takes
 * `.` and `..` away, and writes to the console.
 */
export function listenerOf(routes: Routes): RequestListener {
  return (incoming, outgoing) => {
    // Routes match by method and `incoming.url`. A Request cannot be a TRACE; no route is for either.
    const method = incoming.method === 'TRACE' ? 'OPTIONS' : (incoming.method ?? 'GET')
    Promise.resolve(routes.fetch(new Request('http://bridge/', { method }), { incoming })).then(
      async (response) => write(response, outgoing),
      // The routes answer errors themselves; what comes here is no Error at all.
      () => outgoing.destroy(),
    )
  }
}

async function write(response: Response, outgoing: ServerResponse): Promise<void> {
  const body = response.body === null ? null : Buffer.from(await response.arrayBuffer())
  const length = body === null ? {} : { 'content-length': body.length }
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), ...length })
  outgoing.end(body ?? undefined)
}

function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}
