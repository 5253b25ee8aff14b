import type { Clock } from '../kernel/clock.ts'
import type { Condition, Conditions } from '../observe/conditions.ts'
import type { Downscale } from '../observe/downscale.ts'
import type { Emit } from '../observe/events/event.ts'
import { jsonType, newRoutes, type Routes } from './routes.ts'

export interface Health {
  /** Does the process make progress? Never asks a broker: one outage must not become a restart storm. */
  readonly live: Conditions
  /** Was everything reached once? */
  readonly started: Conditions
  readonly ready: Conditions
}

export interface Scrape {
  readonly contentType: string
  metricsText(): Promise<string>
}

const fresh = { 'cache-control': 'no-store' }
const readOnly = 'GET, HEAD'

/** /livez, /readyz, /startupz, /metrics and /prepare-downscale. */
export function healthRoutes(health: Health, scrape: Scrape, downscale: Downscale, clock: Clock, emit: Emit): Routes {
  const routes = newRoutes('health_routes', clock, emit)
  const allowed = new Map<string, string>()
  for (const [path, conditions] of [
    ['/livez', health.live],
    ['/readyz', health.ready],
    ['/startupz', health.started],
  ] as const) {
    routes.get(path, () => {
      const { holds } = conditions
      return json({ status: holds ? 'ok' : 'not ok', conditions: conditions.all().map(shown) }, holds ? 200 : 503)
    })
    allowed.set(path, readOnly)
  }
  routes.get('/metrics', async () => {
    const headers = { 'content-type': scrape.contentType, ...fresh }
    return new Response(await scrape.metricsText(), { headers })
  })
  allowed.set('/metrics', readOnly)

  // POST: this worker goes for good. DELETE: it stays. GET: how it stands.
  routes.get('/prepare-downscale', () => json(downscale.state(), 200))
  routes.post('/prepare-downscale', () => {
    downscale.prepare()
    return json(downscale.state(), 200)
  })
  routes.delete('/prepare-downscale', () => {
    downscale.cancel()
    return json(downscale.state(), 200)
  })
  allowed.set('/prepare-downscale', `${readOnly}, POST, DELETE`)

  for (const [path, allow] of allowed) {
    routes.all(path, () => new Response(null, { status: 405, headers: { allow } }))
  }
  routes.notFound(() => json({ status: 'no such path', paths: [...allowed.keys()] }, 404))
  return routes
}

function json(value: object, status: number): Response {
  return new Response(`${JSON.stringify(value)}\n`, { status, headers: { ...jsonType, ...fresh } })
}

function shown(condition: Condition): object {
  return { ...condition, since: new Date(condition.since).toISOString() }
}
