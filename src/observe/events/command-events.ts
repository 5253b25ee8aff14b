import { count, define, one, tally, text } from './define-event.ts'

export const commandEvents = {
  commands_read: define({
    level: null,
    says: 'a run of command requests was read',
    fields: {
      requests: count('Requests, readable or not.'),
      unknownOps: count('Accepted requests whose op is not in the catalogue.'),
    },
    moves: (m) => [
      m.add('bridge_command_requests_total', (v) => v.requests),
      m.add('bridge_command_unknown_ops_total', (v) => v.unknownOps),
    ],
  }),
  command_statuses_stored: define({
    level: null,
    says: 'a run of command statuses was stored',
    fields: { statuses: tally('Statuses by name.') },
    moves: (m) => [m.addEach('bridge_command_statuses_total', 'status', (v) => v.statuses)],
  }),
  commands_measured: define({
    level: null,
    says: 'how the command worker stands',
    fields: {
      lagSeconds: count('Age of the oldest request that is not finished with.'),
      lagRecords: count('Requests on Kafka that are not finished with, read or not.'),
      waiting: count('Commands that wait for their device.'),
      known: count('Commands that are remembered.'),
    },
    moves: (m) => [
      m.set('bridge_command_lag_seconds', (v) => v.lagSeconds),
      m.set('bridge_command_lag_records', (v) => v.lagRecords),
      m.set('bridge_commands_waiting', (v) => v.waiting),
      m.set('bridge_commands_known', (v) => v.known),
    ],
  }),
  commands_restored: define({
    level: 'info',
    says: 'the known commands were read back',
    fields: {
      partitions: count('Partitions.'),
      known: count('Commands that are remembered.'),
      waiting: count('Commands that wait for their device.'),
      durationMs: count('How long it took.'),
    },
    moves: (m) => [m.set('bridge_commands_known', (v) => v.known), m.set('bridge_commands_waiting', (v) => v.waiting)],
  }),
  command_misplaced: define({
    level: 'warn',
    says: 'a command lies on another partition than its serial belongs on, so no answer of the device will be seen; its producer needs the partitioner murmur2',
    fields: { partition: count('Partition.'), offset: text('Offset.') },
    moves: (m) => [m.add('bridge_commands_misplaced_total', one)],
    repeats: { subject: (v) => String(v.partition), state: () => '' },
  }),
  command_unreadable: define({
    level: 'warn',
    says: 'a command record cannot be read; it became a dead letter',
    fields: {
      partition: count('Partition.'),
      offset: text('Offset.'),
      error: text('What is wrong, without any value.'),
    },
    moves: () => [],
  }),
} as const
