import { secretTexts } from '../config/print.ts'
import type { Settings } from '../config/settings.ts'
import { healthRoutes } from '../http/health-routes.ts'
import { HttpServer } from '../http/http-server.ts'
import { installCodecs } from '../kafka/codecs.ts'
import { Registry } from '../kafka/registry.ts'
import { systemClock } from '../kernel/clock.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import { Conditions } from '../observe/conditions.ts'
import { Downscale } from '../observe/downscale.ts'
import { Observer } from '../observe/observer.ts'
import { Watchdog } from '../observe/watchdog.ts'
import { certificateDates } from '../roles/certificate-dates.ts'
import { CommandRole, commandConditions } from '../roles/command-role.ts'
import { CredentialWatch } from '../roles/credential-watch.ts'
import { FleetRole, fleetConditions } from '../roles/fleet-role.ts'
import { HttpRole, httpConditions } from '../roles/http-role.ts'
import { IngestRole, ingestConditions } from '../roles/ingest-role.ts'
import type { Role, RoleDeps } from '../roles/role.ts'
import { watchedLogins } from '../roles/watched-logins.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { RoleName } from './role-option.ts'
import type { RunRoles } from './run.ts'

/** What only the process edge can give. */
export interface ProcessEdge {
  readonly version: string
  /** Version of Node.js. */
  readonly node: string
  /** Calls back for SIGTERM and SIGINT, each time. */
  onSignal(handle: (signal: string) => void): void
  /** Ends the process now. */
  exit(code: number): never
}

interface RoleKind {
  readonly conditions: readonly string[]
  /** Conditions of liveness. */
  readonly progress: readonly string[]
  readonly build: (settings: Settings, registry: Registry, deps: RoleDeps) => Role
}

/** How much longer than it may a drain takes before it is cut. */
const overdueMs = 5000

const kinds: Readonly<Record<RoleName, RoleKind>> = {
  fleet: {
    conditions: fleetConditions,
    progress: ['fleet.progress'],
    build: (settings, registry, deps) => new FleetRole(settings, registry, deps),
  },
  http: {
    conditions: httpConditions,
    progress: [],
    build: (settings, registry, deps) => new HttpRole(settings, registry, deps),
  },
  command: {
    conditions: commandConditions,
    progress: ['command.progress'],
    build: (settings, registry, deps) => new CommandRole(settings, registry, deps),
  },
  ingest: {
    conditions: ingestConditions,
    progress: ['ingest.progress'],
    build: (settings, registry, deps) => new IngestRole(settings, registry, deps),
  },
}

/** `bridge run`: starts the roles, serves their health, and ends them when asked to. */
export function rolesRunner(edge: ProcessEdge): RunRoles {
  return async ({ settings, origins, files }, names) => {
    const needsFleet = names.find((name) => name === 'fleet' || name === 'http')
    if (needsFleet !== undefined && !settings.fleet.enabled) {
      throw new Failure(
        'fatal',
        'fleet_disabled',
        `the role ${needsFleet} needs fleet.enabled: true in the configuration`,
      )
    }
    const clock = systemClock
    const observer = new Observer({
      level: settings.observe.logLevel,
      version: edge.version,
      node: edge.node,
      secrets: secretTexts(settings, origins),
    })
    observer.watchProcess()
    observer.setStanding('bridge_certificate_not_after_timestamp_seconds', () => certificateDates(settings))
    const { emit } = observer
    const began = clock.now()
    emit({
      event: 'process_starting',
      version: edge.version,
      node: edge.node,
      roles: names,
      config: files.join(', ') || 'defaults',
    })

    const conditions = names.flatMap((name) => kinds[name].conditions)
    const health = {
      live: new Conditions(
        names.flatMap((name) => kinds[name].progress),
        true,
        clock,
        () => undefined,
      ),
      started: new Conditions(
        names.map((name) => `${name}.started`),
        false,
        clock,
        () => undefined,
      ),
      ready: new Conditions(conditions, false, clock, (ready, waitingFor) => {
        emit({ event: 'readiness_changed', ready, waitingFor })
      }),
    }
    const watchdog = new Watchdog(settings.worker.stallSeconds * 1000, health.live, emit)
    const downscale = new Downscale(clock, emit, () => roles.flatMap((role) => role.sessions()))
    const deps: RoleDeps = {
      clock,
      emit,
      random: Math.random,
      ready: health.ready,
      started: health.started,
      conservation: observer.conservation,
      setStanding: observer.setStanding,
      downscale,
      watchdog,
      bridgeVersion: edge.version,
    }
    installCodecs()
    const registry = new Registry(settings.registry, clock, emit)
    const roles = names.map((name) => kinds[name].build(settings, registry, deps))
    const { host, port } = settings.observe
    const server = new HttpServer(
      { part: 'health', setting: 'observe', host, port, tls: null },
      healthRoutes(health, observer, downscale, clock, emit),
      emit,
    )
    await server.open()

    const credentials = new CredentialWatch(
      watchedLogins(
        settings,
        { speaksMqtt: names.some((name) => name !== 'http'), servesHttp: names.includes('http') },
        async (server) => {
          for (const role of roles) await role.renew(server)
        },
      ),
      settings.worker.credentialsPollSeconds * 1000,
      emit,
    )
    await credentials.open()
    watchdog.open()
    const stopping = stopRequested(edge, settings, emit)
    const failed = Promise.all(
      roles.map(async (role) => {
        await role.open()
        health.started.say(`${role.name}.started`, true, 'begun')
      }),
    ).then(() => emit({ event: 'process_started', roles: names, durationMs: clock.now() - began }))

    let exitCode: number = exitCodes.ok
    try {
      // A role that can never start ends the process; one that has started runs until somebody asks it to stop.
      await Promise.race([stopping, failed.then(() => stopping)])
    } catch (error) {
      exitCode = exitCodeOf(error)
      const code = error instanceof Failure ? error.code : 'unexpected'
      emit({ event: 'process_failed', code, error: messageOf(error) })
    }
    failed.catch(() => undefined)
    const drainBegan = clock.now()
    watchdog.close()
    credentials.close()
    const graceMs = settings.worker.drainSeconds * 1000
    // Each step of a drain has its own share of the time. This one is for the step that forgot.
    await withDeadline(Promise.all(roles.map((role) => role.drain(graceMs))), graceMs + overdueMs, 'draining').catch(
      (error: unknown) => emit({ event: 'unexpected_error', where: 'drain', error: messageOf(error) }),
    )
    emit({ event: 'process_drained', durationMs: clock.now() - drainBegan })
    await server.close(0)
    emit({ event: 'process_stopped', exitCode })
    // kafkajs keeps sockets and timers of clients that were given up; nothing of ours is left.
    return edge.exit(exitCode)
  }
}

/** Resolves at the first signal. The second one ends the process at once; what is not acknowledged is repeated. */
async function stopRequested(edge: ProcessEdge, settings: Settings, emit: Observer['emit']): Promise<void> {
  await new Promise<void>((resolve) => {
    let asked = 0
    edge.onSignal((signal) => {
      asked += 1
      if (asked > 1) edge.exit(exitCodes.failed)
      emit({ event: 'process_stopping', signal, drainSeconds: settings.worker.drainSeconds })
      resolve()
    })
  })
}
