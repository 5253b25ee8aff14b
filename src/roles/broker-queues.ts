import type { Settings } from '../config/settings.ts'
import { QueueWatch, type WatchedQueues } from '../emqx/queue-watch.ts'
import type { Releasers } from '../kernel/releasers.ts'
import type { Readings, StandingGauge } from '../observe/standing-gauges.ts'
import { clientIdBase } from './mqtt-connections.ts'
import type { RoleDeps } from './role.ts'

type NumberOf = (queues: WatchedQueues) => number | null

const gauges: readonly (readonly [name: StandingGauge, of: NumberOf])[] = [
  ['bridge_broker_queue_messages', ({ numbers }) => numbers.queued],
  ['bridge_broker_queue_limit_messages', ({ numbers }) => numbers.queueLimit],
  ['bridge_broker_queue_used_ratio', ({ numbers }) => numbers.queueUsed],
  ['bridge_broker_queue_dropped_messages', ({ numbers }) => numbers.dropped],
  ['bridge_broker_inflight_used_ratio', ({ numbers }) => numbers.inFlightUsed],
  ['bridge_broker_until_drop_seconds', ({ forecast }) => forecast?.untilDropSeconds ?? null],
  ['bridge_broker_outage_budget_seconds', ({ forecast }) => forecast?.outageSeconds ?? null],
]

/** Watches the queues that EMQX keeps for the sessions of all ingest workers, when `emqx.rest` says where to ask. */
export function watchBrokerQueues(settings: Settings, deps: RoleDeps, releasers: Releasers): void {
  const { url, apiKey, secret, secretFile, pollSeconds, timeoutMs, tls } = settings.emqx.rest
  if (url === null || apiKey === null) return
  const watch = new QueueWatch(
    {
      url,
      apiKey,
      secret,
      secretFile,
      timeoutMs,
      tls,
      pollMs: pollSeconds * 1000,
      clientIdBase: clientIdBase(settings),
    },
    deps.clock,
    deps.emit,
  )
  for (const [name, of] of gauges) deps.setStanding(name, () => bySessions(watch, of))
  deps.setStanding('bridge_broker_sessions', () => byState(watch))
  releasers.add('broker queues', () => watch.close())
  watch.open()
}

function* bySessions(watch: QueueWatch, of: NumberOf): Readings {
  for (const queues of watch.read()) {
    const value = of(queues)
    if (value !== null) yield [{ sessions: queues.sessions }, value]
  }
}

function* byState(watch: QueueWatch): Readings {
  for (const { sessions, numbers } of watch.read()) {
    yield [{ sessions, state: 'connected' }, numbers.connected]
    yield [{ sessions, state: 'away' }, numbers.away]
  }
}
