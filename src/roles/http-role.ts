import type { Settings } from '../config/settings.ts'
import { RateLimit } from '../fleet/http/rate-limit.ts'
import { readShadow } from '../fleet/http/read-shadow.ts'
import { FleetRegistry } from '../fleet/registry.ts'
import { HttpServer } from '../http/http-server.ts'
import { shadowRoutes } from '../http/shadow-routes.ts'
import type { Registry } from '../kafka/registry.ts'
import { Releasers } from '../kernel/releasers.ts'
import { codecOf } from '../records/codec.ts'
import type { ShadowState } from '../records/generated/shadow-state.ts'
import type { RenewedServer, Role, RoleDeps } from './role.ts'
import { apiKeysView, CompactedView, thingsView } from './things-table.ts'

/** Conditions of readiness that this role speaks for. */
export const httpConditions = ['http.view'] as const

/** Share of a drain in which requests are still taken: whoever spreads them is told of a stop when we are, or later. */
const lateRequests = 1 / 5

/** Shadow reads over HTTP, answered from a view of the shadow topic. */
export class HttpRole implements Role {
  readonly name = 'http'
  readonly #settings: Settings
  readonly #registry: Registry
  readonly #deps: RoleDeps
  readonly #stop = new AbortController()
  readonly #releasers = new Releasers()
  #server: HttpServer | null = null
  /** What has connections to Kafka. */
  readonly #kafka: { renew(): Promise<void> }[] = []

  constructor(settings: Settings, registry: Registry, deps: RoleDeps) {
    this.#settings = settings
    this.#registry = registry
    this.#deps = deps
  }

  async open(): Promise<void> {
    const { clock, emit, ready } = this.#deps
    const { http, fleet } = this.#settings
    const { signal } = this.#stop
    const registry = new FleetRegistry(fleet)
    const rates = new RateLimit(http.requestsPerMinute)
    const shadows = new Map<string, ShadowState>()
    const apiKeys = apiKeysView(registry, this.#settings, this.#registry, this.#deps, signal)
    const views = [
      apiKeys,
      thingsView(registry, this.#settings, this.#registry, this.#deps, signal),
      new CompactedView(
        'shadowState',
        codecOf('ShadowState'),
        (thing, shadow) => {
          if (shadow === null) shadows.delete(thing)
          else shadows.set(thing, shadow)
        },
        this.#settings,
        this.#registry,
        this.#deps,
        signal,
      ),
    ]
    for (const view of views) {
      this.#releasers.add('view', () => view.close())
      this.#kafka.push(view)
      view.open()
    }
    let restored = false
    const routes = shadowRoutes(
      (request) =>
        readShadow(request, {
          ready: restored,
          apiKey: (name) => registry.apiKey(name),
          isServed: (thing) => registry.isServed(thing),
          shadow: (thing) => shadows.get(thing) ?? null,
          takeRate: (apiKey, now) => rates.take(apiKey, now),
        }),
      clock,
      emit,
    )
    const { host, port, tls } = http
    const served = tls.certFile === null ? null : { ...tls, secretFile: null }
    const server = new HttpServer({ part: 'api', setting: 'http', host, port, tls: served }, routes, emit)
    // Credentials are looked at first: before the keys are known, all of them would be refused as wrong.
    await apiKeys.restored
    await server.open()
    this.#server = server
    Promise.all(views.map((view) => view.restored)).then(
      () => {
        restored = true
        ready.say('http.view', true, `${shadows.size} shadows`)
      },
      // Only a stop rejects it.
      () => undefined,
    )
  }

  pending(): number {
    return 0
  }

  sessions(): readonly string[] {
    return []
  }

  async renew(server: RenewedServer): Promise<void> {
    if (server === 'kafka') for (const each of this.#kafka) await each.renew()
    if (server === 'http') await this.#server?.renew()
  }

  async drain(graceMs: number): Promise<void> {
    const { emit, ready } = this.#deps
    if (this.#server !== null) {
      ready.say('http.view', false, 'stopping')
      emit({ event: 'drain_step', step: 'http: still taking requests of those who have not heard of it', pending: 0 })
      await new Promise((resolve) => setTimeout(resolve, graceMs * lateRequests))
      await this.#server.close(graceMs / 2)
    }
    this.#stop.abort()
    await this.#releasers.releaseAll()
  }
}
