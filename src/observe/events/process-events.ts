import { count, define, flag, one, text, texts } from './define-event.ts'

export const processEvents = {
  process_starting: define({
    level: 'info',
    says: 'the bridge starts',
    fields: {
      version: text('Version of the bridge.'),
      node: text('Version of Node.js.'),
      roles: texts('Roles to run.'),
      config: text('Where the configuration came from.'),
    },
    moves: () => [],
  }),
  process_started: define({
    level: 'info',
    says: 'the bridge has started',
    fields: { roles: texts('Roles that run.'), durationMs: count('How long the start took.') },
    moves: () => [],
  }),
  process_stopping: define({
    level: 'info',
    says: 'asked to stop: finishing what is in flight; a second signal stops at once',
    fields: { signal: text('What asked.'), drainSeconds: count('How long it may take.') },
    moves: (m) => [m.set('bridge_process_stopping', one)],
  }),
  drain_step: define({
    level: 'info',
    says: 'stopping',
    fields: { step: text('What is done now.'), pending: count('What is still in flight.') },
    moves: () => [],
  }),
  process_drained: define({
    level: 'info',
    says: 'everything in flight is finished',
    fields: { durationMs: count('How long it took.') },
    moves: (m) => [m.set('bridge_process_drain_duration_seconds', (v) => v.durationMs / 1000)],
  }),
  drain_cut: define({
    level: 'warn',
    says: 'the time to stop is over: what is left is cut, the other side will repeat it',
    fields: { held: texts('What did not finish.'), pending: count('What is still in flight.') },
    moves: () => [],
  }),
  process_stopped: define({
    level: 'info',
    says: 'the bridge has stopped',
    fields: { exitCode: count('Exit code.') },
    moves: () => [],
  }),
  process_failed: define({
    level: 'fatal',
    says: 'the bridge cannot go on',
    fields: { code: text('Kind of failure.'), error: text('What happened and what to do.') },
    moves: () => [],
  }),
  readiness_changed: define({
    level: 'info',
    says: 'readiness changed',
    fields: { ready: flag('All conditions hold.'), waitingFor: texts('Conditions that do not hold.') },
    moves: (m) => [m.set('bridge_ready', (v) => (v.ready ? 1 : 0))],
  }),
  watchdog_stalled: define({
    level: 'error',
    says: 'work is pending and nothing finishes',
    fields: {
      part: text('Part of the bridge.'),
      forMs: count('For how long.'),
      pending: count('How much is pending.'),
      what: texts('What exactly: connection or partition, epoch, counts, ages.'),
    },
    moves: (m) => [m.add('bridge_watchdog_stalls_total', one, (v) => ({ part: v.part }))],
  }),
  watchdog_recovered: define({
    level: 'info',
    says: 'work finishes again',
    fields: { part: text('Part of the bridge.'), afterMs: count('How long it did not.') },
    moves: () => [],
  }),
  http_listening: define({
    level: 'info',
    says: 'listening',
    fields: { part: text('What is served.'), host: text('Address.'), port: count('Port.') },
    moves: () => [],
  }),
  http_answered: define({
    level: null,
    says: 'an HTTP request was answered',
    fields: { route: text('Route.'), status: count('Status code.'), durationMs: count('How long it took.') },
    moves: (m) => [
      m.add('bridge_http_requests_total', one, (v) => ({ route: v.route, status: `${Math.trunc(v.status / 100)}xx` })),
      m.observe(
        'bridge_http_request_duration_seconds',
        (v) => v.durationMs / 1000,
        (v) => ({ route: v.route }),
      ),
    ],
  }),
} as const
