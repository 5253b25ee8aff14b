import { count, define, one, text } from './define-event.ts'

export const registryEvents = {
  registry_ready: define({
    level: 'info',
    says: 'the schemas are known to the registry',
    fields: { subjects: count('Subjects looked up or registered.') },
    moves: (m) => [m.set('bridge_registry_available', one)],
    clears: { event: 'registry_failed', subject: () => '' },
  }),
  registry_lookup: define({
    level: null,
    says: 'a schema was looked up',
    fields: {
      result: text('found, registered, missing, incompatible or failed.'),
      durationMs: count('How long it took.'),
    },
    moves: (m) => [
      m.add('bridge_registry_lookups_total', one, (v) => ({ result: v.result })),
      m.observe('bridge_registry_lookup_duration_seconds', (v) => v.durationMs / 1000),
    ],
  }),
  registry_failed: define({
    level: 'warn',
    says: 'the schema registry does not answer; schemas that are known stay in use',
    fields: { code: text('Kind of failure.'), error: text('What the client said.') },
    moves: (m) => [m.set('bridge_registry_available', () => 0)],
    repeats: { subject: () => '', state: (v) => v.code },
  }),
  registry_recovered: define({
    level: 'info',
    says: 'the schema registry answers again',
    fields: { afterMs: count('How long it did not.') },
    moves: (m) => [m.set('bridge_registry_available', one)],
    clears: { event: 'registry_failed', subject: () => '' },
  }),
  registry_schema_refused: define({
    level: 'error',
    says: 'the schema registry does not have, or does not take, a schema; see: bridge schemas check',
    fields: { subject: text('Subject.'), result: text('missing or incompatible.') },
    moves: () => [],
  }),
} as const
