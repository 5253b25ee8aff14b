import { count, define, one, text } from './define-event.ts'

export const deviceEvents = {
  device_table_restored: define({
    level: 'info',
    says: 'the device topic was read to its end',
    fields: { devices: count('Devices it knows.'), durationMs: count('How long it took.') },
    moves: (m) => [m.set('bridge_devices', (v) => v.devices)],
  }),
  device_table_changed: define({
    level: null,
    says: 'records of the device topic changed entries',
    fields: { changes: count('Entries changed or removed.'), devices: count('Devices it knows now.') },
    moves: (m) => [m.add('bridge_device_changes_total', (v) => v.changes), m.set('bridge_devices', (v) => v.devices)],
  }),
  device_record_unreadable: define({
    level: 'warn',
    says: 'a record of the device topic cannot be read; the former entry stays',
    fields: {
      partition: count('Partition.'),
      offset: text('Offset.'),
      error: text('What is wrong, without any value.'),
    },
    moves: (m) => [m.add('bridge_device_records_unreadable_total', one)],
  }),
} as const
