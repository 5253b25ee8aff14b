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
    says: 'a transaction failed: the owner of a partition starts over from the last committed state',
    fields: { partition: count('Partition.'), code: text('Kind of failure.'), error: text('What the client said.') },
    moves: (m) => [m.add('bridge_fleet_partition_restarts_total', one, (v) => ({ code: v.code }))],
  }),
  thing_registry_restored: define({
    level: 'info',
    says: 'the registry of things was read to its end',
    fields: { things: count('Things.'), durationMs: count('How long it took.') },
    moves: (m) => [m.set('bridge_things', (v) => v.things)],
  }),
} as const
