import { count, define, one, text } from './define-event.ts'

export const fleetEvents = {
  fleet_restored: define({
    level: 'debug',
    says: 'the state of a partition of things and jobs was read back',
    fields: {
      partition: count('Partition.'),
      records: count('State records.'),
      durationMs: count('How long it took.'),
    },
    moves: (m) => [m.add('bridge_fleet_restored_records_total', (v) => v.records)],
  }),
  fleet_partition_restarted: define({
    level: 'warn',
    says: 'a transaction or the local store failed: the owner of a partition starts over from the last committed state',
    fields: { partition: count('Partition.'), code: text('Kind of failure.'), error: text('What the client said.') },
    moves: (m) => [m.add('bridge_fleet_partition_restarts_total', one, (v) => ({ code: v.code }))],
  }),
  fleet_measured: define({
    level: null,
    says: 'how the owner of things and jobs stands',
    fields: {
      things: count('Things that are registered.'),
      unrestored: count('State records, at most, that are still to be read back before inputs are taken.'),
      commandsOpen: count('Commands that wait for an answer.'),
      executionsQueued: count('Job executions that no thing has started.'),
      executionsInProgress: count('Job executions that a thing has started.'),
      jobsInProgress: count('Jobs that are IN_PROGRESS.'),
      jobsCompleted: count('Jobs that are COMPLETED and not deleted.'),
      jobsCanceled: count('Jobs that are CANCELED and not deleted.'),
      timerLagMs: count('How late the timer is that should have fired first.'),
    },
    moves: (m) => [
      m.set('bridge_things', (v) => v.things),
      m.set('bridge_fleet_unrestored_records', (v) => v.unrestored),
      m.set('bridge_fleet_commands_open', (v) => v.commandsOpen),
      m.set(
        'bridge_fleet_executions_open',
        (v) => v.executionsQueued,
        () => ({ status: 'QUEUED' }),
      ),
      m.set(
        'bridge_fleet_executions_open',
        (v) => v.executionsInProgress,
        () => ({ status: 'IN_PROGRESS' }),
      ),
      m.set(
        'bridge_fleet_jobs',
        (v) => v.jobsInProgress,
        () => ({ status: 'IN_PROGRESS' }),
      ),
      m.set(
        'bridge_fleet_jobs',
        (v) => v.jobsCompleted,
        () => ({ status: 'COMPLETED' }),
      ),
      m.set(
        'bridge_fleet_jobs',
        (v) => v.jobsCanceled,
        () => ({ status: 'CANCELED' }),
      ),
      m.set('bridge_fleet_timer_lag_seconds', (v) => v.timerLagMs / 1000),
    ],
  }),
} as const
