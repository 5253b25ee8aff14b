import type { HttpAnswer, ShadowRequest } from '../fleet/http/read-shadow.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Emit } from '../observe/events/event.ts'
import { openApi } from './openapi.ts'
import { jsonType, newRoutes, type Routes } from './routes.ts'

const descriptionPath = '/openapi.json'

/**
 * The interface of things (fleets 4.1) and its description. All that is not the description is for `answer`, unknown
 * paths and methods too: the specification says in which order a request is refused.
 */
export function shadowRoutes(answer: (request: ShadowRequest) => HttpAnswer, clock: Clock, emit: Emit): Routes {
  const routes = newRoutes('shadow_routes', clock, emit)
  const description = JSON.stringify(openApi)
  routes.use(async (context, next) => {
    const began = clock.now()
    await next()
    const route = context.req.path === descriptionPath ? 'openapi' : 'shadow'
    emit({ event: 'http_answered', route, status: context.res.status, durationMs: clock.now() - began })
  })
  routes.get(descriptionPath, () => new Response(description, { headers: jsonType }))
  routes.all('*', ({ env: { incoming } }) => {
    const { status, headers, body } = answer({
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      authorization: incoming.headers.authorization,
      ifNoneMatch: incoming.headers['if-none-match'],
      now: clock.now(),
    })
    return new Response(body ?? null, { status, headers })
  })
  return routes
}
